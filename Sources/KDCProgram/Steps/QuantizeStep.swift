/// float32 → int8.
///
///     t = x · inverseScale; t = −512 unless t > −512; t = 511 where t > 511      (so NaN gives −512)
///     y = clamp(roundToNearestEven(t) + zeroPoint, low, high)
///
/// low...high is −128...127, or less where kernels that read y need fewer bits.
/// Operands of `walk`: [input, output]; it may reorder NCHW to NHWC on the way, and y is dense in loop order.
package struct QuantizeStep: UnaryStep {
  package static let kind = "quantize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var walk: Walk
  package var inverseScale: Float
  package var zeroPoint: Int
  package var low: Int
  package var high: Int

  package init(
    name: String, input: BufferID, output: BufferID, walk: Walk, inverseScale: Float, zeroPoint: Int,
    limits: ClosedRange<Int> = ValueRanges.int8
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.walk = walk
    self.inverseScale = inverseScale
    self.zeroPoint = zeroPoint
    low = limits.lowerBound
    high = limits.upperBound
  }
}

extension QuantizeStep {
  package var detail: String {
    "scale 1/\(inverseScale) zp \(zeroPoint)" + (isNarrow ? " clamp \(low)...\(high)" : "")
  }
  /// Whether y has less than int8's range.
  package var isNarrow: Bool { low > -128 || high < 127 }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Int8.self)
    let (stride, count) = (walk.innerStride(0), walk.innerCount)
    let (low, high) = (Int8(truncatingIfNeeded: low), Int8(truncatingIfNeeded: high))
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[1])
      for i in 0..<count {
        let q = Self.quantize(x[i &* stride], inverseScale: inverseScale, zeroPoint: zeroPoint)
        y[i] = min(max(q, low), high)
      }
    }
  }

  /// The formula for one value, with −128 and 127 as limits.
  @inline(__always)
  package static func quantize(_ x: Float, inverseScale: Float, zeroPoint: Int) -> Int8 {
    var t = x * inverseScale
    t = t > -512 ? t : -512
    t = t > 511 ? 511 : t
    let q = Int32(t.rounded(.toNearestOrEven)) &+ Int32(truncatingIfNeeded: zeroPoint)
    return Int8(truncatingIfNeeded: min(max(q, -128), 127))
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    low <= high ? low...high : nil
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(input, 0, 4), (output, 0, 1)])
    check.range(zeroPoint, -128...127, named: "zeroPoint")
    check.require(-128 <= low && low <= high && high <= 127, "clamp \(low)...\(high) is not an int8 range")
    check.require(inverseScale.isFinite && inverseScale > 0, "inverseScale \(inverseScale) is not positive")
  }
}
