import Foundation
import KDCBundle
import KDCDiagnostics
import KDCRuntime
import KDCTensor
import KDCTestSupport
import KDCToolchain
import KDCTraining
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
private let search = ToolSearch()
private let compiler = search.find("cc")
private let python: String? = search.find("python3").flatMap { path in
  (try? Subprocess.run(path, ["-c", "import numpy"]))?.status == 0 ? path : nil
}

/// The model that a load gives is that of the very bytes named, and of no others.
@Suite(.enabled(if: TinyModel.toolchain != nil, "needs clang and ld.lld to build a bundle"))
struct LoadTests {
  /// KDC_SWEEP=1 flips as many bits as a release is tried with.
  private static let flips = ProcessInfo.processInfo.environment["KDC_SWEEP"] == "1" ? 6000 : 60

  @Test(
    "In C a thousand loads by turns answer with the model named, and damaged bundles are refused",
    .enabled(if: compiler != nil, "needs cc"), arguments: ["address,undefined", "thread"])
  func program(sanitizer: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let sources = ["Tests/RuntimePrograms/load.c", "Sources/CKDCRuntime/load.c", "Sources/CKDCRuntime/abi.c"]
    let plain =
      ["-std=gnu11", "-O1", "-g", "-w"] + sources.map { "\(root)/\($0)" } + ["-ldl", "-lpthread", "-o", "program"]
    var build = try Subprocess.run(try #require(compiler), ["-fsanitize=\(sanitizer)"] + plain, in: folder.path)
    if build.status != 0 { build = try Subprocess.run(try #require(compiler), plain, in: folder.path) }
    try #require(build.status == 0, "\(build.output)")
    let bundles = [try TinyModel.hostBundle.get(), try TinyModel.tenfoldBundle.get()]
    let result = try Subprocess.run(
      "/usr/bin/env", ["timeout", "600", "./program"] + bundles + ["\(Self.flips)"], in: folder.path)
    #expect(result.status == 0 && result.output == "ok\n", "exit \(result.status): \(result.output.suffix(3000))")
  }

  @Test("In Swift a file that is replaced or overwritten gives its new model, and models in use stay what they are")
  func replaced() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/model.kdb"
    let bundles = [try Files.read(TinyModel.hostBundle.get()), try Files.read(TinyModel.tenfoldBundle.get())]
    let ones = ["x": KDCRuntime.Tensor([Float](repeating: 1, count: 8), shape: [1, 8])]
    var models: [(model: Model, first: Float)] = []
    for round in 0..<60 {
      let bytes = bundles[round % 2]
      let first: Float = round % 2 == 0 ? 1 : 10
      if round % 3 == 0 {
        try Files.write(bytes, to: path)
      } else {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
      }
      models.append((round % 5 == 0 ? try Model(bytes: bytes) : try Model(path: path), first))
      if models.count > 4 { models.removeFirst(3) }
      for (model, first) in models { #expect(try model.run(ones)["y"]?.floats?.first == first) }
    }
  }

  @Test(
    "In Python a thousand loads by turns answer with the model named; close waits for nobody and breaks nothing",
    .enabled(if: python != nil, "needs NumPy"))
  func pythonLoads() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let bundles = [try TinyModel.hostBundle.get(), try TinyModel.tenfoldBundle.get()]
    let result = try Subprocess.run(
      "/usr/bin/env",
      ["timeout", "300", try #require(python), "-B", root + "/Tests/RuntimePrograms/load.py", root + "/python"]
        + bundles + ["\(Self.flips)"],
      in: folder.path)
    #expect(result.status == 0 && result.output == "ok\n", "exit \(result.status): \(result.output.suffix(3000))")
  }

  @Test("A bundle for another architecture is refused as such")
  func otherArchitecture() throws {
    let other: [UInt8] = try TinyModel.bundle(TinyModel.hostArchitecture == .x86_64 ? .aarch64 : .x86_64)
    let fault = #expect(throws: ModelError.self) { try Model(bytes: other) }
    #expect(fault?.code == .wrongMachine)
  }

  @Test(
    "Every allocation and every system call of the bundle as a program may fail, be interrupted or short",
    .enabled(if: compiler != nil, "needs cc"))
  func failures() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let bundle = try Bundle(contentsOf: TinyModel.hostBundle.get())
    try Files.write(Array(bundle.container.bytes), to: folder.path + "/container")
    try folder.write(TinyModel.source.text, to: "model.c")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.npz", withDestinationPath: "there.npz")
    try NumpyFile.write([("x", KDCTensor.Tensor([3, 8], (0..<24).map(Float.init)))], to: folder.path + "/in.npz")
    let expected = try Subprocess.run(bundle.path, ["--run", "in.npz", "-o", "expected.npz"], in: folder.path)
    try #require(expected.status == 0, "\(expected.output)")
    let names = [
      "malloc", "free", "open", "read", "write", "lseek", "fsync", "rename", "linkat", "readlink", "pthread_create",
    ]
    let runtime = try FileManager.default.contentsOfDirectory(atPath: root + "/Sources/CKDCRuntime").sorted()
      .filter { $0.hasSuffix(".c") && !["load.c", "self.c", "entry.c"].contains($0) }
    let plain =
      ["-std=gnu11", "-O1", "-g", "-w", "-I", root + "/Sources/CKDCRuntime/include", "-Wl,--wrap=kdc_cpu_count"]
      + names.map { "-D\($0)=seam_\($0)" } + ["\(root)/Tests/RuntimePrograms/failures.c", "model.c"]
      + runtime.map { "\(root)/Sources/CKDCRuntime/\($0)" } + ["-lpthread", "-o", "program"]
    let sanitizer = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    var build = try Subprocess.run(try #require(compiler), sanitizer + plain, in: folder.path)
    if build.status != 0 { build = try Subprocess.run(try #require(compiler), plain, in: folder.path) }
    try #require(build.status == 0, "\(build.output)")
    let result = try Subprocess.run(
      "/usr/bin/env", ["timeout", "300", "./program", "container", "expected.npz"], in: folder.path)
    #expect(
      result.status == 0 && result.output.contains("\nok\n"), "exit \(result.status): \(result.output.suffix(3000))")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(".npz.") }
    #expect(left.isEmpty)
  }
}
