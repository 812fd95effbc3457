import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTraining
import Testing

/// Where outputs of commands go, and what is left when a command is ended.
@Suite(
  "kdc's outputs", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct OutputTests {
  /// A folder with m.onnx, y = max(x) over x [3,4,5] without a batch, and in.npz, one sample of it.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let graph = Graph(
      name: "g", opset: 13, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [3, 4, 5]))], outputs: ["y"],
      nodes: [
        Node(
          name: "max", opType: "ReduceMax", opset: 13, inputs: ["x"], outputs: ["y"],
          attributes: ["axes": .ints([0, 1, 2]), "keepdims": .int(1)])
      ])
    var typed = graph
    typed.types = ["x": TensorType(.float32, [3, 4, 5]), "y": TensorType(.float32, [1, 1, 1])]
    try ONNXExporter.export(typed).write(to: folder.appendingPathComponent("m.onnx"))
    let values = (0..<60).map { Float($0) }
    try NumpyFile.write([("x", Tensor([3, 4, 5], values))], to: folder.path + "/in.npz")
    try NumpyFile.write([("x", Tensor([2, 3, 4, 5], values + values))], to: folder.path + "/two.npz")
    try body(folder)
  }

  /// A command with its streams and environment as a shell gives them.
  private func shell(_ command: String, in folder: URL, environment: [String: String] = [:]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["KDC": try #require(CommandLineTool.path)]) { $1 }.merging(environment) { $1 }
    try process.run()
    return process
  }

  private func status(_ command: String, in folder: URL) throws -> Int32 {
    let process = try shell(command, in: folder)
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test("What a command reads is not written over, whatever its name")
  func inputs() throws {
    try withFolder { folder in
      try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.onnx", withDestinationPath: "m.onnx")
      let before = try ["m.onnx", "in.npz"].map { try Files.read(folder.path + "/" + $0) }
      let commands = [
        ["compile", "m.onnx", "--target", "host", "-o", "./m.onnx"],
        ["compile", "m.onnx", "--target", "host", "-o", "link.onnx"],
        ["compile", "m.onnx", "--target", "host", "-o", "m.kdb", "--json", "m.onnx"],
        ["run", "m.onnx", "--input", "in.npz", "-o", "in.npz"],
        ["evaluate", "m.onnx", "--data", "in.npz", "--json", "in.npz"],
        ["train", "m.onnx", "--data", "in.npz", "-o", "m.onnx"],
        ["explain", "link.onnx", "--target", "host", "--json", "m.onnx"],
        ["inspect", "m.onnx", "--json", "link.onnx"],
        ["rise", "m.onnx", "--data", "in.npz", "-o", "in.npz"],
      ]
      for command in commands {
        let outcome = try CommandLineTool.run(command, in: folder)
        #expect(outcome.status == 1 && outcome.errors.contains("\(DiagnosticID.outputIsInput)"), "\(command)")
      }
      let twice = try CommandLineTool.run(
        ["compile", "m.onnx", "--target", "host", "-o", "m.kdb", "--json", "m.kdb"], in: folder)
      #expect(twice.status == 1 && twice.errors.contains("\(DiagnosticID.outputsCollide)"))
      #expect(try ["m.onnx", "in.npz"].map { try Files.read(folder.path + "/" + $0) } == before)
    }
  }

  @Test("Outputs go into a pipe and to standard output; one that cannot be written is a fault")
  func streams() throws {
    try withFolder { folder in
      let run = "$KDC run m.onnx --input in.npz --quiet -o"
      #expect(try status("mkfifo p && (cat p > a &) && \(run) p && sleep 0.2 && test -p p", in: folder) == 0)
      #expect(try status("\(run) - > b && \(run) /dev/stdout > c && \(run) d.npz", in: folder) == 0)
      let files = try ["a", "b", "c", "d.npz"].map { try Files.read(folder.path + "/" + $0) }
      #expect(files.allSatisfy { $0 == files[3] && $0.starts(with: [0x50, 0x4B]) })
      for command in ["\(run) -", "$KDC inspect m.onnx --json -", "$KDC inspect m.onnx", "$KDC --help"] {
        #expect(try status("\(command) 2> errors > /dev/full", in: folder) == 1, "\(command)")
        let errors = String(decoding: try Files.read(folder.path + "/errors"), as: UTF8.self)
        #expect(errors.contains("\(DiagnosticID.outputNotWritable)"))
        #expect(try status("\(command) 2> errors >&-", in: folder) == 1, "\(command)")
      }
      // A reader that has gone ends it without a word.
      #expect(
        try status("($KDC inspect m.onnx 2> errors; echo $? > code) | true; grep -qE '^(141|0)$' code", in: folder) == 0
      )
      #expect(try Files.read(folder.path + "/errors").isEmpty)
    }
  }

  @Test("One sample of a model without a batch gives outputs in the model's own shape, several a row each")
  func shapes() throws {
    try withFolder { folder in
      for (input, shape) in [("in", Shape([1, 1, 1])), ("two", [2, 1, 1, 1])] {
        let outcome = try CommandLineTool.run(
          ["run", "m.onnx", "--input", input + ".npz", "-o", "out.npz", "--quiet"], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let output = try #require(try NumpyFile.read(folder.path + "/out.npz").first)
        #expect(output.key == "y" && output.tensor.shape == shape && output.tensor.floats?.first == 59)
      }
      let other = try CommandLineTool.run(["run", "m.onnx", "--input", "in.npz", "-o", "out.csv"], in: folder)
      #expect(other.status == 2)
    }
  }

  @Test("A signal ends a compile with its number, and nothing temporary stays", arguments: [SIGTERM, SIGINT, SIGHUP])
  func signals(_ signal: Int32) throws {
    try withFolder { folder in
      let temporary = folder.appendingPathComponent("tmp")
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
      func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: temporary.path) }
      let process = try shell(
        "exec $KDC compile '\(CompileTests.pair.path)/student.onnx' --target host -o model.kdb --quiet", in: folder,
        environment: ["TMPDIR": temporary.path])
      while process.isRunning, try contents().isEmpty { Thread.sleep(forTimeInterval: 0.001) }
      let wasRunning = process.isRunning
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      // A machine that is faster than this loop just finishes.
      if wasRunning { #expect(process.terminationStatus == 128 + signal && process.terminationReason == .exit) }
      #expect(try contents().isEmpty)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".partial") }
      #expect(left.isEmpty)
    }
  }

  @Test("A limit on memory that is too low is an error, not an endless wait", .timeLimit(.minutes(15)))
  func memoryLimit() throws {
    try withFolder { folder in
      #expect(
        try status("ulimit -v 400000; $KDC run m.onnx --input in.npz --threads 8 -o o.npz > o 2>&1", in: folder) == 1)
      let text = String(decoding: try Files.read(folder.path + "/o"), as: UTF8.self)
      #expect(text.contains("\(DiagnosticID.systemLimit)"), "\(text)")
    }
  }

  @Test("A recipe's steps write into its folder alone, and choose no programs")
  func recipes() throws {
    try withFolder { folder in
      let model = "family: mlp\ninput: {name: x, shape: [4]}\nwidths: [4]\noutputs: {y: 2}\n"
      for (output, isFine) in [("a.onnx", true), ("../a.onnx", false), ("\(folder.path)/b.onnx", false)] {
        let recipe = "name: r\nsource: s\nclaim: c\nsteps:\n  - run: new ${recipe}/m.yaml -o \(output)\n"
        try Files.write(Array(model.utf8), to: folder.path + "/m.yaml")
        try Files.write(Array(recipe.utf8), to: folder.path + "/recipe.yaml")
        let outcome = try CommandLineTool.run(["recipe", ".", "-o", "out", "--quiet"], in: folder)
        #expect(outcome.status == (isFine ? 0 : 1), "\(output): \(outcome.errors)")
        #expect(outcome.errors.contains("\(DiagnosticID.outputOutsideFolder)") == !isFine)
      }
      for text in [
        "name: ../r\nsource: s\nclaim: c\nsteps:\n  - run: faces -o a.npz --samples 1\n",
        "name: r\nsource: s\nclaim: c\nsteps:\n  - run: compile m.onnx --target host -o a.kdb --toolchain /tmp\n",
      ] {
        try Files.write(Array(text.utf8), to: folder.path + "/recipe.yaml")
        #expect(try CommandLineTool.run(["recipe", ".", "--quiet"], in: folder).status == 1)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/b.onnx"))
    }
  }
}
