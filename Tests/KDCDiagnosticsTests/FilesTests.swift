import Foundation
import KDCDiagnostics
import KDCToolchain
import Testing

@Suite("Output files")
struct FilesTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try body(folder.path)
  }

  private func text(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }

  @Test("A link stays, and the file behind it is replaced, or made where it is not there yet")
  func links() throws {
    try withFolder { folder in
      try Files.write(Array("old".utf8), to: folder + "/file")
      for (link, target) in [("a", "file"), ("b", "a"), ("c", folder + "/file"), ("d", "new")] {
        try FileManager.default.createSymbolicLink(atPath: folder + "/" + link, withDestinationPath: target)
      }
      for link in ["a", "b", "c", "d"] {
        try Files.write(Array(link.utf8), to: folder + "/" + link)
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + link)) != nil, "\(link)")
        #expect(try text(folder + (link == "d" ? "/new" : "/file")) == link)
      }
      // Nothing is left beside them.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["a", "b", "c", "d", "file", "new"])
    }
  }

  @Test("Pipes and devices are written to and stay what they are")
  func special() throws {
    try withFolder { folder in
      let pipe = folder + "/pipe"
      try #require(mkfifo(pipe, 0o600) == 0)
      // Open for both: writing does not wait for a reader.
      let reader = open(pipe, O_RDWR)
      defer { close(reader) }
      try Files.checkWritable(pipe)
      try Files.write([[1, 2], [3]], to: pipe)
      var bytes = [UInt8](repeating: 0, count: 8)
      #expect(read(reader, &bytes, bytes.count) == 3)
      #expect(bytes.prefix(3) == [1, 2, 3])
      var status = stat()
      #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)

      try Files.checkWritable("/dev/null")
      try Files.write([1], to: "/dev/null")
      #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
      #expect(throws: Diagnostic.self) { try Files.write([1], to: "/dev/full") }
    }
  }

  @Test("A file that is open already is written at its end of what was written, not anew")
  func descriptors() throws {
    try withFolder { folder in
      let file = open(folder + "/file", O_RDWR | O_CREAT, 0o600)
      defer { close(file) }
      try Files.write([1, 2], to: "/dev/fd/\(file)")
      try Files.write([3], to: "/proc/self/fd/\(file)")
      #expect(try Files.read(folder + "/file") == [1, 2, 3])
    }
  }

  @Test("A pipe is refused as an input, not waited for", .timeLimit(.minutes(15)))
  func inputs() throws {
    try withFolder { folder in
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      for path in [folder + "/pipe", "/dev/zero", folder] {
        let error = #expect(throws: Diagnostic.self) { try Files.read(path) }
        #expect(error?.id == .fileNotFound)
      }
    }
  }

  @Test("Folders, and files in folders that are not there, cannot be written")
  func unwritable() throws {
    try withFolder { folder in
      for path in [folder, folder + "/", folder + "/none/file", folder + "/.", ""] {
        let error = #expect(throws: Diagnostic.self) { try Files.write([1], to: path) }
        #expect(error?.id == .outputNotWritable, "\(path)")
        #expect(throws: Diagnostic.self) { try Files.checkWritable(path) }
      }
      try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: "loop")
      #expect(throws: Diagnostic.self) { try Files.write([1], to: folder + "/loop") }
    }
  }
}

@Suite("Outputs and inputs of one command")
struct FileUseTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write([1], to: folder.path + "/model")
    link(folder.path + "/model", folder.path + "/hard")
    symlink("model", folder.path + "/soft")
    symlink("new", folder.path + "/dangling")
    try body(folder.path)
  }

  private func faults(_ outputs: [String], inputs: [String]) -> [DiagnosticID] {
    var files = FileUse()
    for input in inputs { files.read("the model", input) }
    for (index, output) in outputs.enumerated() { files.write("-\(index)", output) }
    do throws(DiagnosticList) { try files.check() } catch { return error.all.map(\.id) }
    return []
  }

  @Test("An output that is an input is refused under every name")
  func overwriting() throws {
    try withFolder { folder in
      let name = folder.split(separator: "/").last ?? ""
      for output in ["/model", "/hard", "/soft", "/./model", "/../\(name)/model"] {
        #expect(faults([folder + output], inputs: [folder + "/model"]) == [.outputIsInput], "\(output)")
        #expect(faults([folder + output], inputs: [folder + "/soft"]) == [.outputIsInput], "\(output)")
      }
      #expect(faults([folder + "/other", "/dev/null"], inputs: [folder + "/model", "/dev/null"]).isEmpty)
      #expect(faults([folder + "/model"], inputs: [folder + "/none"]).isEmpty)
      let kept = try Files.read(folder + "/model")
      #expect(kept == [1])
    }
  }

  @Test("Two outputs are two files")
  func colliding() throws {
    try withFolder { folder in
      for pair in [
        ("/new", "/new"), ("/new", "/./new"), ("/new", "/dangling"), ("/model", "/hard"), ("/soft", "/hard"),
      ] {
        #expect(faults([folder + pair.0, folder + pair.1], inputs: []) == [.outputsCollide], "\(pair)")
      }
      #expect(faults(["-", "/dev/fd/1"], inputs: []) == [.outputsCollide])
      #expect(faults(["/dev/null", "/dev/null", folder + "/a", folder + "/b"], inputs: []).isEmpty)
    }
  }

  @Test("Outputs that are confined to a folder lie in it, whatever links say")
  func confined() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
      symlink("../model", folder + "/in/out")
      FileUse.$confinement.withValue(folder + "/in") {
        #expect(faults([folder + "/in/a"], inputs: []).isEmpty)
        for output in ["/in/../a", "/in/out", "/a", "/model"] {
          #expect(faults([folder + output], inputs: []) == [.outputOutsideFolder], "\(output)")
        }
        #expect(faults(["/dev/null"], inputs: []) == [.outputOutsideFolder])
      }
    }
  }
}
