import KDCDiagnostics
import KDCGraph
import KDCTraining

extension Pipeline {
  /// Looks for samples that do not belong together, before the work begins.
  static func checkSamples(_ request: CompileRequest, _ inputs: Inputs, _ log: inout StageLog) throws {
    var found: [Diagnostic] = []
    let training = inputs.training?.originals
    if let calibration = inputs.calibration, request.activations == .int8 {
      found += SampleWarnings.count(calibration)
      var others: [(use: String, data: DataSet)] = []
      if request.evaluation != nil, let data = inputs.evaluation { others.append(("measuring", data)) }
      if request.train != nil, let data = training { others.append(("training", data)) }
      found += try SampleWarnings.scales(
        calibration, others, inputs: inputs.student.dataInputs, threads: request.threads)
    }
    if request.compression.changesModel, let evaluation = request.evaluation, let train = request.train ?? request.data
    {
      found += SampleWarnings.measured(on: evaluation, trainedOn: train)
    }
    var files: Set<String> = []
    for data in [inputs.calibration, training, inputs.evaluation].compactMap({ $0 })
    where files.insert(data.file).inserted {
      found += SampleWarnings.oneHot(inputs.student.heads(labels: data.labels), file: data.file)
    }
    log.warn(found)
  }

  /// Looks for outputs that compiling has spoilt.
  static func judge(
    _ request: CompileRequest, _ student: Graph, _ model: QuantizedModel, _ compressed: Compressed,
    _ measured: Measured, _ baseline: Baseline, _ log: inout StageLog
  ) {
    guard let count = measured.outputs.values.map(\.count).max() else { return }
    let judges = QualityWarnings(
      model: request.student, heads: baseline.heads, constants: student.constantOutputs)
    let float = baseline.first(count).student
    let smaller = compressed.outputs?.mapValues { Array($0.prefix(count)) }
    var found = judges.quantized(measured.outputs, float: smaller ?? float)
    if let smaller { found += judges.pruned(smaller, student: float) }
    if let teacher = baseline.teacher { found += judges.taught(baseline.student, teacher: teacher) }
    if let samples = request.evaluation {
      found += model.valuesBeyondRanges(compressed.outputs ?? baseline.student, samples: samples)
    }
    log.warn(found)
  }
}

extension QuantizedModel {
  /// Outputs that the evaluation samples take beyond the range that the calibration samples gave them.
  fileprivate func valuesBeyondRanges(_ outputs: [String: [[Float]]], samples: String) -> [Diagnostic] {
    graph.outputs.compactMap { name in
      guard let range = graph.quantization[name], let values = outputs[name]?.joined(), let low = values.min(),
        let high = values.max(), low.isFinite, high.isFinite
      else { return nil }
      let limits = range.limits
      func real(_ q: Int) -> Float { range.scale * Float(q - range.zeroPoint) }
      let (seen, found) = (Span(real(limits.lowerBound)...real(limits.upperBound)), Span(low...high))
      let outside = values.count { Double($0) < seen.low || Double($0) > seen.high }
      guard let excess = seen.excess(of: found), excess > SampleWarnings.excessShare,
        Double(outside) > SampleWarnings.outsideShare * Double(values.count)
      else { return nil }
      return Diagnostic(
        .valuesBeyondCalibration, severity: .warning,
        "'\(name)' lies in \(found) in the samples for measuring, and the device gives \(seen)",
        at: Place(file: samples, detail: "output '\(name)'"),
        hint: "choose calibration samples that cover everything that occurs")
    }
  }
}

extension Graph {
  /// Outputs that depend on no input.
  var constantOutputs: Set<String> {
    var reached = Set(dataInputs.map(\.name))
    for node in nodes where node.reads.contains(where: reached.contains) { reached.formUnion(node.outputs) }
    return Set(outputs.filter { !reached.contains($0) })
  }
}
