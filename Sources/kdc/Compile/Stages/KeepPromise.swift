import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph

extension Pipeline {
  /// Holds the compiled model's outputs against `--max-loss`: a warning where `auto` has failed; for a limit of the user's
  /// throws a `CommandFailure` with exit code 3, before anything is written.
  static func keepPromise(
    _ request: CompileRequest, _ student: Graph, _ model: QuantizedModel, _ compressed: Compressed,
    _ measured: Measured, _ baseline: Baseline, _ log: inout StageLog
  ) throws {
    guard let limit = request.maxLoss.value, !model.graph.quantization.isEmpty || model.precision != nil,
      let count = measured.outputs.values.map(\.count).max(), count > 0
    else { return }
    let float = (compressed.outputs ?? baseline.student).mapValues { Array($0.prefix(count)) }
    let losses = baseline.heads.compactMap { head -> OutputLoss? in
      guard let own = measured.outputs[head.name], let wanted = float[head.name], own.count == wanted.count else {
        return nil
      }
      return OutputLoss(head, own, wanted: wanted)
    }
    let promise = Report.Promise(limit: limit, losses, model, count: count)
    log.report.promise = promise
    guard !promise.isKept else {
      return log.did(
        "largest loss \(Figure.share(losses.worst)) of \(Figure.share(limit)) allowed, on \(count) samples")
    }
    if case .share = request.maxLoss {
      throw CommandFailure(status: .budgetNotMet, message: promise.failure)
    }
    log.warn([promise.warning(model: request.student)])
  }
}

extension Report.Promise {
  init(limit: Double, _ losses: [OutputLoss], _ model: QuantizedModel, count: Int) {
    let found = model.precision
    self.init(
      limit: limit, isKept: losses.worst <= limit, outputs: losses, integerOutputs: found?.before,
      float: found.map { _ in model.float } ?? [:], integerMilliseconds: found.map { $0.integerSeconds * 1e3 },
      milliseconds: found.map { $0.seconds * 1e3 }, floatMilliseconds: found.map { $0.floatSeconds * 1e3 })
  }

  private var excess: [String] {
    outputs.filter { $0.loss > limit }.map { output in
      let cosine = output.lowestCosine.map { String(format: ", lowest cosine %.4f", $0) } ?? ""
      return "'\(output.output)' loses \(Figure.share(output.loss))\(cosine)"
    }
  }

  private var notes: [String] {
    var notes: [String] = []
    if !float.isEmpty {
      let names = float.keys.sorted()
      notes.append(
        "\(names.count) nodes compute in float for it: \(names.prefix(6).joined(separator: ", "))"
          + (names.count > 6 ? ", …" : ""))
    }
    if let milliseconds, let integerMilliseconds, let floatMilliseconds {
      notes.append(
        String(
          format: "about %.2f ms; %.2f ms with all layers in int8, %.2f ms in float", milliseconds, integerMilliseconds,
          floatMilliseconds))
    }
    return notes
  }

  private static let hint =
    "give more, and more varied, calibration samples; --activations float keeps the model as it is"

  func warning(model: String) -> Diagnostic {
    Diagnostic(
      .lossNotKept, severity: .warning,
      "\(excess.joined(separator: ", ")): more than the \(Figure.share(limit)) that --max-loss allows",
      at: Place(file: model), notes: notes, hint: Self.hint)
  }

  var failure: String {
    (["--max-loss \(Figure.share(limit)) cannot be kept: \(excess.joined(separator: ", "))"] + notes
      + ["hint: \(Self.hint)"]).joined(separator: "\n  ")
  }
}
