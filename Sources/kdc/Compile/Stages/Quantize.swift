import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph

extension Pipeline {
  /// Chooses int8 ranges and weights from the calibration samples; a float compilation passes the graph on.
  static func quantize(
    _ compiler: Compiler, _ compressed: Compressed, _ log: inout StageLog
  ) throws -> QuantizedModel {
    log.warn(compiler.unusedScales)
    guard let model = try compiler.quantize(compressed.graph) else {
      log.did("stays float")
      return QuantizedModel(graph: compressed.graph)
    }
    log.report.weights = model.decisions
    for decision in model.narrow {
      log.decide(
        "quantize", "layer \(decision.layers.joined(separator: ", ")) with 7 bits, by its input '\(decision.value)'",
        accepted: decision.accepted, decision.reason)
    }
    let float = model.float.merging(try Quantizer.layersInFloat(of: model.graph)) { asked, _ in asked }
    for (layer, reason) in float.sorted(by: { $0.key < $1.key }) {
      // What many have in common is said once.
      log.decide("quantize", model.precision == nil ? "float32 for '\(layer)'" : "layer '\(layer)' in float32", reason)
    }
    if let found = model.precision {
      log.decide("quantize", "float32 for \(found.options.floatNodes.count) nodes", found.reason)
    }
    for (layer, reason) in model.rounded.sorted(by: { $0.key < $1.key }) {
      log.decide("quantize", "weights of '\(layer)'", reason)
    }
    if model.isFromFile { log.report.quantization = "file" }
    for (layer, reason) in model.equalized {
      log.decide("quantize", "channels of '\(layer)' brought to one size", reason)
    }
    log.did(model.summary)
    return model
  }
}

extension Compiler {
  /// Where a model that is quantised in its file is changed: its scales are not those of the result.
  fileprivate var unusedScales: [Diagnostic] {
    guard request.activations == .int8, !inputs.student.givenQuantization.isEmpty, leavesFileScales else { return [] }
    let cause = request.isGuided ? "the model is made smaller or trained" : "its weights get fewer bits"
    return [
      Diagnostic(
        .fileScalesUnused, severity: .warning,
        "the model's own scales and zero points are not used: \(cause), and ranges are chosen from --data",
        at: Place(file: request.student),
        hint: "compile the float model that it was quantised from; or ask for nothing that changes its values")
    ]
  }
}

extension QuantizedModel {
  fileprivate var summary: String {
    let small = decisions.count { $0.bits == 4 }
    let weights = decisions.isEmpty ? "" : ", \(small) of \(decisions.count) layers at 4 bits"
    let integers = graph.quantization.keys.count { graph.initializers[$0] == nil }
    let accepted = narrow.count { $0.accepted }
    let fast = accepted > 0 ? ", \(accepted) of them in 7 bits" : ""
    if isFromFile { return "\(integers) values as int8\(fast), by the scales and zero points of the file" }
    return "\(integers) values as int8\(fast)\(weights), ranges by \(method?.rawValue ?? "") on \(samples) samples"
  }
}

extension PrecisionSearch.Outcome {
  /// "the largest loss falls from 3.1 % to 0.8 %, …".
  fileprivate var reason: String {
    String(
      format:
        "the largest loss of an output falls from %@ to %@ on calibration samples; about %.2f ms, all in int8 %.2f ms, "
        + "in float %.2f ms",
      Figure.share(before.worst), Figure.share(after.worst), seconds * 1e3, integerSeconds * 1e3, floatSeconds * 1e3)
  }
}
