import KDCGraph
import KDCOps
import KDCTensor

/// Scan: states v… and sequences x… of one length; the body takes the states and one slice of each sequence, and gives the states
/// and slices of what it makes. Opset 8 has a batch before all of it, and lengths of its sequences.
extension ControlFlowExpansion {
  /// All rounds one after the other. False where the file is not as ONNX has it, or gives lengths.
  mutating func expandScan(_ node: Node) throws -> Bool {
    guard case .graph(let original)? = node.attributes["body"],
      let sequences = try node.optionalInt("num_scan_inputs"), sequences > 0
    else { return false }
    let hasBatch = node.opset < 9
    if hasBatch && node.input(0) != nil { return false }
    var values: [Value] = []
    for name in node.inputs.dropFirst(hasBatch ? 1 : 0) {
      guard let value = value(name) else { return false }
      values.append(value)
    }
    let states = values.count - sequences
    guard states >= 0, original.inputs.count == values.count, original.outputs.count >= states,
      node.outputs.count <= original.outputs.count
    else { return false }
    let scan = Scanning(
      body: shareConstants(of: original), states: states,
      axes: try node.optionalInts("scan_input_axes") ?? [],
      backwards: try node.optionalInts(hasBatch ? "directions" : "scan_input_directions") ?? [],
      outputAxes: try node.optionalInts("scan_output_axes") ?? [],
      outputsBackwards: try node.optionalInts("scan_output_directions") ?? [])
    let results = hasBatch ? try batches(of: values, scan, node) : try rounds(of: values, scan, node)
    guard let results else { return false }
    for (output, value) in zip(node.outputs, results) where !output.isEmpty { give(value.name, as: output, of: node) }
    return true
  }

  private struct Scanning {
    var body: Graph
    var states: Int
    var axes: [Int]
    var backwards: [Int]
    var outputAxes: [Int]
    var outputsBackwards: [Int]
  }

  /// One scan for each element of the batch, the first axis of all values.
  private mutating func batches(of values: [Value], _ scan: Scanning, _ node: Node) throws -> [Value]? {
    guard let count = values.first?.type.shape.dims.first, count > 0,
      values.allSatisfy({ $0.type.shape.dims.first == count })
    else { return nil }
    var results: [[Value]] = []
    for index in 0..<count {
      guard let result = try rounds(of: values.map({ slice($0, index, axis: 0, for: node) }), scan, node) else {
        return nil
      }
      results.append(result)
    }
    var whole: [Value] = []
    for output in results[0].indices {
      guard let value = stack(results.map { $0[output] }, axis: 0, for: node) else { return nil }
      whole.append(value)
    }
    return whole
  }

  private mutating func rounds(of values: [Value], _ scan: Scanning, _ node: Node) throws -> [Value]? {
    let sequences = values.dropFirst(scan.states)
    var axes: [Int] = []
    for (index, sequence) in sequences.enumerated() {
      let rank = sequence.type.shape.rank
      let axis = scan.axes.indices.contains(index) ? scan.axes[index] : 0
      guard (-rank..<rank).contains(axis) else { return nil }
      axes.append(axis < 0 ? axis + rank : axis)
    }
    let lengths = Set(zip(sequences, axes).map { $0.type.shape[$1] })
    guard lengths.count == 1, let length = lengths.first, length > 0 else { return nil }
    guard length <= Self.limit.rounds else {
      throw Self.tooMany(node, "has more than \(Self.limit.rounds) rounds", in: graph)
    }
    var state = Array(values.prefix(scan.states))
    var rows = [[Value]](repeating: [], count: scan.body.outputs.count - scan.states)
    for round in 0..<length {
      let slices = zip(sequences, axes).enumerated().map { index, pair in
        let isBackwards = scan.backwards.indices.contains(index) && scan.backwards[index] == 1
        return slice(pair.0, isBackwards ? length - 1 - round : round, axis: pair.1, for: node)
      }
      guard let results = try insert(scan.body, state + slices) else { return nil }
      state = Array(results.prefix(scan.states))
      for index in rows.indices { rows[index].append(results[scan.states + index]) }
      try checkSize(node)
    }
    var results = state
    for (index, values) in rows.enumerated() {
      let isBackwards = scan.outputsBackwards.indices.contains(index) && scan.outputsBackwards[index] == 1
      let axis = scan.outputAxes.indices.contains(index) ? scan.outputAxes[index] : 0
      guard let whole = stack(isBackwards ? values.reversed() : values, axis: axis, for: node) else { return nil }
      results.append(whole)
    }
    return results
  }

  /// Element `index` of an axis, which goes.
  private mutating func slice(_ value: Value, _ index: Int, axis: Int, for node: Node) -> Value {
    let place = constant(node.name + ".index", Tensor([], [Int64(index)]))
    var dims = value.type.shape.dims
    dims.remove(at: axis)
    return add(
      "Gather", [value.name, place.name], ["axis": .int(Int64(axis))], for: node,
      type: TensorType(value.type.dataType, Shape(dims)))
  }
}

extension ControlFlowExpansion {
  /// The values one after the other along a new axis; nil where there are none, or their types differ.
  mutating func stack(_ values: [Value], axis: Int, for node: Node) -> Value? {
    guard let first = values.first, values.allSatisfy({ $0.type == first.type }) else { return nil }
    let rank = first.type.shape.rank + 1
    guard (-rank..<rank).contains(axis) else { return nil }
    let axis = axis < 0 ? axis + rank : axis
    let axes = constant(node.name + ".axis", Tensor([1], [Int64(axis)]))
    var dims = first.type.shape.dims
    dims.insert(1, at: axis)
    let type = TensorType(first.type.dataType, Shape(dims))
    let rows = values.map { add("Unsqueeze", [$0.name, axes.name], for: node, type: type).name }
    dims[axis] = values.count
    return add(
      "Concat", rows, ["axis": .int(Int64(axis))], for: node, type: TensorType(type.dataType, Shape(dims)))
  }
}
