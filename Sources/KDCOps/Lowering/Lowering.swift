import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// A program under construction, and where each value of the graph is in it.
///
/// A value may be in several forms (int8 or its own type, row-major or channels-last), each a buffer; forms are made
/// when a step asks for them and kept. A value with an entry in `graph.quantization` is int8 where operators can use it.
package struct Lowering {
  /// How a value's elements are represented.
  package enum Encoding: Hashable, Sendable {
    /// In the value's own type.
    case native
    case int8(Affine)
  }

  /// One place where a value is.
  package struct Form: Sendable {
    package var encoding: Encoding
    package var layout: Layout
    package var buffer: BufferID
  }

  package private(set) var graph: Graph
  package private(set) var program: Program
  private var constants: [String: Tensor]
  /// Values that a node or the graph's user reads; nil in a part of a program, which asks for few and looks for them.
  private let used: Set<String>?
  private var forms: [String: [Form]] = [:]
  private var constantIDs: [ConstantKey: ConstantID] = [:]
  var sampledValues = SampledValues()
  /// Name of the node being lowered; its steps carry it.
  private var stepName = ""
  /// The node being lowered computes in float, whatever forms its values have.
  private var staysFloat = false

  private struct ConstantKey: Hashable {
    var type: TensorType
    var isInt4: Bool
    var bytes: [UInt8]
  }

  /// `graph` has its types; `constants` are values that are known besides its initializers.
  package init(_ graph: Graph, constants: [String: Tensor]) {
    self.graph = graph
    self.constants = constants
    used = Set(graph.nodes.flatMap(\.inputs)).union(graph.outputs).subtracting([""])
    program = Program(name: graph.name)
    for input in graph.inputs where graph.initializers[input.name] == nil {
      let buffer = newBuffer(input.name, input.type, .native, .rowMajor)
      forms[input.name] = [Form(encoding: .native, layout: .rowMajor, buffer: buffer)]
      program.inputs.append(
        Port(name: input.name, dataType: input.type.dataType, shape: input.type.shape, buffer: buffer))
    }
  }

  /// A part of a program: `given` values of `graph` are in buffers of their own, which the part finds filled.
  init(partOf graph: Graph, constants: [String: Tensor], given: [(name: String, forms: [ValueForm])]) throws {
    self.graph = graph
    self.constants = constants
    used = nil
    program = Program(name: graph.name)
    for (name, valueForms) in given {
      for form in valueForms { _ = try write(name, as: form.encoding, in: form.layout) }
    }
  }

  /// The forms that a value has so far.
  func forms(of name: String) -> [Form] { forms[name] ?? [] }

  /// Appends a node's steps. Throws `.cannotLower` where it has none.
  package mutating func lower(_ node: Node) throws {
    guard let op = try Operators.decode(node) as? any Lowerable else {
      throw Diagnostic(
        .cannotLower, "'\(node.opType)' cannot run on a device", at: node.place,
        hint: "`kdc inspect --ops` lists what every operator supports")
    }
    stepName = node.name.isEmpty ? node.outputs.first ?? "" : node.name
    staysFloat = node.staysFloat
    if isEmpty(node) {
      try writeNothing(node)
    } else if let axes = try samples(of: node, op) {
      try lowerSamples(node, op, axes)
    } else {
      try op.lower(node, into: &self)
    }
  }

  /// Makes the graph's outputs ports: row-major and in their own type.
  package mutating func finish() throws {
    for name in graph.outputs {
      stepName = name
      let type = try type(of: name)
      let form = try read(name, as: .native, in: [.rowMajor])
      program.outputs.append(Port(name: name, dataType: type.dataType, shape: type.shape, buffer: form.buffer))
    }
    program.removeDeadSteps()
  }

  // MARK: What is known of values

  package func type(of name: String) throws -> TensorType {
    guard let type = graph.types[name] else { throw InternalError("value '\(name)' has no type") }
    return type
  }

  package func shape(of name: String) throws -> Shape { try type(of: name).shape }

  /// The value, where it is known when compiling; quantised initializers as stored.
  package func constant(_ name: String) -> Tensor? { graph.initializers[name] ?? constants[name] }

  /// Whether anything uses the value.
  package func isUsed(_ name: String) -> Bool {
    let name = sampledValues.origins[name]?.value ?? name
    if let used { return used.contains(name) }
    return !name.isEmpty && (graph.outputs.contains(name) || graph.nodes.contains { $0.inputs.contains(name) })
  }

  /// The int8 form that the quantiser chose for a float value; nil where it stays float, and for a node that does.
  package func quantized(_ name: String) -> Affine? {
    guard !staysFloat, let parameters = graph.quantization[name], parameters.scales.count == 1, parameters.scale > 0,
      graph.types[name]?.dataType == .float32
    else { return nil }
    return Affine(scale: parameters.scale, zeroPoint: parameters.zeroPoint, bits: parameters.bits)
  }

  /// The same, the value's own type where it is not int8.
  package func encoding(of name: String) -> Encoding { quantized(name).map { .int8($0) } ?? .native }

  /// A float constant; int8 initializers with parameters are dequantised. nil where the value is computed.
  package func floatConstant(_ name: String) -> Tensor? {
    guard let tensor = constant(name) else { return nil }
    guard case .int8(let values) = tensor.elements, let parameters = graph.quantization[name] else { return tensor }
    return Tensor(tensor.shape, parameters.dequantized(values, tensor.shape))
  }

  /// The layouts in which a value is in this encoding or another, best first.
  package func availableLayouts(_ name: String, _ encoding: Encoding) -> [Layout] {
    guard let all = forms[name] else {
      guard let origin = sampledValues.origins[name] else { return [] }
      return availableLayouts(origin.value, encoding).map { if case .reshaped = $0 { .rowMajor } else { $0 } }
    }
    return all.filter { $0.encoding == encoding }.map(\.layout) + all.filter { $0.encoding != encoding }.map(\.layout)
  }

  // MARK: Reading and writing values

  /// A buffer with the value in `encoding` and in one of `layouts` (nil: any but `reshaped`); what is missing is
  /// converted by steps.
  package mutating func read(
    _ name: String, as encoding: Encoding, in layouts: [Layout]? = nil
  ) throws -> Form {
    let shape = try shape(of: name)
    let accepted = layouts?.map { $0.normalized(for: shape) }
    func isAccepted(_ layout: Layout) -> Bool {
      if let accepted { return accepted.contains(layout) }
      if case .reshaped = layout { return false }
      return true
    }
    let existing = forms[name] ?? []
    if let form = existing.first(where: { $0.encoding == encoding && isAccepted($0.layout) }) { return form }
    let wanted = accepted?.first ?? .rowMajor
    if existing.isEmpty {
      if let origin = sampledValues.origins[name], constant(name) == nil {
        return try cut(name, from: origin, encoding, accepted)
      }
      guard let tensor = constant(name) else { throw InternalError("'\(name)' is used before it is computed") }
      return try load(name, tensor, encoding, wanted)
    }
    if let form = existing.first(where: { $0.encoding == encoding }) { return try relayout(name, form, wanted) }
    // Float is the better source; a layout that will do the better layout.
    let sources = existing.filter { $0.encoding == .native } + existing.filter { $0.encoding != .native }
    guard let source = sources.first(where: { isAccepted($0.layout) }) ?? sources.first else {
      throw InternalError("'\(name)' has no form")
    }
    return try convert(name, source, to: encoding, isAccepted(source.layout) ? source.layout : wanted)
  }

  /// Makes a value known that the graph does not have, with the numbers of another.
  mutating func add(_ name: String, _ type: TensorType, like other: String, constant: Tensor?) {
    graph.types[name] = type
    graph.quantization[name] = graph.quantization[other]
    constants[name] = constant
  }

  /// A new buffer for the value in this form.
  package mutating func write(_ name: String, as encoding: Encoding, in layout: Layout) throws -> BufferID {
    let type = try type(of: name)
    let layout = layout.normalized(for: type.shape)
    let buffer = newBuffer(name, type, encoding, layout)
    forms[name, default: []].append(Form(encoding: encoding, layout: layout, buffer: buffer))
    return buffer
  }

  /// States that `name` is in an existing buffer.
  package mutating func alias(_ name: String, _ form: Form) throws {
    var form = form
    form.layout = form.layout.normalized(for: try shape(of: name))
    forms[name, default: []].append(form)
  }

  /// A buffer that is no value of the graph.
  package mutating func temporary(_ type: TensorType) -> BufferID {
    newBuffer(stepName, type, .native, .rowMajor)
  }

  package mutating func append(_ make: (_ name: String) -> any Step) { program.steps.append(make(stepName)) }

  /// Equal constants are stored once. `isInt4`: see `Constant`.
  package mutating func addConstant(_ tensor: Tensor, _ role: String, isInt4: Bool = false) -> ConstantID {
    let key = ConstantKey(type: tensor.type, isInt4: isInt4, bytes: tensor.littleEndianBytes)
    if let id = constantIDs[key] { return id }
    program.constants.append(Constant(name: "\(stepName).\(role)", tensor: tensor, isInt4: isInt4))
    let id = ConstantID(program.constants.count - 1)
    constantIDs[key] = id
    return id
  }

  /// A buffer that holds a constant.
  package mutating func loaded(_ tensor: Tensor, _ role: String) -> BufferID {
    let constant = addConstant(tensor, role)
    let buffer = temporary(tensor.type)
    append { LoadStep(name: $0, constant: constant, output: buffer, byteCount: tensor.byteCount) }
    return buffer
  }

  private mutating func newBuffer(
    _ name: String, _ type: TensorType, _ encoding: Encoding, _ layout: Layout
  ) -> BufferID {
    var buffer = Buffer(name: name, dataType: type.dataType, shape: layout.memoryShape(of: type.shape))
    if case .int8(let affine) = encoding {
      buffer.dataType = .int8
      buffer.scale = affine.scale
      buffer.zeroPoint = affine.zeroPoint
    }
    program.buffers.append(buffer)
    return BufferID(program.buffers.count - 1)
  }

  /// Whether the node has outputs, all without elements: nothing is to be computed.
  package func isEmpty(_ node: Node) -> Bool {
    let outputs = node.outputs.filter { !$0.isEmpty }
    return !outputs.isEmpty && outputs.allSatisfy { graph.types[$0]?.shape.count == 0 }
  }

  /// Buffers for the outputs of such a node.
  package mutating func writeNothing(_ node: Node) throws {
    for name in node.outputs where !name.isEmpty { _ = try write(name, as: .native, in: .rowMajor) }
  }
}

extension Program {
  /// Drops steps of which nothing is used, and the data of constants that no step reads.
  fileprivate mutating func removeDeadSteps() {
    var live = Set(outputs.map(\.buffer))
    var kept: [any Step] = []
    for step in steps.reversed() where step.writes.contains(where: live.contains) {
      live.formUnion(step.reads)
      live.formUnion(step.writes)
      kept.append(step)
    }
    steps = kept.reversed()
    let used = Set(steps.flatMap(\.constants))
    for index in constants.indices where !used.contains(ConstantID(index)) {
      constants[index].tensor = Tensor([0], [Int8]())
      constants[index].isInt4 = false
    }
  }
}
