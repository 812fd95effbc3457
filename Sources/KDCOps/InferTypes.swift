import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Graph {
  /// Constants with more elements than this are not propagated while types are inferred: shapes and axes are small.
  private static let largestFoldedCount = 4096

  /// Fills `types` for every value, and returns the values that turned out constant (initializers not included).
  ///
  /// Small constants are propagated through nodes (Shape → Gather → Concat → Reshape). All faults that do not follow from
  /// others are collected and thrown together as a `DiagnosticList`; each names its node.
  @discardableResult
  package mutating func inferTypes(limits: ValueLimits = .machine) throws -> [String: Tensor] {
    let (constants, faults) = inferKnownTypes(limits: limits)
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return constants
  }

  /// As `inferTypes`, but gives the faults with what could be inferred in spite of them: for passes that remove faulty
  /// nodes, such as those in a branch that is never taken.
  /// Values of `unknown` have none, and their readers stay silent.
  package mutating func inferKnownTypes(
    limits: ValueLimits = .machine, unknown: Set<String> = []
  ) -> (constants: [String: Tensor], faults: [Diagnostic]) {
    var faults: [Diagnostic] = []
    var known: [String: TensorType] = [:]
    var constants: [String: Tensor] = [:]
    // Values whose type is unknown because of a fault already reported: their users stay silent.
    var poisoned = unknown
    for (name, tensor) in initializers { known[name] = tensor.type }
    // Values that depend on no input: they may be computed when compiling.
    var fixed = Set(initializers.keys)
    for name in initializers.keys.sorted() {
      guard let type = known[name], type.shape.rank > ValueLimits.axes,
        let fault = limits.fault(of: type, "initializer '\(name)'")
      else { continue }
      faults.append(fault.located(at: Place(file: file)))
      poisoned.insert(name)
    }
    for input in inputs where initializers[input.name] == nil {
      if let fault = limits.fault(of: input.type, "input '\(input.name)'") {
        faults.append(fault.located(at: Place(file: file)))
        poisoned.insert(input.name)
      } else {
        known[input.name] = input.type
      }
    }
    for node in nodes {
      do throws(Diagnostic) {
        guard !node.inputs.contains(where: poisoned.contains) else {
          poisoned.formUnion(node.outputs)
          // Whether an If, a Loop or a Scan can be replaced shows when all before it is right.
          if Operators.controlFlow[node.opType] == nil { _ = try Operators.decode(node) }
          continue
        }
        let (types, values) = try infer(node, known: known, constants: constants, limits)
        if node.inputs.allSatisfy({ $0.isEmpty || fixed.contains($0) }) {
          for (name, type) in zip(node.outputs, types) where !name.isEmpty {
            if let fault = limits.fault(ofConstant: type, "constant '\(name)' of '\(node.opType)'") { throw fault }
            fixed.insert(name)
          }
        }
        for (name, type) in zip(node.outputs, types) where !name.isEmpty { known[name] = type }
        for (name, value) in zip(node.outputs, values) where !name.isEmpty { constants[name] = value }
      } catch {
        faults.append(error.located(at: Place(file: file, detail: node.place.detail)))
        poisoned.formUnion(node.outputs)
      }
    }
    for output in outputs where known[output] == nil && !poisoned.contains(output) {
      faults.append(
        Diagnostic(.invalidGraph, "graph output '\(output)' is computed by no node", at: Place(file: file)))
    }
    types = known
    if faults.isEmpty, let fault = peakFault(limits) { faults.append(fault) }
    return (constants, faults)
  }

  /// Types of one node's outputs, and their values where they are constant. Constants of this graph are known, too.
  func infer(
    _ node: Node, known: [String: TensorType], constants: [String: Tensor], _ limits: ValueLimits
  ) throws(Diagnostic) -> ([TensorType], [Tensor]) {
    let op = try Operators.decode(node)
    var inputs: [OperatorInput?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        inputs.append(nil)
        continue
      }
      guard let type = known[name] else {
        throw Diagnostic(
          .invalidGraph, "input '\(name)' of '\(node.opType)' is no graph input, initializer or earlier output",
          at: node.place)
      }
      inputs.append(OperatorInput(type: type, constant: initializers[name] ?? constants[name]))
    }
    let types = try op.foldedTypes(inputs)
    try Swift.type(of: op).checkRequiredInputs(of: node)
    for (name, type) in zip(node.outputs, types) {
      if let fault = limits.fault(of: type, "output '\(name)' of '\(node.opType)'") { throw fault }
    }
    if let index = node.outputs.indices.dropFirst(types.count).first(where: { !node.outputs[$0].isEmpty }) {
      throw node.unsupported("output \(index) ('\(node.outputs[index])') of '\(node.opType)'")
    }
    guard types.allSatisfy({ $0.shape.count <= Self.largestFoldedCount }) else { return (types, []) }
    do {
      if let op = op as? any TypeDetermined { return (types, try op.outputs(forTypes: inputs)) }
      let present = inputs.compactMap { $0 }
      guard present.allSatisfy({ $0.constant != nil && $0.type.shape.count <= Self.largestFoldedCount }) else {
        return (types, [])
      }
      return (types, try op.folded(inputs.map { $0?.constant }))
    } catch let fault as Diagnostic {
      throw fault
    } catch {
      throw Diagnostic(.invalidGraph, "'\(node.opType)' cannot be computed from its constant inputs: \(error)")
    }
  }

  /// The fault of a model whose values are too large together.
  private func peakFault(_ limits: ValueLimits) -> Diagnostic? {
    let peak = activationPeak(lastUses())
    guard peak.bytes > limits.liveBytes else { return nil }
    let place = peak.node.map { nodes[$0].place.detail ?? "" }
    return ValueLimits.tooLarge("what the model keeps at one time", bytes: peak.bytes, of: limits.liveBytes)
      .located(at: Place(file: file, detail: place))
  }
}
