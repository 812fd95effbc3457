import KDCTensor

/// A model as a directed acyclic graph with ONNX semantics, rewritten by passes.
///
/// Values are named; each is a graph input, an initializer, or one output of one node. `nodes` are in topological order.
package struct Graph: Sendable {
  package var name: String
  /// Version of ONNX's own operator set, one of `OperatorSets.supported`.
  package var opset: Int
  /// Where the model came from, as the user gave it; for diagnostics.
  package var file: String
  package var inputs: [ValueInfo]
  package var outputs: [String]
  package var nodes: [Node] {
    get { storedNodes }
    // In place; an observer would copy the array where other modules change it.
    _modify {
      defer { index = nil }
      yield &storedNodes
    }
  }
  private var storedNodes: [Node]
  package var initializers: [String: Tensor]
  /// Type of every value, filled by shape inference (`KDCOps.inferTypes`).
  package var types: [String: TensorType]
  /// How a value is represented in integers; a value without an entry stays float. Filled by the quantiser.
  package var quantization: [String: QuantizationParameters]
  /// How the model's file says that a value is represented in integers; read by `ReadQuantization`, used by whoever quantises.
  package var givenQuantization: [String: QuantizationParameters]
  /// What outputs mean, where that is known: recognised from the graph as it was read, or given by the user.
  package var outputKinds: [String: OutputKind]
  /// What reading the model changed, each a sentence for its user: types that became others.
  package var notes: [String] = []
  /// Only while the graph is rewritten node by node; see `rewriteNodes`.
  var index: GraphIndex?

  package init(
    name: String, opset: Int, file: String = "", inputs: [ValueInfo], outputs: [String], nodes: [Node],
    initializers: [String: Tensor] = [:]
  ) {
    self.name = name
    self.opset = opset
    self.file = file
    self.inputs = inputs
    self.outputs = outputs
    storedNodes = nodes
    self.initializers = initializers
    self.types = [:]
    self.quantization = [:]
    self.givenQuantization = [:]
    self.outputKinds = [:]
  }
}

/// Name and type of a graph input.
package struct ValueInfo: Hashable, Sendable {
  package var name: String
  package var type: TensorType
  package init(name: String, type: TensorType) {
    self.name = name
    self.type = type
  }
}
