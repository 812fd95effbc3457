import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCToolchain
import KDCTraining
import Testing

/// `kdc compile`, `run` and `evaluate` from the outside, on the quickstart pair.
@Suite(
  "kdc compile", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct CompileTests {
  static let pair = SourceTree.root.appendingPathComponent("bundles/quickstart")

  /// A new folder with the first samples of the pair's data.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, count) in [("calib", 24), ("eval", 40)] {
      let arrays = try NumpyFile.read(Self.pair.appendingPathComponent(name + ".npz").path).map { key, tensor in
        let dims = [count] + tensor.shape.dims.dropFirst()
        return (key: key, tensor: tensor.slice(0..<dims.reduce(1, *), as: Shape(dims)))
      }
      try NumpyFile.write(arrays, to: folder.appendingPathComponent(name + ".npz").path)
    }
    try body(folder)
  }

  /// Changes a byte of machine code.
  private func damage(_ file: URL, as copy: URL) throws {
    var bytes = [UInt8](try Data(contentsOf: file))
    let code = try #require(try ElfFile(bytes).sections.first { $0.name == ".text" })
    bytes[code.offset + code.size / 2] ^= 4
    try Data(bytes).write(to: copy)
  }

  private func student(_ name: String = "student") -> String { Self.pair.appendingPathComponent(name + ".onnx").path }

  @Test("A pair becomes bundles for both architectures, measured against the teacher")
  func pairs() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--teacher", student("teacher"), "--data", "calib.npz", "--eval", "eval.npz",
          "--target", "pi4b", "--target", "host", "-o", "model.kdb", "--json", "-",
        ], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let stages = try #require(report["stages"] as? [[String: Any]])
      #expect(stages.compactMap { $0["name"] as? String } == ["teacher", "student", "int8"])
      let int8 = try #require((stages[2]["metrics"] as? [[String: Any]])?.first)
      #expect(try #require(int8["score"] as? Double) > 0.8)
      #expect(try #require(int8["agreement"] as? Double) > 0.8)
      #expect((int8["kl"] as? [Double])?.count == 3)
      #expect((report["bundles"] as? [Any])?.count == 2)
      #expect(!outcome.errors.isEmpty)
      for file in ["model.aarch64.kdb", "model.x86_64.kdb"] {
        #expect(FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent(file).path))
      }

      let summary = try CommandLineTool.run(["inspect", "model.aarch64.kdb"], in: folder)
      #expect(summary.status == 0 && summary.output.contains("image float32[1,1,28,28]"))
      let listing = try CommandLineTool.run(["inspect", "model.aarch64.kdb", "--graph"], in: folder)
      #expect(listing.output.contains("convolution") && listing.output.contains("→"))

      for file in ["model.aarch64.kdb", "model.x86_64.kdb"] {
        let verified = try CommandLineTool.run(["verify", file, "--rebuild"], in: folder)
        #expect(verified.status == 0 && verified.output.contains("ok  rebuild"), "\(verified.output)\(verified.errors)")
        try damage(folder.appendingPathComponent(file), as: folder.appendingPathComponent("damaged.kdb"))
        let damaged = try CommandLineTool.run(["verify", "damaged.kdb"], in: folder)
        #expect(damaged.status == 4 && damaged.errors.contains("error[KDC6013]"), "\(damaged.errors)")
        for command in [
          ["run", "--input", "eval.npz", "-o", "no.npz"], ["evaluate", "--data", "eval.npz"], ["bench"],
        ] {
          let refused = try CommandLineTool.run([command[0], "damaged.kdb"] + command.dropFirst(), in: folder)
          #expect(refused.status == 1 && refused.errors.contains("error[KDC6013]"), "\(refused.errors)")
        }
      }

      // Machine code and the reference interpreter give the same bytes.
      for file in ["model.aarch64.kdb", "model.x86_64.kdb"] {
        let run = try CommandLineTool.run(["run", file, "--input", "eval.npz", "-o", file + ".npz"], in: folder)
        try #require(run.status == 0, "\(run.errors)")
      }
      let outputs = try ["model.aarch64.kdb.npz", "model.x86_64.kdb.npz"].map { file in
        try #require(try NumpyFile.read(folder.appendingPathComponent(file).path).first)
      }
      #expect(outputs[0].key == "logits")
      #expect(outputs[0].tensor.shape == [40, 10])
      #expect(outputs[0].tensor.littleEndianBytes == outputs[1].tensor.littleEndianBytes)

      let evaluated = try CommandLineTool.run(
        ["evaluate", "model.x86_64.kdb", "--data", "eval.npz", "--json", "-"], in: folder)
      let figures = try #require(
        try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
      let score = (figures["metrics"] as? [[String: Any]])?.first?["score"] as? Double
      #expect(score == int8["score"] as? Double)
    }
  }

  @Test("The same request gives the same bytes, whatever the number of threads")
  func deterministic() throws {
    try withFolder { folder in
      for threads in ["1", "2"] {
        let outcome = try CommandLineTool.run(
          [
            "compile", student(), "--data", "calib.npz", "--target", "pi4b", "-o", "\(threads).kdb", "--threads",
            threads,
            "--quiet",
          ], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
      }
      let bundles = try ["1.kdb", "2.kdb"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(bundles[0] == bundles[1])
    }
  }

  @Test("Without samples the model is compiled in float, with generated C on request")
  func float() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        ["compile", student(), "--target", "host", "-o", "float.kdb", "--emit", "c", "--emit-dir", "c"], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("stays float"))
      let sources = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("c").path)
      #expect(sources.contains("model.c") && sources.contains { $0.hasPrefix("variant_") })
      guard let program = SourceLayout.program() else { return }
      let check = try Subprocess.run(
        program, ["--dry-run", "--Werror", "--style=\(SourceLayout.style)"] + sources,
        in: folder.appendingPathComponent("c").path)
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test("--data-samples chooses ranges from the first samples alone, and all are measured on")
  func dataSamples() throws {
    try withFolder { folder in
      let arguments = ["compile", student(), "--target", "host", "-o", "m.kdb", "--data-samples"]
      let outcome = try CommandLineTool.run(arguments + ["16", "--data", "calib.npz"], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("on 16 samples") && outcome.errors.contains("  24 samples by machine code"))
      for (rest, text) in [(["16"], "--data"), (["0", "--data", "calib.npz"], "at least 1")] {
        let refused = try CommandLineTool.run(arguments + rest, in: folder)
        #expect(refused.status == 2 && refused.errors.contains(text), "\(refused.errors)")
      }
    }
  }

  @Test("--emit alone writes the generated C beside the bundle, and --emit-dir alone writes it there")
  func emission() throws {
    try withFolder { folder in
      for (options, place) in [(["--emit", "c"], "m-c"), (["--emit-dir", "there"], "there")] {
        let outcome = try CommandLineTool.run(
          ["compile", student(), "--target", "host", "-o", "m.kdb", "--quiet"] + options, in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/\(place)/model.c"))
      }
      let stream = try CommandLineTool.run(
        ["compile", student(), "--target", "host", "-o", "-", "--emit", "c"], in: folder)
      #expect(stream.status == 2 && stream.errors.contains("--emit-dir"), "\(stream.errors)")
    }
  }

  static let faults: [(arguments: [String], status: Int32, text: String)] = [
    (["--data", "missing.npz", "--target", "pi4b"], 1, "KDC1001"),
    (["--data", "wrong.npz", "--target", "pi4b"], 1, "did you mean 'image' by 'imgae'?"),
    (["--data", "calib.npz", "--target", "pi9"], 1, "KDC1041"),
    (["--data", "calib.npz", "--teacher", "missing.onnx", "--target", "pi4b"], 1, "KDC1001"),
    (["--data", "calib.npz"], 2, "--target"),
    (["--data", "calib.npz", "--target", "pi4b", "--threads", "0"], 2, "--threads"),
    (["--data", "calib.npz", "--target", "pi4b", "--prune", "1"], 2, "less than 1"),
    (["--data", "calib.npz", "--target", "pi4b", "--prune", "0.5", "--prune-width", "0.5"], 2, "exclude each other"),
    (["--data", "calib.npz", "--target", "pi4b", "--max-size", "40XB"], 2, "40KB"),
    (["--data", "calib.npz", "--target", "pi4b", "--max-latency", "5"], 2, "5ms"),
    (["--data", "calib.npz", "--target", "pi4b", "--alpha", "0.5"], 2, "--labels"),
    (["--target", "pi4b", "--prune", "0.5"], 2, "--train"),
    (["--data", "calib.npz", "--target", "pi4b", "--match", "a=b"], 2, "--teacher"),
  ]

  @Test("A request at fault ends with a diagnostic, its exit code and no output file", arguments: faults.indices)
  func fault(index: Int) throws {
    let (arguments, status, text) = Self.faults[index]
    try withFolder { folder in
      let values = Tensor([1, 1, 28, 28], [Float](repeating: 0, count: 784))
      try NumpyFile.write([("imgae", values)], to: folder.appendingPathComponent("wrong.npz").path)
      let outcome = try CommandLineTool.run(["compile", student(), "-o", "model.kdb"] + arguments, in: folder)
      #expect(outcome.status == status, "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.kdb").path))
    }
  }

  @Test("A teacher with another output than the student's is refused")
  func otherTeacher() throws {
    try withFolder { folder in
      let graph = Graph(
        name: "other", opset: 17, inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 28, 28]))],
        outputs: ["y"],
        nodes: [Node(name: "flatten", opType: "Flatten", opset: 17, inputs: ["image"], outputs: ["y"])])
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("other.onnx"))
      let outcome = try CommandLineTool.run(
        [
          "compile", student(), "--teacher", "other.onnx", "--data", "calib.npz", "--target", "pi4b", "-o", "model.kdb",
        ],
        in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(DiagnosticID.teacherMismatch)"), "\(outcome.errors)")
    }
  }

  @Test("A layer that int8 would make slower stays float, and the report says why")
  func neverSlower() throws {
    // Groups of three channels: no vector kernel takes them as int8.
    let type = TensorType(.float32, [1, 18, 8, 8])
    var graph = Graph(
      name: "grouped", opset: 17, inputs: [ValueInfo(name: "x", type: type)], outputs: ["y"],
      nodes: [
        Node(
          name: "grouped", opType: "Conv", opset: 17, inputs: ["x", "w"], outputs: ["y"],
          attributes: ["group": .int(6), "pads": .ints([1, 1, 1, 1])])
      ])
    let weights = (0..<486).map { (index: Int) -> Float in Float(index % 23) / 23 - 0.5 }
    graph.initializers["w"] = Tensor([18, 3, 3, 3], weights)
    try withFolder { folder in
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("grouped.onnx"))
      let values = (0..<(8 * 1152)).map { (index: Int) -> Float in Float((index * 7919) % 1009) / 504 - 1 }
      try NumpyFile.write(
        [("x", Tensor([8, 18, 8, 8], values))], to: folder.appendingPathComponent("data.npz").path)
      let outcome = try CommandLineTool.run(
        ["compile", "grouped.onnx", "--data", "data.npz", "--target", "pi4b", "-o", "model.kdb", "--json", "-"],
        in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("float32 for 'grouped'"))
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let kernels = try #require(report["layers"] as? [[String: Any]]).compactMap { $0["kernel"] as? [String: String] }
      #expect(kernels.contains { $0["pi4b"]?.hasPrefix("float_conv") == true }, "\(kernels)")
    }
  }

  @Test("Labels that are asked for and not there are a diagnostic before any work")
  func labels() throws {
    try withFolder { folder in
      let values = Tensor([2, 1, 28, 28], [Float](repeating: 0, count: 2 * 784))
      try NumpyFile.write([("image", values)], to: folder.appendingPathComponent("plain.npz").path)
      let missing = try CommandLineTool.run(
        ["compile", student(), "--data", "plain.npz", "--labels", "--target", "host", "-o", "model.kdb"], in: folder)
      #expect(missing.errors.contains("\(DiagnosticID.missingLabels)"), "\(missing.errors)")
    }
  }

  @Test("An output folder that does not exist is a diagnostic")
  func noFolder() throws {
    try withFolder { folder in
      let outcome = try CommandLineTool.run(
        ["compile", student(), "--target", "host", "-o", "none/model.kdb"], in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(DiagnosticID.outputNotWritable)"), "\(outcome.errors)")
    }
  }
}
