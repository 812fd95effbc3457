import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// A rewrite of the graph that keeps its outputs, up to the rounding of folded constants.
///
/// A pass finds types filled and the verifier content, and leaves the verifier content; types are inferred again after it.
package protocol GraphPass: Sendable {
  /// In the words of `kdc compile --verbose`: "fold batch normalization".
  static var name: String { get }

  /// Rewrites `graph` and returns how many places changed.
  static func run(on graph: inout Graph) throws -> Int
}

/// What one pass did.
package struct PassSummary: Sendable, Codable, Equatable {
  package var pass: String
  package var changes: Int
  package var nodes: Int
}

/// The canonicalisation of an imported graph, in order.
package enum Passes {
  package static let all: [any GraphPass.Type] = [
    ExpandControlFlow.self,
    ReadDynamicQuantization.self,
    ExpandOperators.self,
    ReadQuantization.self,
    FoldConstants.self,
    ExpandQuantization.self,
    RemoveNoOps.self,
    EliminateCommonSubexpressions.self,
    FuseLayerNormalization.self,
    FuseInstanceNormalization.self,
    FuseRMSNormalization.self,
    RecognizeActivations.self,
    SeparateMask.self,
    CanonicalizeConvolution.self,
    CanonicalizeMatMul.self,
    FoldPadding.self,
    FoldBatchNormalization.self,
    FoldChannelAffine.self,
    FoldAffineIntoReader.self,
    ConvertBatchNormalization.self,
    FuseResidualAdd.self,
    FuseActivation.self,
    FoldConstants.self,
    EliminateDeadCode.self,
  ]

  /// Runs all passes; `observe` sees the graph after each.
  ///
  /// Throws a `DiagnosticList` with every node of the model that kdc cannot compile, `InternalError` where a pass
  /// breaks the graph.
  @discardableResult
  package static func run(
    on graph: inout Graph, observe: ((PassSummary, Graph) throws -> Void)? = nil
  ) throws -> [PassSummary] {
    var summaries: [PassSummary] = []
    for pass in all {
      let changes = try run(pass, on: &graph)
      let summary = PassSummary(pass: pass.name, changes: changes, nodes: graph.nodes.count)
      summaries.append(summary)
      try observe?(summary, graph)
    }
    return summaries
  }

  /// Runs one pass, then dead code elimination, type inference and the verifier.
  @discardableResult
  package static func run(_ pass: any GraphPass.Type, on graph: inout Graph) throws -> Int {
    if graph.types.isEmpty, pass != ExpandControlFlow.self { try graph.inferTypes() }
    let changes = try pass.run(on: &graph)
    _ = EliminateDeadCode.run(on: &graph)
    // A model's own faults show in the first inference; after that they are kdc's.
    if pass == ExpandControlFlow.self {
      try graph.inferTypes()
    } else if changes > 0 {
      do { try graph.inferTypes() } catch let list as DiagnosticList {
        throw InternalError("pass '\(pass.name)' broke the graph: \(list)")
      }
    }
    let faults = graph.verify()
    guard faults.isEmpty else { throw InternalError("pass '\(pass.name)' broke the graph: \(DiagnosticList(faults))") }
    return changes
  }
}

extension Graph {
  /// Brings a model that was just read into the form that everything else begins with, the float evaluator too: branches and
  /// loops written out, no dead nodes. Types are not inferred yet.
  package mutating func prepare() throws {
    _ = try ExpandControlFlow.run(on: &self)
    _ = EliminateDeadCode.run(on: &self)
  }
}
