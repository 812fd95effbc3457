import Foundation
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCTargets
import KDCTensor

/// What became of a model.
enum Verdict {
  case accepted
  case refused
  /// What kdc has done wrong.
  case fault(String)
}

/// A model through import, type inference, passes, quantisation where the model has its own, lowering and the choice of
/// kernels, as `kdc inspect`, `kdc explain` and `kdc compile` do it.
struct Trial {
  let targets: [Target]

  init() throws { targets = try Targets.builtIn().find(["pi4b", "host"]) }

  func run(_ bytes: [UInt8]) -> Verdict {
    var graph: Graph
    do {
      graph = try ONNXImporter.load(bytes: Data(bytes), file: "model.onnx")
      try graph.prepare()
      let faults = try DeviceSupport.faults(of: graph)
      guard faults.isEmpty else { return refused(DiagnosticList(faults)) }
    } catch { return refused(error) }
    // What `kdc inspect` calls supported compiles.
    do { try compile(&graph) } catch { return .fault("inspect takes what compile refuses: \(error)") }
    return .accepted
  }

  private func compile(_ graph: inout Graph) throws {
    try graph.inferTypes()
    try Passes.run(on: &graph)
    let program = try lower(graph)
    for target in targets { _ = try KernelSelection(for: program, on: target) }
    guard !graph.givenQuantization.isEmpty else { return }
    do { _ = try lower(try FileQuantization(graph, threads: .single).graph) } catch let fault as Diagnostic {
      // Whether weights are finite shows only here.
      guard fault.id == .nonFiniteActivation else { throw fault }
    }
  }

  private func refused(_ error: any Error) -> Verdict {
    let text: String
    switch error {
    case let list as DiagnosticList where list.all.isEmpty: return .fault("refused without a reason")
    case let list as DiagnosticList: text = list.description
    case let fault as Diagnostic: text = fault.description
    default: return .fault("\(error)")
    }
    return text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }
      ? .fault("prints a control character") : .refused
  }
}
