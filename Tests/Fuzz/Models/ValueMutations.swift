/// Changes of what nodes are given: attributes, tensors, types and shapes.
extension Mutator {
  mutating func change(attribute: inout Message, depth: Int) {
    guard !attribute.fields.isEmpty else { return }
    let place = random.below(attribute.fields.count)
    let number = attribute.fields[place].number
    switch (number, attribute.fields[place].value) {
    case (ONNX.Attribute.ints, _):
      attribute.set(number, changeList(attribute.integers(number)) { $0.integer() })
    case (ONNX.Attribute.type, _): attribute.fields[place].value = .varint(UInt64(random.below(15)))
    case (ONNX.Attribute.int, _): attribute.fields[place].value = .varint(integer())
    case (_, .fixed32): attribute.fields[place].value = .fixed32(float())
    case (ONNX.Attribute.floats, .bytes(let bytes)): attribute.fields[place].value = .bytes(changeFloats(bytes))
    case (ONNX.Attribute.string, _): attribute.fields[place].value = .bytes(text())
    case (ONNX.Attribute.name, .bytes(let name)):
      attribute.fields[place].value = .bytes(pick(corpus.attributeNames) ?? name)
      if chance(0.1) {
        attribute.fields.append(.init(ONNX.Attribute.reference, .bytes(pick(corpus.attributeNames) ?? name)))
      }
    case (ONNX.Attribute.graph, _): attribute.edit(place) { change(graph: &$0, depth: depth + 1) }
    case (ONNX.Attribute.tensor, _): attribute.edit(place) { change(tensor: &$0) }
    default: break
    }
  }

  private mutating func changeFloats(_ bytes: [UInt8]) -> [UInt8] {
    let floats = (0..<bytes.count / 4).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
    }
    return changeList(floats) { $0.float() }.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
  }

  mutating func change(tensor: inout Message) {
    let type = tensor.first(ONNX.Tensor.type)?.varint ?? 1
    switch random.below(6) {
    case 0: tensor.set(ONNX.Tensor.dims, changeList(tensor.integers(ONNX.Tensor.dims)) { $0.integer() })
    case 1: tensor.set(ONNX.Tensor.type, [UInt64(random.below(24))])
    default:
      if let place = tensor.places(ONNX.Tensor.raw).first, var raw = tensor.fields[place].bytes, !raw.isEmpty {
        let size = Self.size(of: type)
        let at = random.below(max(raw.count / size, 1)) * size
        let value = [6, 7, 12, 13].contains(type) ? integer() : type == 1 ? UInt64(float()) : random.next()
        for byte in 0..<size where at + byte < raw.count {
          raw[at + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
        }
        if chance(0.05) { raw = Array(raw.prefix(random.below(raw.count + 1))) }
        tensor.fields[place].value = .bytes(raw)
      } else {
        for number in [ONNX.Tensor.int64, ONNX.Tensor.int32] where !tensor.places(number).isEmpty {
          let values = changeList(tensor.integers(number)) { $0.integer() }
          tensor.fields.removeAll { $0.number == number }
          tensor.fields.append(.init(number, .bytes(values.flatMap(Message.varint))))
        }
      }
    }
  }

  /// Type or shape of an input or output: ValueInfoProto.type, its tensor_type (1): elem_type (1), shape (2), dim (1).
  mutating func change(info: inout Message) {
    for place in info.places(ONNX.Info.type) {
      info.edit(place) { type in
        for place in type.places(1) { type.edit(place) { change(tensorType: &$0) } }
      }
    }
  }

  private mutating func change(tensorType: inout Message) {
    switch random.below(5) {
    case 0: tensorType.set(1, [UInt64(random.below(20))])
    case 1 where chance(0.3): tensorType.fields.removeAll { $0.number == 2 }
    default:
      for place in tensorType.places(2) {
        tensorType.edit(place) { shape in
          shape.fields = changeList(shape.fields) { mutator in
            .init(1, Message([mutator.chance(0.9) ? .init(1, .varint(mutator.integer())) : .init(2, "batch")]))
          }
        }
      }
    }
  }
}
