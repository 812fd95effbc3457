import Foundation
import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// The generated C of every family and of chains, as a compiler and a reader see it.
@Suite("Generated C of every family") struct EmissionCompileTests {
  static let targets = [TestTargets.host, TestTargets.avx512, TestTargets.avxvnni, TestTargets.a72, TestTargets.a76]

  /// Files with two kernels of each family that the target can run.
  static func files(_ target: Target) throws -> [(family: String, text: String)] {
    var files: [(family: String, text: String)] = []
    func add(_ program: Program) throws {
      guard let step = program.steps.last else { return }
      for family in Families.all where files.count(where: { $0.family == family.name }) < 2 {
        guard family.refusal(of: step, in: program, on: target) == nil else { continue }
        let rest = Families.all.filter { $0.stepKind != family.stepKind }
        let input = try input(program, target, [family] + rest)
        guard input.selection.choices.last?.family == family.name else { continue }
        files.append((family.name, try Emission.variants(of: program, [input])[0].text))
      }
    }
    var steps = StepCases(seed: 40)
    for kind in StepCases.kinds { for _ in 0..<40 { try add(steps.make(kind, extreme: false).program) } }
    var convolutions = ConvolutionCases(seed: 41)
    for index in 0..<60 {
      let g = convolutions.geometry(depthwise: index % 3 == 1, grouped: index % 12 == 5)
      try add(convolutions.make(g, residual: index % 4 == 2, values: .even, int4: index % 5 == 4).program)
      try add(convolutions.makeNarrow(g, residual: index % 4 == 3, values: .even, weight: 20).program)
      try add(convolutions.makeWinograd(index).program)
    }
    let dense = ConvolutionGeometry(input: (1, 1, 300), output: (1, 1, 20), kernel: (1, 1))
    for int4 in [false, true] {
      for residual in [false, true] {
        try add(convolutions.make(dense, residual: residual, values: .even, int4: int4).program)
      }
    }
    return files
  }

  @Test(
    "It compiles without warnings, shadowed names included",
    .enabled(if: Tools.path(of: "clang") != nil, "needs clang"), arguments: targets)
  func compiles(target: Target) throws {
    let clang = try #require(Tools.path(of: "clang"))
    let files = try Self.files(target)
    let wanted = Set(
      Families.all.map(\.name).filter { name in
        name.hasSuffix("_scalar") || name.hasSuffix("_tiles") || target.features.contains { name.hasSuffix("_" + $0) }
      })
    #expect(wanted.subtracting(files.map(\.family)) == [])
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-c-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let chained = target.architecture == .aarch64 ? [("chain", try Self.chain(target))] : []
    var names: [String] = []
    for (index, file) in (files + chained).enumerated() {
      names.append(folder.path + "/\(index)-\(file.0).c")
      try file.1.write(toFile: names[index], atomically: false, encoding: .utf8)
    }
    let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/CKDCRuntime/include").path
    let flags =
      target.compilerFlags + [
        "--target=\(target.architecture.rawValue)-linux-gnu", "-std=c11", "-O2", "-ffreestanding", "-nostdlibinc",
        "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-I", header,
        "-fsyntax-only",
      ]
    _ = try Tools.run(clang, flags + names, input: Data())
  }

  @Test("Lines have at most 120 characters", arguments: targets)
  func lines(target: Target) throws {
    for file in try Self.files(target) + [("chain", Self.chain(target))] {
      for line in file.text.split(separator: "\n") where line.count > 120 { Issue.record("\(file.family): \(line)") }
    }
  }

  static func chain(_ target: Target) throws -> String {
    var source = ConvolutionCases(seed: 60)
    let program = source.network(
      [.init(1, 96), .init(3, stride: 2, 96, depthwise: true), .init(1, 24)], height: 24, width: 24, channels: 16)
    return try Emission.variants(of: program, [input(program, target.starved)])[0].text
  }
}

/// One kernel of each kind, for people to read.
@Suite("Snapshots of kernels") struct KernelSnapshotTests {
  private func record(_ name: String, _ program: Program, _ family: String? = nil, _ target: Target = TestTargets.a72)
    throws
  {
    try program.validate()
    let families = family.map { name in
      Families.all.filter { $0.name == name || $0.stepKind != program.steps.last.map { type(of: $0).kind } }
    }
    let text = try Emission.variants(of: program, [input(program, target, families ?? Families.all)])[0].text
    // Helpers are read in their headers.
    let start = try #require(text.firstRange(of: "\n// 0: ")?.lowerBound)
    try expectSnapshot(String(text[start...].dropFirst()), "kernels/\(name).c.txt")
  }

  private func convolution(
    _ g: ConvolutionGeometry, seed: UInt64, narrow: Bool = false, residual: Bool = false
  ) -> Program {
    var source = ConvolutionCases(seed: seed)
    return narrow
      ? source.makeNarrow(g, residual: residual, values: .even, weight: 20).program
      : source.make(g, residual: residual, values: .even, largestBias: 0).program
  }

  @Test("Convolutions: Winograd, depthwise, paired products, runs, fully connected")
  func convolutions() throws {
    let square = ConvolutionGeometry(input: (12, 12, 32), output: (12, 12, 32), kernel: (3, 3), padTop: 1, padLeft: 1)
    var depthwise = square
    depthwise.groups = 32
    let first = ConvolutionGeometry(
      input: (32, 32, 3), output: (16, 16, 16), kernel: (3, 3), strides: (2, 2), padTop: 1, padLeft: 1)
    let dense = ConvolutionGeometry(input: (1, 1, 256), output: (1, 1, 10), kernel: (1, 1))
    try record("winograd", convolution(square, seed: 1, residual: true), "conv_winograd4_neon")
    try record("runs", convolution(square, seed: 1), "conv_runs_4x4_neon")
    try record("depthwise", convolution(depthwise, seed: 2), "conv_depthwise_neon")
    try record("fully-connected", convolution(dense, seed: 4), "conv_runs_1x4_neon")
    try record("dot-products", convolution(square, seed: 1), "conv_runs_dotprod", TestTargets.a76)
    try record("paired", convolution(square, seed: 5, narrow: true), "conv_paired_2x4_neon")
    try record("paired-columns", convolution(first, seed: 6, narrow: true), "conv_paired_columns_neon")
  }

  @Test("Pooling and float steps")
  func others() throws {
    var cases = StepCases(seed: 70)
    try record("averagePool", cases.make("averagePool", extreme: false).program)
    let convolution = cases.make("floatConvolution", extreme: false).program
    try record("softmax", cases.make("softmax", extreme: false).program)
    try recordBody("float-tiles", convolution, "float_convolution_tiles")
  }

  /// What stands between the braces of a step's kernel.
  private func recordBody(_ name: String, _ program: Program, _ family: String, _ target: Target = TestTargets.a72)
    throws
  {
    try program.validate()
    let step = try #require(program.steps.last)
    let code = try #require(Families.named(family)).offer(step, in: program, on: target).code
    try expectSnapshot(CText.wrapped(code.text) + "\n", "kernels/\(name).c.txt")
  }

  @Test("Sums of float products in vectors")
  func floats() throws {
    let square = ConvolutionGeometry(input: (12, 12, 16), output: (12, 12, 16), kernel: (3, 3), padTop: 1, padLeft: 1)
    var depthwise = square
    depthwise.groups = 16
    let dense = ConvolutionGeometry(input: (7, 7, 64), output: (7, 7, 24), kernel: (1, 1))
    var cases = StepCases(seed: 71)
    try recordBody("float-window", cases.convolution(square).program, "float_convolution_neon")
    try recordBody("float-dense", cases.convolution(dense).program, "float_convolution_neon")
    try recordBody(
      "float-dense-avx512", cases.convolution(dense).program, "float_convolution_avx512vnni", TestTargets.avx512)
    try recordBody("float-depthwise", cases.convolution(depthwise).program, "float_depthwise_neon")
    try recordBody("float-winograd", cases.convolution(square, winograd: true).program, "float_winograd_neon")
    try recordBody(
      "float-matmul", cases.matMul(batch: 2, rows: 16, columns: 24, depth: 10).program, "float_matmul_neon")
  }

  @Test("A chain, and layers that share a function")
  func chains() throws {
    var source = ConvolutionCases(seed: 60)
    let program = source.network(
      [.init(1, 96), .init(3, stride: 2, 96, depthwise: true), .init(1, 24)], height: 24, width: 24, channels: 16)
    let text = try Emission.variants(of: program, [input(program, TestTargets.a72.starved)])[0].text
    let start = try #require(text.firstRange(of: "\n// Rows of ")?.lowerBound)
    try expectSnapshot(String(text[start...].dropFirst()), "kernels/chain.c.txt")
  }
}
