import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph

/// The student as it is made smaller.
struct Compressed: Sendable {
  var graph: Graph
  /// The student's channels that are left in it, by the output of its layers; all where there is no entry.
  var kept: [String: [Int]] = [:]
  /// Epochs of recovery that pruning has spent between its steps.
  var epochs = 0
  /// Its outputs on the evaluation samples; nil where it is the student, or there are none.
  var outputs: [String: [[Float]]]?
}

extension Pipeline {
  /// Removes channels until the share asked for, or a budget, is reached; the following layers are refitted.
  static func prune(
    _ compiler: Compiler, _ choice: BudgetChoice, _ baseline: Baseline, _ log: inout StageLog
  ) throws -> Compressed {
    let student = compiler.inputs.student
    guard let aim = choice.aim else { return Compressed(graph: student) }
    let outcome = try choice.finished.pruning ?? compiler.prune(aim, name: choice.name)
    if case .cut(let cut) = aim, !outcome.reached { throw compiler.outOfReach(cut, outcome) }
    var forms = [("pruned", outcome.unreconstructed)]
    if compiler.request.compression.reconstructs {
      forms.append(("reconstructed", outcome.unfactored ?? outcome.graph))
    }
    if outcome.unfactored != nil { forms.append(("low-rank", outcome.graph)) }
    var compressed = Compressed(graph: outcome.graph, kept: outcome.kept, epochs: outcome.epochs)
    for (name, graph) in forms {
      compressed.outputs = try compiler.measure(name, graph, against: baseline, &log)
    }
    log.report.channels = outcome.groups
    let channels = outcome.groups.reduce(into: (before: 0, after: 0)) {
      $0.before += $1.before
      $0.after += $1.after
    }
    let text = String(
      format: "%.1f %% of the MACs removed, %d of %d channels left", 100 * compiler.removed(from: outcome.graph),
      channels.after, channels.before)
    log.decide("prune", "pruning", text)
    for layer in outcome.lowRank {
      log.decide("prune", "low rank of '\(layer.layer)'", accepted: layer.accepted, layer.reason)
    }
    log.did(text)
    return compressed
  }
}

extension LowRank.Decision {
  fileprivate var reason: String {
    String(
      format: "rank %d of %d leaves out %.2g %% of the variance: held-out loss %.4g", rank, outputs, 100 * lost, loss)
      + (lossBefore.map { String(format: " instead of %.4g", $0) } ?? ", and pruning alone is not enough")
  }
}

extension Compiler {
  fileprivate func outOfReach(_ cut: CompressionRequest.Cut, _ outcome: PruningOutcome) -> Diagnostic {
    let (what, wanted) =
      switch cut {
      case .macs(let share): ("MACs", share)
      case .width(let share): ("channels", share)
      }
    return Diagnostic(
      .cutOutOfReach, String(format: "%.0f %% of the %@ cannot be removed", 100 * wanted, what),
      at: Place(file: request.student),
      notes: [
        String(
          format: "with the fewest channels that every layer keeps, %.1f %% of the MACs are gone",
          100 * removed(from: outcome.graph))
      ], hint: "ask for a smaller share; `kdc inspect --groups` shows what can be removed")
  }
}
