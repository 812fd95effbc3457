import KDCTensor

/// The largest element of each window of images [planes, sizes…], and where it is: `indices` (int64) count the elements of all
/// planes (if wanted), within a plane row by row or, `columnMajor`, with the first axis fastest.
///
/// Of equal elements the first; NaN is larger than all numbers. Windows are cut at the borders and have an element at least.
package struct MaxPoolIndicesStep: UnaryStep {
  package static let kind = "maxPoolIndices"
  /// One spatial axis.
  package struct Axis: Hashable, Sendable, Codable {
    package var input, output, kernel, stride, dilation, pad: Int
    package init(input: Int, output: Int, kernel: Int, stride: Int, dilation: Int, pad: Int) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.pad = pad
    }
  }
  package var name: String
  /// float32, int8 or uint8.
  package var type: DataType
  package var input: BufferID
  package var output: BufferID
  package var indices: BufferID?
  package var planes: Int
  /// Three, of which the first may be trivial.
  package var axes: [Axis]
  package var columnMajor: Bool

  package init(
    name: String, type: DataType, input: BufferID, output: BufferID, indices: BufferID?, planes: Int, axes: [Axis],
    columnMajor: Bool
  ) {
    self.name = name
    self.type = type
    self.input = input
    self.output = output
    self.indices = indices
    self.planes = planes
    self.axes = axes
    self.columnMajor = columnMajor
  }
  package var writes: [BufferID] { [output] + (indices.map { [$0] } ?? []) }
}

extension MaxPoolIndicesStep {
  package var detail: String {
    let kernel = axes.map { "\($0.kernel)" }.joined(separator: "×")
    return "\(kernel) of \(type.rawValue) [\(planes),\(axes.map { "\($0.input)" }.joined(separator: ","))]"
  }

  /// How far an index moves for one element along each axis.
  package var indexStrides: [Int] {
    columnMajor
      ? [1, axes[0].input, axes[0].input * axes[1].input] : [axes[1].input * axes[2].input, axes[2].input, 1]
  }

  package func run(_ memory: inout Memory) {
    switch type {
    case .float32: pool(&memory) { (a: Float, b: Float) in a > b || (a != a && b == b) }
    case .int8: pool(&memory) { (a: Int8, b: Int8) in a > b }
    default: pool(&memory) { (a: UInt8, b: UInt8) in a > b }
    }
  }

  private func pool<T>(_ memory: inout Memory, _ isAbove: (T, T) -> Bool) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: T.self)
    let at = indices.map { memory.pointer($0, as: Int64.self) }
    let size = axes.reduce(1) { $0 * $1.input }
    let strides = indexStrides
    func positions(_ axis: Axis, _ o: Int) -> [Int] {
      (0..<axis.kernel).map { o * axis.stride - axis.pad + $0 * axis.dilation }.filter { $0 >= 0 && $0 < axis.input }
    }
    var target = 0
    for plane in 0..<planes {
      let source = x + plane &* size
      for o0 in 0..<axes[0].output {
        let first = positions(axes[0], o0)
        for o1 in 0..<axes[1].output {
          let second = positions(axes[1], o1)
          for o2 in 0..<axes[2].output {
            var best: (value: T, index: Int)?
            for i0 in first {
              for i1 in second {
                for i2 in positions(axes[2], o2) {
                  let value = source[(i0 &* axes[1].input &+ i1) &* axes[2].input &+ i2]
                  if let best, !isAbove(value, best.value) { continue }
                  best = (value, i0 &* strides[0] &+ i1 &* strides[1] &+ i2 &* strides[2])
                }
              }
            }
            if let best {
              y[target] = best.value
              at?[target] = Int64(plane &* size &+ best.index)
            }
            target += 1
          }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require([.float32, .int8, .uint8].contains(type), "no pool of \(type.rawValue)")
    guard axes.count == 3 else { return check.require(false, "\(axes.count) axes") }
    check.positive(planes, named: "planes")
    for axis in axes {
      check.positive(axis.input, axis.output, axis.kernel, axis.stride, axis.dilation, named: "geometry")
      check.range(axis.pad, 0...(1 << 20), named: "pad")
      guard check.faults.isEmpty else { return }
      for o in [0, axis.output - 1] {
        let start = o * axis.stride - axis.pad
        let tap = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation
        check.require(tap < axis.kernel && start + tap * axis.dilation < axis.input, "a window lies outside the image")
      }
      check.require(axis.dilation <= axis.input || axis.pad == 0, "a window lies outside the image")
    }
    check.buffer(
      input, planes, axes[0].input, axes[1].input, axes[2].input, bytes: type.byteCount, named: "input")
    check.buffer(
      output, planes, axes[0].output, axes[1].output, axes[2].output, bytes: type.byteCount, named: "output")
    check.buffer(indices, planes, axes[0].output, axes[1].output, axes[2].output, bytes: 8, named: "indices")
    check.require(
      input != output && input != indices && output != indices, "two operands are the same buffer")
  }
}
