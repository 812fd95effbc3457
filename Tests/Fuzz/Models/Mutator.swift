import KDCTensor

/// Makes the changed model of a number: always the same for the same models.
struct Mutator {
  let corpus: Corpus
  var random = SplitMix64(seed: 0)

  init(_ corpus: Corpus) { self.corpus = corpus }

  /// A model of the corpus with one to four changes, now and then some of its bytes.
  mutating func model(_ number: UInt64) -> [UInt8] {
    random = SplitMix64(seed: number &* 0xD134_2543_DE82_EF95)
    let original = corpus.models[random.below(corpus.models.count)]
    guard var model = Message(original) else { return original }
    for _ in 0..<one(of: [1, 1, 2, 3, 4]) { change(model: &model) }
    var bytes = model.bytes
    if chance(0.05) { for _ in 0..<1 + random.below(5) { changeBytes(&bytes) } }
    return bytes
  }

  private mutating func change(model: inout Message) {
    let functions = model.places(ONNX.Model.function)
    switch random.below(40) {
    case 0, 1:
      guard let place = pick(model.places(ONNX.Model.opset)) else { return }
      model.edit(place) { $0.set(ONNX.Opset.version, [UInt64(5 + random.below(24))]) }
    case 2:
      model.fields.append(
        .init(ONNX.Model.opset, Message([.init(ONNX.Opset.domain, "com.microsoft"), .init(ONNX.Opset.version, 1)])))
    case 3...6 where !functions.isEmpty:
      guard let place = pick(functions) else { return }
      model.edit(place) { change(function: &$0) }
    case 7: splice(into: &model)
    case 8: wrap(in: &model)
    default:
      for place in model.places(ONNX.Model.graph) { model.edit(place) { change(graph: &$0, depth: 0) } }
    }
  }

  private mutating func change(function: inout Message) {
    // A function keeps its nodes in another field than a graph; the values it reads are much the same.
    var graph = Message(
      function.fields.compactMap { field in
        switch field.number {
        case ONNX.Function.node: .init(ONNX.Graph.node, field.value)
        default: nil
        }
      })
    change(graph: &graph, depth: 1)
    function.fields.removeAll { $0.number == ONNX.Function.node }
    function.fields += graph.fields.compactMap {
      $0.number == ONNX.Graph.node ? .init(ONNX.Function.node, $0.value) : nil
    }
    if chance(0.2), let place = pick(function.places(ONNX.Function.input, ONNX.Function.output)) {
      function.fields.remove(at: place)
    }
  }

  private mutating func changeBytes(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let at = random.below(bytes.count)
    switch random.below(3) {
    case 0: bytes[at] ^= 1 << UInt8(random.below(8))
    case 1: bytes.removeSubrange(at..<min(at + 1 + random.below(8), bytes.count))
    default: bytes.insert(UInt8(random.below(256)), at: at)
    }
  }

  // MARK: Choice

  mutating func chance(_ share: Double) -> Bool { random.unit() < share }
  mutating func pick<T>(_ items: [T]) -> T? { items.isEmpty ? nil : items[random.below(items.count)] }
  mutating func one(of items: [Int]) -> Int { items.isEmpty ? 0 : items[random.below(items.count)] }

  mutating func integer() -> UInt64 {
    let value = chance(0.5) ? one(of: Self.integers) : random.below(44) - 4
    return UInt64(bitPattern: Int64(value))
  }
  mutating func float() -> UInt32 { pick(Self.floats) ?? 0 }
  mutating func text() -> [UInt8] { pick(Self.texts) ?? [] }

  /// One element more, less or other.
  mutating func changeList<T>(_ items: [T], _ new: (inout Self) -> T) -> [T] {
    var items = items
    switch random.below(4) {
    case 0: items.insert(new(&self), at: random.below(items.count + 1))
    case 1 where !items.isEmpty: items.remove(at: random.below(items.count))
    case _ where items.isEmpty: items.append(new(&self))
    default: items[random.below(items.count)] = new(&self)
    }
    return items
  }

  private static let integers = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 64, 100, 255, 256, 1000, 4096, 65_536, 100_000, 1 << 20, 1 << 24, 1 << 28,
    (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 62, .max, -1, -2, -3, -7, -128, -(1 << 31), .min, .min + 1,
  ]
  private static let floats: [UInt32] = [
    0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 1, 0x7F7F_FFFF, 0x0080_0000,
    0x4049_0FDB, 0x4B80_0000, 0x4F00_0000, 0x5F00_0000, 0x3F00_0000,
  ]
  private static let texts: [[UInt8]] =
    [
      "", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", "reflect", "edge", "wrap", "linear", "nearest",
      "cubic", "bilinear", "tanh", "Tanh", "none", "add", "mul", "max", "bidirectional", "reverse", "forward", "DCR",
      "CRD",
      "asymmetric", "align_corners", "tf_crop_and_resize", "ij,jk->ik", "...i->i", "ii", "x\u{1b}[31m", "a\nb", "LEFT",
      String(repeating: "A", count: 3000),
    ].map { Array($0.utf8) } + [[0xFF, 0xFE]]
}
