import KDCDiagnostics
import KDCTensor

/// The graph as text, one line a node:
///
///     %y: float32[1,16,14,14] = Conv(%x, %w {float32[16,3,3,3]}) strides=[2,2]
extension Graph: CustomStringConvertible {
  package var description: String {
    var lines = ["graph \(name.isEmpty ? "?" : name) (opset \(opset))"]
    lines += inputs.map { "  input %\($0.name): \($0.type)" }
    lines += nodes.map { "  " + line(for: $0) }
    lines += outputs.map { "  output %\($0)" + (types[$0].map { ": \($0)" } ?? "") }
    return lines.map(\.printable).joined(separator: "\n")
  }

  private func line(for node: Node) -> String {
    let results = node.outputs.map { $0.isEmpty ? "_" : "%\($0)" + (types[$0].map { ": \($0)" } ?? "") + note($0) }
    let operands = node.inputs.map { operand($0) }
    let kind = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
    let attributes = node.attributes.keys.sorted().map { key in
      " \(key)=" + (node.attributes[key].map(\.text) ?? "")
    }
    return results.joined(separator: ", ") + " = \(kind)(" + operands.joined(separator: ", ") + ")"
      + attributes.joined()
  }

  private func operand(_ name: String) -> String {
    if name.isEmpty { return "_" }
    guard let tensor = initializers[name] else { return "%\(name)" }
    if tensor.count == 1 { return "%\(name) {\(tensor.firstText)}" }
    return "%\(name) {\(tensor.type)\(note(name))}"
  }

  private func note(_ name: String) -> String {
    guard let entry = quantization[name] else { return "" }
    return entry.scales.count == 1
      ? " q(\(entry.scale), \(entry.zeroPoint))" : " q(\(entry.scales.count) scales, axis \(entry.axis ?? 0))"
  }
}

extension Attribute {
  /// The value as the printer shows it; long lists are cut.
  package var text: String {
    func list(_ values: [some Any]) -> String {
      let shown = values.prefix(8).map { "\($0)" }.joined(separator: ",")
      return "[\(shown)\(values.count > 8 ? ",… \(values.count)" : "")]"
    }
    switch self {
    case .int(let value): return "\(value)"
    case .float(let value): return "\(value)"
    case .string(let value): return "\"\(value)\""
    case .tensor(let value): return "{\(value.type)}"
    case .ints(let values): return list(values)
    case .floats(let values): return list(values)
    case .strings(let values): return list(values.map { "\"\($0)\"" })
    case .graph(let graph): return "{graph \(graph.name), \(graph.nodes.count) nodes}"
    }
  }
}

extension Tensor {
  fileprivate var firstText: String {
    switch elements {
    case .float32(let v): "\(v[0])"
    case .float64(let v): "\(v[0])"
    case .float16(let v): "\(Float(v[0]))"
    case .int8(let v): "\(v[0])"
    case .uint8(let v): "\(v[0])"
    case .int16(let v): "\(v[0])"
    case .uint16(let v): "\(v[0])"
    case .int32(let v): "\(v[0])"
    case .uint32(let v): "\(v[0])"
    case .int64(let v): "\(v[0])"
    case .uint64(let v): "\(v[0])"
    case .bool(let v): "\(v[0])"
    }
  }
}
