import KDCBundle
import KDCProgram

/// The compiled model on the first of the evaluation samples.
struct Measured: Sendable {
  var outputs: [String: [[Float]]] = [:]
  /// What gave them, where it was machine code.
  var native: NativeRunner?
}

extension Pipeline {
  /// Runs what was compiled over the evaluation samples: by machine code where this machine can, else by the reference
  /// interpreter; both give the same bytes.
  static func measure(
    _ compiler: Compiler, _ model: QuantizedModel, _ lowered: Lowered, _ built: Built, _ baseline: Baseline,
    _ log: inout StageLog
  ) throws -> Measured {
    let (request, program) = (compiler.request, lowered.program)
    guard let data = compiler.inputs.evaluation else {
      log.did("no samples to measure on")
      return Measured()
    }
    let isQuantized = !model.graph.quantization.isEmpty
    // Calibration samples without labels only show how near the models are: a few are enough for large models.
    let isAsked = request.evaluation != nil || !data.labels.isEmpty
    let few = max(8, request.threads.count * 20_000_000_000 / max(program.macs, 1))
    let device = try compiler.device(
      for: program, samples: isAsked ? data.count : min(data.count, few), built: built)
    let count = min(isAsked ? device.limit : min(device.limit, few), data.count)
    let outputs = try device.runner.outputs(
      of: data, threads: request.threads, limit: count, progress: log.progress, label: "compiled model")
    if isQuantized {
      try program.checkFinite(outputs, against: baseline.first(count).student, on: data, of: request.student)
    }
    log.report.stages.append(
      baseline.stage(
        !isQuantized ? "float" : program.constants.contains(where: \.isInt4) ? "int4" : "int8", outputs, samples: count,
        macs: program.macs, bytes: program.constants.reduce(0) { $0 + $1.storedByteCount }, accepted: true,
        milliseconds: lowered.milliseconds))
    log.did("\(count) samples by \(device.name)")
    return Measured(outputs: outputs, native: device.runner as? NativeRunner)
  }

  /// Checks that machine code and reference agree on the golden vectors, where this machine can run the code.
  static func prove(
    _ compiler: Compiler, _ program: Program, _ built: Built, _ measured: Measured, _ log: inout StageLog
  ) throws {
    let count = built.golden.vectors.count
    guard let runner = try measured.native ?? built.host.map({ try compiler.native($0, program) }) else {
      return log.did("\(count) golden vectors by the reference; this machine cannot run the code")
    }
    try runner.checkGolden(threads: compiler.request.threads)
    log.did("\(count) golden vectors, machine code equals reference")
  }
}
