import KDCTensor

/// Collects what is wrong with one step of a program. Nothing here traps, whatever the step's numbers are.
package struct StepCheck {
  private let program: Program
  /// Sentences, in the order of discovery.
  package private(set) var faults: [String] = []

  /// No dimension, count or stride goes beyond this, so that products of a few fit `Int`.
  static let limit = 1 << 31

  init(_ program: Program) { self.program = program }

  mutating func require(_ condition: Bool, _ fault: @autoclosure () -> String) {
    if !condition { faults.append(fault()) }
  }

  /// Every value is in 1...limit.
  mutating func positive(_ values: Int..., named name: String) {
    require(values.allSatisfy { $0 >= 1 && $0 <= Self.limit }, "\(name) out of range")
  }

  mutating func range(_ value: Int, _ range: ClosedRange<Int>, named name: String) {
    require(range.contains(value), "\(name) \(value) is not in \(range)")
  }

  /// The buffer exists and holds at least the product of `dims` elements of `elementBytes`.
  mutating func buffer(_ id: BufferID?, _ dims: Int..., bytes elementBytes: Int, named name: String) {
    guard let id else { return }
    guard let need = Self.product(dims + [elementBytes]) else { return faults.append("\(name): impossible size") }
    guard program.buffers.indices.contains(id.index) else { return faults.append("\(name): no buffer \(id.index)") }
    let have = program.buffers[id.index].byteCount
    require(need <= have, "\(name): needs \(need) bytes, buffer \(id.index) has \(have)")
  }

  /// The constant exists and holds the product of `dims` elements of `type`.
  mutating func constant(_ id: ConstantID?, _ type: DataType, _ dims: Int..., named name: String) {
    guard let id else { return }
    guard let need = Self.product(dims) else { return faults.append("\(name): impossible size") }
    guard program.constants.indices.contains(id.index) else {
      return faults.append("\(name): no constant \(id.index)")
    }
    let tensor = program.constants[id.index].tensor
    require(
      tensor.dataType == type && tensor.count == need && tensor.elements.count == need,
      "\(name): needs \(type.rawValue) × \(need), constant \(id.index) is \(tensor.type)")
  }

  /// The constant exists and has the product of `dims` bytes.
  mutating func constantBytes(_ id: ConstantID, _ dims: Int..., named name: String) {
    guard program.constants.indices.contains(id.index), let need = Self.product(dims) else {
      return faults.append("\(name): no constant \(id.index) or impossible size")
    }
    let have = program.constants[id.index].tensor.byteCount
    require(have == need, "\(name): needs \(need) bytes, constant \(id.index) has \(have)")
  }

  /// Every element of an int32 constant [rows, columns] satisfies `holds(column, value)`.
  mutating func values(of id: ConstantID, columns: Int, named name: String, _ holds: (Int, Int) -> Bool) {
    guard program.constants.indices.contains(id.index),
      case .int32(let values) = program.constants[id.index].tensor.elements
    else { return }
    for (index, value) in values.enumerated() where !holds(index % max(columns, 1), Int(value)) {
      return faults.append("\(name): value \(value) at \(index) out of range")
    }
  }

  /// The walk is well formed and stays inside its operands; with `denseOutput` the last one is dense in loop order.
  mutating func walk(
    _ walk: Walk, _ operands: [(id: BufferID, offset: Int, bytes: Int)], denseOutput: Bool = true
  ) {
    guard walk.extents.count <= 8, walk.strides.count == operands.count,
      walk.strides.allSatisfy({ $0.count == walk.extents.count }), Self.product(walk.extents) != nil
    else { return faults.append("walk malformed") }
    for (index, operand) in operands.enumerated() {
      guard program.buffers.indices.contains(operand.id.index) else {
        faults.append("no buffer \(operand.id.index)")
        continue
      }
      guard [1, 2, 4, 8].contains(operand.bytes), abs(operand.offset.clamped) <= Self.limit else {
        faults.append("operand \(index): element size or offset out of range")
        continue
      }
      if walk.extents.contains(0) { continue }
      var first = operand.offset
      var last = operand.offset
      for (extent, stride) in zip(walk.extents, walk.strides[index]) {
        guard abs(stride.clamped) <= Self.limit else { return faults.append("walk stride out of range") }
        let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
        guard !overflow, abs(reach.clamped) <= Self.limit else { return faults.append("walk reaches too far") }
        if reach < 0 { first += reach } else { last += reach }
      }
      let have = program.buffers[operand.id.index].byteCount / operand.bytes
      require(first >= 0 && last < have, "operand \(index): elements \(first)...\(last) of \(have)")
    }
    guard denseOutput, let output = walk.strides.last else { return }
    for (loop, stride) in Shape(walk.extents).strides.enumerated() where walk.extents[loop] > 1 {
      require(output[loop] == stride, "the output is not dense in loop order")
    }
  }

  mutating func requantization(_ r: Requantization) {
    range(r.preShift, 0...15, named: "preShift")
    range(r.shift, 0...16, named: "shift")
    range(r.zeroPoint, -128...127, named: "zero point")
    require(-128 <= r.low && r.low <= r.high && r.high <= 127, "clamp \(r.low)...\(r.high) is not an int8 range")
  }

  /// Sizes in range, groups that divide, and with `isPool` no window wholly outside the image.
  mutating func geometry(_ g: ConvolutionGeometry, isPool: Bool = false) {
    positive(
      g.inputHeight, g.inputWidth, g.inputChannels, g.outputHeight, g.outputWidth, g.outputChannels, g.kernelHeight,
      g.kernelWidth, g.strideY, g.strideX, g.dilationY, g.dilationX, named: "geometry")
    range(g.padTop, 0...(1 << 20), named: "padTop")
    range(g.padLeft, 0...(1 << 20), named: "padLeft")
    guard faults.isEmpty else { return }
    if isPool {
      require(g.inputChannels == g.outputChannels, "pooling changes the channels")
      require(
        Self.touches(g.outputHeight, g.inputHeight, g.kernelHeight, g.strideY, g.dilationY, g.padTop)
          && Self.touches(g.outputWidth, g.inputWidth, g.kernelWidth, g.strideX, g.dilationX, g.padLeft),
        "a pooling window lies outside the image")
    } else {
      require(
        g.groups >= 1 && g.inputChannels % max(g.groups, 1) == 0 && g.outputChannels % max(g.groups, 1) == 0,
        "groups do not divide the channels")
    }
  }

  /// Whether each window along one axis has a tap inside the image.
  private static func touches(
    _ outputs: Int, _ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ pad: Int
  ) -> Bool {
    for output in [0, outputs - 1] where output >= 0 {
      let start = output * stride - pad
      if start >= size { return false }
      // The first tap at or after the image's first pixel.
      let tap = start >= 0 ? 0 : (-start + dilation - 1) / dilation
      if tap >= kernel || start + tap * dilation >= size { return false }
    }
    // Between the first and the last window, taps move by less than the image unless dilation skips over it.
    guard dilation > size else { return true }
    return (0..<min(outputs, 1 << 20)).allSatisfy { output in
      let start = output * stride - pad
      let tap = start >= 0 ? 0 : (-start + dilation - 1) / dilation
      return tap < kernel && start + tap * dilation < size
    }
  }

  /// nil where a factor is negative or the product goes beyond 2^40.
  private static func product(_ dims: [Int]) -> Int? { Shape(dims).checkedCount() }
}

extension Int {
  /// Int.min + 1 for Int.min, so that abs cannot trap.
  fileprivate var clamped: Int { Swift.max(self, .min + 1) }
}
