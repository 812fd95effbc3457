import Glibc
import Synchronization

/// Temporary files and folders, and processes at work, which a signal must not leave behind.
///
/// A signal ends a process wherever it stands, so what has to go is known in one place for all threads.
package enum Leftovers {
  package enum Kind: Hashable, Sendable {
    case file(String)
    case folder(String)
    case process(pid_t)
  }

  private static let held = Mutex<Set<Kind>>([])

  /// Runs `make`, which makes what it returns; no signal's clean-up comes between the making and the knowing.
  package static func hold(_ make: () -> Kind?) {
    held.withLock { held in
      if let made = make() { held.insert(made) }
    }
  }

  /// The descriptor of a new file in `folder` that has no name and goes with the descriptor; −1 and errno where it cannot be
  /// made. No signal comes between the making and the taking away of its name.
  package static func namelessFile(in folder: String, prefix: String) -> Int32 {
    held.withLock { _ in
      var path = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
      let descriptor = mkstemp(&path)
      guard descriptor >= 0 else { return -1 }
      unlink(path)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      return descriptor
    }
  }

  /// The file or folder is in its place, or gone.
  package static func release(_ path: String) {
    held.withLock { held in
      held.remove(.file(path))
      held.remove(.folder(path))
    }
  }

  /// Runs `reap`, which takes a child process's status, so that its number is never used for another process while it is
  /// known here.
  package static func release(_ process: pid_t, reap: () -> Void) {
    held.withLock { held in
      reap()
      held.remove(.process(process))
    }
  }

  /// Ends child processes, removes files and folders, and ends this process with `status`.
  package static func clearAndExit(_ status: Int32) -> Never {
    held.withLock { held in
      var processes: [pid_t] = []
      for case .process(let process) in held { processes.append(process) }
      for process in processes { kill(process, SIGKILL) }
      // What they were writing appears no more once they are gone.
      for process in processes { while waitpid(process, nil, 0) < 0 && errno == EINTR {} }
      for case .file(let path) in held { unlink(path) }
      for case .folder(let path) in held { removeTree(path) }
      _exit(status)
    }
    _exit(status)
  }

  /// Removes a folder and all in it; links are removed, not followed.
  private static func removeTree(_ path: String) {
    if let stream = opendir(path) {
      var names: [String] = []
      while let entry = readdir(stream) {
        names.append(
          withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
      }
      closedir(stream)
      for name in names where name != "." && name != ".." {
        let inner = path + "/" + name
        var status = stat()
        if lstat(inner, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { removeTree(inner) } else { unlink(inner) }
      }
    }
    rmdir(path)
  }
}
