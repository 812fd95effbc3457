import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor

/// What `kdc inspect` tells of a model; the JSON has these keys.
struct ModelSummary: Encodable {
  struct Port: Encodable {
    var name: String
    var type: String?
    var shape: [Int]?
  }
  struct Count: Encodable {
    var op: String
    var count: Int
    var macs: Int
  }
  struct Fault: Encodable {
    var id: String
    var message: String
    var place: String?
    var notes: [String]
    var hint: String?
  }

  var file: String
  var opset: Int
  var inputs: [Port]
  var outputs: [Port]
  var nodes: Int
  var ops: [Count]
  /// Elements of all float initializers.
  var params: Int
  /// Bytes of all initializers as they are stored now.
  var paramBytes: Int
  var macs: Int
  /// Largest sum of the bytes of values alive at one time, unfused and in the model's own types.
  var activationBytes: Int
  /// What reading the file changed: types that are computed in others.
  var notes: [String]
  /// For how many values the file gives a scale and a zero point of 8 bits; nil for a model that is not quantised.
  var quantizedValues: Int?
  var unsupported: [Fault]

  init(_ graph: Graph, faults: [Diagnostic]) {
    file = graph.file
    opset = graph.opset
    inputs = graph.inputs.map {
      Port(name: $0.name, type: $0.type.dataType.rawValue, shape: $0.type.shape.dims)
    }
    outputs = graph.outputs.map {
      Port(name: $0, type: graph.types[$0]?.dataType.rawValue, shape: graph.types[$0]?.shape.dims)
    }
    nodes = graph.nodes.count
    var counts: [String: Count] = [:]
    for node in graph.nodes {
      let op = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
      counts[op, default: Count(op: op, count: 0, macs: 0)].count += 1
      counts[op]?.macs += graph.multiplyAccumulates(of: node)
    }
    ops = counts.values.sorted { ($1.count, $0.op) < ($0.count, $1.op) }
    params = graph.initializers.values.reduce(0) { $0 + ($1.dataType.isFloat || $1.dataType == .int8 ? $1.count : 0) }
    paramBytes = graph.initializers.values.reduce(0) { $0 + $1.byteCount }
    macs = ops.reduce(0) { $0 + $1.macs }
    activationBytes = graph.peakActivationBytes
    notes = graph.notes
    quantizedValues = graph.quantizedValues
    unsupported = faults.map {
      Fault(id: "\($0.id)", message: $0.message, place: $0.place?.description, notes: $0.notes, hint: $0.hint)
    }
  }

  var text: String {
    func line(_ kind: String, _ port: Port) -> String {
      let type = port.type.map { "\($0)\(Shape(port.shape ?? []))" } ?? "unknown"
      return "  \(kind) \(port.name): \(type)"
    }
    var lines = ["\(file) (opset \(opset))"]
    lines += inputs.map { line("input ", $0) } + outputs.map { line("output", $0) }
    lines.append("  nodes  \(nodes): " + ops.map { "\($0.op) \($0.count)" }.joined(separator: ", "))
    lines.append("  params \(Figure.count(params)) (\(Figure.bytes(paramBytes)))")
    lines.append("  MACs   \(Figure.count(macs))")
    lines.append("  peak of activations \(Figure.bytes(activationBytes)), unfused")
    lines += notes.map { "  note   \($0)" }
    if let quantizedValues {
      lines.append(
        "  quantised: \(quantizedValues) values have 8-bit scales"
          + (quantizedValues > 0
            ? ", which `kdc compile` keeps; it needs no --data" : "; what is quantised otherwise is float"))
    }
    lines.append(
      unsupported.isEmpty ? "  everything is supported" : "  \(unsupported.count) unsupported or faulty, see below")
    return lines.map(\.printable).joined(separator: "\n")
  }
}
