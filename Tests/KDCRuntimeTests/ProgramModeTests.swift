import Foundation
import KDCDiagnostics
import KDCTensor
import KDCTestSupport
import KDCToolchain
import KDCTraining
import Testing

private let bundle = try? TinyModel.hostBundle.get()

/// The bundle as a program: ./model.kdb [--info | --bench | --verify | --run in.npz -o out.npz].
@Suite(.enabled(if: TinyModel.toolchain != nil, "needs clang and ld.lld to build a bundle"))
struct ProgramModeTests {
  private func call(_ arguments: [String], in folder: TemporaryFolder? = nil) throws -> Subprocess.Result {
    try Subprocess.run(try #require(bundle), arguments, in: folder?.path)
  }

  /// Runs the model on arrays of an npz and gives the outputs.
  private func run(_ array: Tensor, key: String = "x") throws -> (status: Int32, text: String, y: Tensor?) {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try NumpyFile.write([(key, array)], to: folder.path + "/in.npz")
    let result = try call(["--run", "in.npz", "-o", "out.npz"], in: folder)
    let outputs = result.status == 0 ? try NumpyFile.read(folder.path + "/out.npz") : []
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == (result.status == 0 ? 2 : 1))
    return (result.status, result.output, outputs.first { $0.key == "y" }?.tensor)
  }

  @Test("Alone it says what it is; --info prints the manifest, --verify and --bench their results")
  func modes() throws {
    #expect(try call([]).output.hasPrefix("tiny: a model compiled by kdc\n  input  x float32[1,8]\n"))
    let manifest = try JSONSerialization.jsonObject(with: Data(call(["--info"]).output.utf8)) as? [String: Any]
    #expect(manifest?["model"] as? String == "tiny")
    #expect(try call(["--verify", "--threads", "2"]).output == "verified: 2 golden vectors on generic code\n")
    let bench = try call(["--bench", "--runs", "3", "--per-layer", "--mark-roi"])
    #expect(bench.status == 0 && bench.output.contains("float_binary_scalar") && bench.output.contains("(3 runs"))
  }

  @Test(
    "Wrong usage ends with 2 and says what is wrong",
    arguments: [
      (["--wat"], "unknown argument --wat"), (["--run", "a.npz"], "--run needs -o"), (["--run"], "--run needs a value"),
      (["--bench", "--threads", "0"], "--threads needs a positive number, not 0"), (["--threads", "2"], "is needed"),
      (["--bench", "--verify"], "--verify cannot stand with another mode"),
    ])
  func usage(arguments: [String], message: String) throws {
    let result = try call(arguments)
    #expect(result.status == 2)
    #expect(result.output.contains(message), "\(result.output)")
  }

  @Test("Samples are stacked with or without the port's first dimension, in float and integer types")
  func stacking() throws {
    let values = (0..<24).map(Float.init)
    let expected = values.enumerated().map { $1 * Float($0 % 8 + 1) }
    for shape: Shape in [[3, 8], [3, 1, 8]] {
      let y = try run(Tensor(shape, values)).y
      #expect(y?.shape == [3, 8] && y?.floats == expected)
    }
    let others: [Tensor.Elements] = [
      .float16(values.map { Float16($0) }), .float64(values.map(Double.init)), .int64(values.map { Int64($0) }),
      .uint8(values.map { UInt8($0) }),
    ]
    for elements in others { #expect(try run(Tensor([3, 8], elements)).y?.floats == expected) }
    #expect(try run(Tensor([0, 8], [Float]())).y?.shape == [0, 8])
  }

  @Test("Unsigned numbers beyond those of int64 are themselves")
  func unsigned() throws {
    let values: [UInt64] = [1 << 63, .max, 1 << 62, 0, 1, 2, 3, 1 << 40]
    let y = try run(Tensor([1, 8], .uint64(values))).y
    #expect(y?.floats == values.enumerated().map { Float($1) * Float($0 + 1) })
  }

  @Test("Outputs go through what is no regular file, follow links, and never replace what is read")
  func outputs() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let files = FileManager.default
    try NumpyFile.write([("x", Tensor([1, 8], [Float](repeating: 1, count: 8)))], to: folder.path + "/in.npz")
    try files.createSymbolicLink(atPath: folder.path + "/to-in", withDestinationPath: "in.npz")
    try files.createSymbolicLink(atPath: folder.path + "/to-out", withDestinationPath: "out.npz")
    try files.createSymbolicLink(atPath: folder.path + "/null", withDestinationPath: "/dev/null")
    let before = try Files.read(folder.path + "/in.npz")
    for (output, why) in [
      ("in.npz", "it is the file that is read"), ("./to-in", "it is the file that is read"), (".", "folder"),
    ] {
      let result = try call(["--run", "in.npz", "-o", output], in: folder)
      #expect(result.status == 1 && result.output.contains(why), "\(result.output)")
      #expect(try Files.read(folder.path + "/in.npz") == before)
    }
    let own = try call(["--run", "in.npz", "-o", try #require(bundle)], in: folder)
    #expect(own.status == 1 && own.output.contains("it is this program"))
    // Twice: the file behind the link is made, then replaced.
    for _ in 0..<2 {
      #expect(try call(["--run", "in.npz", "-o", "to-out"], in: folder).status == 0)
      #expect(try files.destinationOfSymbolicLink(atPath: folder.path + "/to-out") == "out.npz")
      #expect(try NumpyFile.read(folder.path + "/out.npz").first?.tensor.floats == (1...8).map(Float.init))
    }
    #expect(try call(["--run", "in.npz", "-o", "null"], in: folder).status == 0)
    #expect(try files.destinationOfSymbolicLink(atPath: folder.path + "/null") == "/dev/null")
    #expect(try call(["--run", "in.npz", "-o", "/dev/full"], in: folder).status == 1)
    let piped = try Subprocess.run(
      "/bin/sh",
      [
        "-c", "mkfifo pipe; cat pipe > read & \"$0\" --run in.npz -o pipe && wait && test -p pipe",
        try #require(bundle),
      ],
      in: folder.path)
    #expect(piped.status == 0, "\(piped.output)")
    #expect(try Files.read(folder.path + "/read") == Files.read(folder.path + "/out.npz"))
    let left = try files.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(left == ["in.npz", "null", "out.npz", "pipe", "read", "to-in", "to-out"])
  }

  @Test("A result that cannot be written is a failure", arguments: ["", "--info", "--verify", "--bench", "--help"])
  func fullDevice(mode: String) throws {
    let result = try Subprocess.run("/bin/sh", ["-c", "\"$0\" $1 > /dev/full", try #require(bundle), mode])
    #expect(result.status == 1 && result.output.contains("cannot write to standard output"), "\(result.output)")
  }

  @Test("Control characters of names are shown, not sent")
  func controlCharacters() throws {
    let source = CSource(
      name: "model.c", text: TinyModel.source.text.replacing(#""scale""#, with: #""\x1b]0;\xc2\x9b""#))
    #expect(source.text != TinyModel.source.text)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let bytes = try TinyModel.bundle(TinyModel.hostArchitecture, source: source)
    try Files.write(bytes, to: folder.path + "/tiny.kdb", executable: true)
    let result = try Subprocess.run(folder.path + "/tiny.kdb", ["--bench", "--runs", "1", "--per-layer"])
    #expect(result.output.contains(#"\u001b]0;\u009b"#) && !result.output.unicodeScalars.contains("\u{1b}"))
  }

  @Test("What does not fit ends with 1, names the input and writes nothing")
  func badArrays() throws {
    let wrongShape = try run(Tensor([3, 7], [Float](repeating: 0, count: 21)))
    #expect(wrongShape.status == 1 && wrongShape.text.contains("x: its shape does not fit"))
    let wrongName = try run(Tensor([1, 8], [Float](repeating: 0, count: 8)), key: "z")
    #expect(wrongName.status == 1 && wrongName.text.contains("x: the file has no array of this name"))
    let missing = try call(["--run", "/nonexistent.npz", "-o", "/nonexistent/out.npz"])
    #expect(missing.status == 1 && missing.output.contains("cannot read /nonexistent.npz"))
  }

  @Test("A damaged npz never crashes the program")
  func damagedArchive() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try NumpyFile.write([("x", Tensor([2, 8], [Float](repeating: 1, count: 16)))], to: folder.path + "/good.npz")
    let good = try Files.read(folder.path + "/good.npz")
    for seed in UInt64(0)..<150 {
      var random = SeededGenerator(seed: seed)
      var bytes = good
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      try Files.write(bytes, to: folder.path + "/in.npz")
      let result = try call(["--run", "in.npz", "-o", "out.npz"], in: folder)
      #expect([0, 1].contains(result.status), "seed \(seed): exit \(result.status) \(result.output)")
    }
  }
}
