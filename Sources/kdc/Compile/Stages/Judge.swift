import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

extension Stage {
  /// Looks for samples that do not belong together, before the work begins.
  static let checkSamples = Stage("check samples") { compilation, _ in
    var found: [Diagnostic] = []
    if let calibration = compilation.calibration, compilation.request.activations == .int8 {
      found += SampleWarnings.count(calibration)
      var others: [(use: String, data: DataSet)] = []
      if compilation.request.evaluation != nil, let data = compilation.evaluation { others.append(("measuring", data)) }
      if compilation.request.train != nil, let data = compilation.training { others.append(("training", data)) }
      found += try SampleWarnings.scales(
        calibration, others, inputs: compilation.student.dataInputs, threads: compilation.request.threads)
    }
    var files: Set<String> = []
    for data in [compilation.calibration, compilation.training, compilation.evaluation].compactMap({ $0 })
    where files.insert(data.file).inserted {
      found += SampleWarnings.oneHot(compilation.student.heads(labels: data.labels), file: data.file)
    }
    compilation.warn(found)
    return found.isEmpty ? nil : found.count == 1 ? "1 warning" : "\(found.count) warnings"
  }

  /// Looks for outputs that compiling has spoilt.
  static let judge = Stage("judge") { compilation, _ in
    guard !compilation.compiledOutputs.isEmpty else { return nil }
    let judges = QualityWarnings(
      model: compilation.request.student, heads: compilation.heads, constants: compilation.student.constantOutputs)
    let count = compilation.compiledOutputs.values.map(\.count).max() ?? 0
    let student = compilation.studentOutputs.mapValues { Array($0.prefix(count)) }
    let smaller = compilation.smallerOutputs?.mapValues { Array($0.prefix(count)) }
    var found = judges.quantized(compilation.compiledOutputs, float: smaller ?? student)
    if let smaller { found += judges.pruned(smaller, student: student) }
    if let teacher = compilation.teacherOutputs { found += judges.taught(compilation.studentOutputs, teacher: teacher) }
    found += compilation.valuesBeyondRanges
    compilation.warn(found)
    return found.isEmpty ? nil : found.count == 1 ? "1 warning" : "\(found.count) warnings"
  }
}

extension Compilation {
  /// Says it at once, and again in the report.
  mutating func warn(_ warnings: [Diagnostic]) {
    Console.warn(warnings)
    report.warnings += warnings.map(Report.Warning.init)
  }

  /// Outputs that the evaluation samples take beyond the range that the calibration samples gave them.
  fileprivate var valuesBeyondRanges: [Diagnostic] {
    guard request.evaluation != nil else { return [] }
    let outputs = smallerOutputs ?? studentOutputs
    return quantized.outputs.compactMap { name in
      guard let range = quantized.quantization[name], let values = outputs[name]?.joined(), let low = values.min(),
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
        "'\(name)' lies in \(found) for measuring, and the device gives \(seen)",
        at: Place(file: request.evaluation ?? "", detail: "output '\(name)'"),
        hint: "take calibration samples that show all that occurs")
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
