import KDCBundle
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCToolchain
import KDCTraining

extension Stage {
  /// Runs what was compiled over the evaluation samples: by machine code where this machine can, else by the reference
  /// interpreter; both give the same bytes.
  static let measure = Stage("measure int8") { compilation, progress in
    guard let data = compilation.evaluation else { return "no samples to measure on" }
    let isQuantized = !compilation.quantized.quantization.isEmpty
    // Calibration samples without labels only show how near the models are: a few are enough for large models.
    let isAsked = compilation.request.evaluation != nil || !data.labels.isEmpty
    let few = max(8, compilation.request.threads.count * 20_000_000_000 / max(compilation.program.macs, 1))
    let (runner, most, what) = try compilation.deviceRunner(samples: isAsked ? data.count : min(data.count, few))
    let limit = isAsked ? most : min(most, few)
    let outputs = try runner.outputs(
      of: data, threads: compilation.request.threads, limit: limit, progress: progress, label: "compiled model")
    let count = min(limit, data.count)
    compilation.compiledOutputs = outputs
    func firstSamples(_ all: [String: [[Float]]]) -> [String: [[Float]]] { all.mapValues { Array($0.prefix(count)) } }
    let student = firstSamples(compilation.studentOutputs)
    if isQuantized { try compilation.checkFinite(outputs, against: student, on: data) }
    compilation.report.stages.append(
      Report.Stage(
        name: !isQuantized ? "float" : compilation.program.constants.contains(where: \.isInt4) ? "int4" : "int8",
        metrics: compilation.metrics(
          of: outputs, against: compilation.teacherOutputs.map(firstSamples) ?? student),
        againstStudent: compilation.teacher.map { _ in compilation.metrics(of: outputs, against: student) },
        samples: count,
        macs: compilation.program.macs,
        bytes: compilation.program.constants.reduce(0) { $0 + $1.storedByteCount }, accepted: true,
        milliseconds: Dictionary(
          compilation.selections.map { ($0.target.name, $0.milliseconds) }, uniquingKeysWith: { first, _ in first })))
    return "\(count) samples by \(what)"
  }

  /// Checks that machine code and reference agree on the golden vectors, where this machine can run the code.
  static let prove = Stage("prove") { compilation, _ in
    guard let golden = compilation.golden else { throw InternalError("no golden vectors") }
    guard let runner = try compilation.nativeRunner() else {
      return "\(golden.vectors.count) golden vectors by the reference; this machine cannot run the code"
    }
    try runner.checkGolden(threads: compilation.request.threads)
    return "\(golden.vectors.count) golden vectors, machine code equals reference"
  }
}

extension Compilation {
  /// Work that the reference interpreter may take: more is worth building code for this machine.
  private static let interpreterMacs = 2_000_000_000

  /// What to measure with, how many samples it can be asked for, and its name.
  mutating func deviceRunner(samples: Int) throws -> (any ModelRunner, Int, String) {
    if let native = try nativeRunner() { return (native, .max, "machine code") }
    if program.macs * samples > Self.interpreterMacs, try buildForHost(), let native = try nativeRunner() {
      return (native, .max, "machine code for this machine")
    }
    // Without machine code a large model is measured on fewer samples rather than for hours.
    let limit = max(8, 200_000_000_000 / max(program.macs, 1))
    return (ProgramRunner(program), limit, "the reference interpreter")
  }

  /// The machine code for this machine, where there is some.
  func nativeRunner() throws -> NativeRunner? {
    guard let bundle = bundles.first(where: { $0.architecture == .host }) ?? hostBundle else { return nil }
    return try NativeRunner(bundle.bytes, program: program, threads: request.threads)
  }

  /// Builds code for this machine into `hostBundle`; false where there is no such target.
  private mutating func buildForHost() throws -> Bool {
    guard let target = try Targets.builtIn().all.first(where: { $0.architecture == .host }), let golden else {
      return false
    }
    let selection = try KernelSelection(for: program, on: target)
    let plan = MemoryPlan(program, for: selection)
    let variants = try Emission.variants(of: program, [Emission.Input(selection: selection, plan: plan)])
    let builder = BundleBuilder(
      toolchain: try Toolchain.find(in: request.toolchain), architecture: target.architecture,
      version: KDC.configuration.version)
    let bytes = try builder.build(
      program,
      model: CSource(name: Emission.modelFileName, text: Emission.model(of: program, variants: variants)),
      code: variants.map(\.code), golden: golden)
    hostBundle = BuiltBundle(architecture: target.architecture, bytes: bytes)
    return true
  }
}

extension Target.Architecture {
  /// The one this compiler runs on.
  static var host: Target.Architecture {
    #if arch(arm64)
      .aarch64
    #else
      .x86_64
    #endif
  }
}
