import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// How a value lies in a buffer: a `Lowering.Form` of whatever program.
package struct ValueForm: Hashable, Sendable {
  package var encoding: Lowering.Encoding
  package var layout: Layout

  package init(encoding: Lowering.Encoding, layout: Layout) {
    self.encoding = encoding
    self.layout = layout
  }
}

/// The steps of one node: what they read and write are values in the forms that other such programs left.
///
/// Run one after the other in the graph's order, each given all forms that those before it made, the programs of all nodes
/// are the whole graph's program in pieces, and compute the same bits. So the numbers of a graph can be chosen node by
/// node from what its program computes. Out of that order (a Concat's inputs may wait for it) the same conversions can
/// come from another form, which changes no bit either: scale · (q − zeroPoint) is the same number in a table
/// (`TableStep`) and in a buffer (`DequantizeStep`), and rounding it to its own scale gives q back.
package struct NodeProgram: Sendable {
  /// A buffer's worth of a value.
  package struct Place: Sendable {
    package var value: String
    package var form: ValueForm
  }
  package let program: Program
  /// What the program reads, and the forms that it adds to those given: of the node's outputs, and of inputs that it
  /// converts. In the order of its ports.
  package let inputs: [Place]
  package let outputs: [Place]

  /// - Parameters:
  ///   - graph: with types, and parameters for the values of this node that are int8.
  ///   - constants: values that are known besides initializers (`Graph.inferTypes`).
  ///   - forms: those of each value that was computed.
  /// Throws `.cannotLower` where the node has no steps.
  package init(
    _ node: Node, of graph: Graph, constants: [String: Tensor], given forms: [String: [ValueForm]]
  ) throws {
    try self.init(of: graph, constants, reading: node.inputs, forms) { lowering in
      try lowering.lower(node)
      let names = Set(node.inputs).filter { forms[$0] != nil }.sorted() + node.outputs
      return names.flatMap { name in
        lowering.forms(of: name).dropFirst(forms[name]?.count ?? 0).map { (name, $0) }
      }
    }
  }

  /// The program that brings a value into the form of an output of the graph: row-major and in its own type.
  package init(
    reading name: String, of graph: Graph, constants: [String: Tensor], given forms: [String: [ValueForm]]
  ) throws {
    try self.init(of: graph, constants, reading: [name], forms) { lowering in
      [(name, try lowering.read(name, as: .native, in: [.rowMajor]))]
    }
  }

  private init(
    of graph: Graph, _ constants: [String: Tensor], reading names: [String], _ forms: [String: [ValueForm]],
    _ body: (inout Lowering) throws -> [(name: String, form: Lowering.Form)]
  ) throws {
    var seen: Set<String> = []
    let given = names.compactMap { name in forms[name].map { (name: name, forms: $0) } }
      .filter { seen.insert($0.name).inserted }
    var lowering = try Lowering(partOf: graph, constants: constants, given: given)
    let found = given.flatMap { value in lowering.forms(of: value.name).map { (value.name, $0) } }
    let made = try body(&lowering)
    var program = lowering.program
    program.inputs = found.map { Self.port($0, in: program) }
    program.outputs = made.map { Self.port($0, in: program) }
    self.program = program
    inputs = found.map(Self.place)
    outputs = made.map(Self.place)
  }

  private static func port(_ part: (name: String, form: Lowering.Form), in program: Program) -> Port {
    let buffer = program.buffers[part.form.buffer.index]
    return Port(name: part.name, dataType: buffer.dataType, shape: buffer.shape, buffer: part.form.buffer)
  }

  private static func place(_ part: (name: String, form: Lowering.Form)) -> Place {
    Place(value: part.name, form: ValueForm(encoding: part.form.encoding, layout: part.form.layout))
  }
}
