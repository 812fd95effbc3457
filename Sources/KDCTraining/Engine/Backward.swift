import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

extension TrainingGraph {
  /// What a caller of `backward` sees of a node: its index in the graph, and the gradients of its inputs, nil where an
  /// input does not depend on a wanted value. The values are in the tape.
  package typealias Observer = (_ node: Int, _ inputGradients: [Tensor?]) throws -> Void

  /// The gradients of a scalar L with respect to `wanted` values.
  ///
  /// A value read by several nodes gets the sum of what they give, in the reverse order of the nodes.
  ///
  /// - Parameters:
  ///   - tape: of `forward` on this graph, with `keeping`.
  ///   - outputGradients: ∂L/∂value by name; outputs, or any other value L depends on directly.
  ///   - wanted: names of parameters, inputs or values in between.
  ///   - observe: sees every node that gradients pass, last node first.
  /// - Returns: by name, of the values' shapes; zeros where L does not depend on a wanted value.
  /// - Throws: a `DiagnosticList` of `notDifferentiable` (see `check`).
  package func backward(
    _ tape: Tape, outputGradients: [String: Tensor], wanted: Set<String>, observe: Observer? = nil
  ) throws -> [String: Tensor] {
    let depends = dependents(of: wanted)
    var gradients = [Tensor?](repeating: nil, count: positions.count)
    for name in outputGradients.keys.sorted() {
      guard let at = positions[name], let gradient = outputGradients[name] else {
        throw InternalError("the graph has no value '\(name)'")
      }
      gradients[at] = gradient
    }
    let kept = Set(wanted.compactMap { positions[$0] })
    for (index, step) in steps.enumerated().reversed() {
      let incoming = step.outputs.map { $0.flatMap { gradients[$0] } }
      let wantedInputs = step.inputs.map { $0.map { depends[$0] } ?? false }
      guard incoming.contains(where: { $0 != nil }), wantedInputs.contains(true) else { continue }
      let results = try differentiate(index, tape, incoming, wantedInputs)
      try observe?(index, results)
      for case let at? in step.outputs where !kept.contains(at) { gradients[at] = nil }
      for (at, result) in zip(step.inputs, results) {
        guard let at, let result, depends[at] else { continue }
        Self.add(result, to: &gradients[at])
      }
    }
    var results: [String: Tensor] = [:]
    for name in wanted {
      guard let at = positions[name] else { continue }
      if let gradient = gradients[at] {
        results[name] = gradient
      } else if let value = tape.values[at] {
        results[name] = Tensor(value.shape, [Float](repeating: 0, count: value.count))
      }
    }
    return results
  }

  /// Throws a `DiagnosticList` that names every node between `wanted` values and the graph's outputs that has a float
  /// result and no gradient. Integer results (ArgMax, Shape) end a path, and are no fault.
  package func check(wanted: Set<String>) throws {
    let depends = dependents(of: wanted)
    var reaches = [Bool](repeating: false, count: positions.count)
    for name in graph.outputs { if let at = positions[name] { reaches[at] = true } }
    var faults: [Diagnostic] = []
    for (index, step) in steps.enumerated().reversed() {
      let isOnPath = zip(step.outputs, step.isFloat).contains { at, isFloat in
        isFloat && (at.map { reaches[$0] } ?? false)
      }
      guard isOnPath else { continue }
      for case let at? in step.inputs { reaches[at] = true }
      let passes = step.inputs.contains { $0.map { depends[$0] } ?? false }
      if passes && !(step.op is any Differentiable) { faults.append(notDifferentiable(index)) }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults.reversed()) }
  }

  /// For each value whether it depends on a `wanted` one through float values.
  private func dependents(of wanted: Set<String>) -> [Bool] {
    var depends = [Bool](repeating: false, count: positions.count)
    for name in wanted { if let at = positions[name] { depends[at] = true } }
    for step in steps where step.inputs.contains(where: { $0.map { depends[$0] } ?? false }) {
      for case (let at?, true) in zip(step.outputs, step.isFloat) { depends[at] = true }
    }
    return depends
  }

  private func differentiate(
    _ index: Int, _ tape: Tape, _ incoming: [Tensor?], _ wanted: [Bool]
  ) throws -> [Tensor?] {
    let step = steps[index]
    guard let op = step.op as? any Differentiable else { throw DiagnosticList([notDifferentiable(index)]) }
    guard index < tape.results.count else { throw InternalError("the tape was not kept for a backward run") }
    let outputs = tape.results[index]
    let padding = [Tensor?](repeating: nil, count: max(0, outputs.count - incoming.count))
    let results = try op.gradients(
      inputs: step.inputs.map { $0.flatMap { tape.values[$0] } }, outputs: outputs,
      outputGradients: incoming + padding, wanted: wanted)
    guard results.count == step.inputs.count else {
      throw InternalError("\(graph.nodes[index].label) gives \(results.count) gradients")
    }
    return results
  }

  private func notDifferentiable(_ index: Int) -> Diagnostic {
    Diagnostic(
      .notDifferentiable, "'\(graph.nodes[index].opType)' has no gradient, so what lies before it cannot be trained",
      at: Place(file: graph.file, detail: graph.nodes[index].label),
      hint: "compile without training: --no-recover")
  }

  private static func add(_ term: Tensor, to sum: inout Tensor?) {
    guard var total = sum else {
      sum = term
      return
    }
    sum = nil
    total.add(term)
    sum = total
  }
}

extension Tensor {
  /// Adds the elements of `other`, a float32 tensor like this one.
  package mutating func add(_ other: Tensor) {
    guard case .float32(var values) = elements, case .float32(let terms) = other.elements else { return }
    elements = .float32([])
    let count = min(values.count, terms.count)
    values.withUnsafeMutableBufferPointer { values in
      terms.withUnsafeBufferPointer { terms in
        for i in 0..<count { values[i] += terms[i] }
      }
    }
    elements = .float32(values)
  }
}
