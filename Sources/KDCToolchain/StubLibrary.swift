import KDCTargets

/// A shared library of names and versions only: linking with it makes a bundle ask for symbols that glibc 2.17 and
/// every later one have, whatever C library the build machine has, or none.
struct StubLibrary {
  let soname: String
  /// Symbol version → names, oldest version first.
  let symbols: [(version: String, names: [String])]

  /// What the runtime declares in platform.h, and what compilers call on their own (memcpy, memset, memmove, memcmp).
  static func all(for architecture: Target.Architecture) -> [StubLibrary] {
    let base = [
      "__errno_location", "_exit", "close", "free", "fsync", "lseek", "malloc", "memcmp", "memcpy", "memmove", "memset",
      "open", "read", "readlink", "rename", "strlen", "syscall", "unlink", "write",
    ]
    let threads = [
      "pthread_create", "pthread_join", "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_setcancelstate",
    ]
    let conditions = ["pthread_cond_broadcast", "pthread_cond_signal", "pthread_cond_wait"]
    switch architecture {
    case .aarch64:
      return [
        StubLibrary(soname: "libc.so.6", symbols: [("GLIBC_2.17", base + ["clock_gettime", "getauxval", "linkat"])]),
        StubLibrary(soname: "libpthread.so.0", symbols: [("GLIBC_2.17", threads + conditions)]),
      ]
    case .x86_64:
      return [
        StubLibrary(
          soname: "libc.so.6",
          symbols: [
            ("GLIBC_2.2.5", base), ("GLIBC_2.4", ["linkat"]), ("GLIBC_2.16", ["getauxval"]),
            ("GLIBC_2.17", ["clock_gettime"]),
          ]),
        StubLibrary(soname: "libpthread.so.0", symbols: [("GLIBC_2.2.5", threads), ("GLIBC_2.3.2", conditions)]),
      ]
    }
  }

  /// C that defines every name; the addresses do not matter.
  var source: String { symbols.flatMap(\.names).map { "void \($0)(void) {}\n" }.joined() }

  /// The linker's version script.
  var versionScript: String {
    symbols.map { version, names in
      "\(version) { global: \(names.map { $0 + ";" }.joined(separator: " ")) };\n"
    }.joined()
  }
}
