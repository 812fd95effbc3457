/// float32 → int8.
///
///     t = x · inverseScale; t = −512 unless t > −512; t = 511 where t > 511      (so NaN gives −512)
///     y = clamp(roundToNearestEven(t) + zeroPoint, −128, 127)
///
/// Operands of `walk`: [input, output]; it may reorder NCHW to NHWC on the way, and y is dense in loop order.
package struct QuantizeStep: Step {
  package static let kind = "quantize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var walk: Walk
  package var inverseScale: Float
  package var zeroPoint: Int

  package init(
    name: String, input: BufferID, output: BufferID, walk: Walk, inverseScale: Float, zeroPoint: Int
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.walk = walk
    self.inverseScale = inverseScale
    self.zeroPoint = zeroPoint
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}

extension QuantizeStep {
  package var detail: String { "scale 1/\(inverseScale) zp \(zeroPoint)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Int8.self)
    let (stride, count) = (walk.innerStride(0), walk.innerCount)
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[1])
      for i in 0..<count {
        y[i] = Self.quantize(x[i &* stride], inverseScale: inverseScale, zeroPoint: zeroPoint)
      }
    }
  }

  /// The formula for one value.
  @inline(__always)
  package static func quantize(_ x: Float, inverseScale: Float, zeroPoint: Int) -> Int8 {
    var t = x * inverseScale
    t = t > -512 ? t : -512
    t = t > 511 ? 511 : t
    let q = Int32(t.rounded(.toNearestOrEven)) &+ Int32(truncatingIfNeeded: zeroPoint)
    return Int8(truncatingIfNeeded: min(max(q, -128), 127))
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(input, 0, 4), (output, 0, 1)])
    check.range(zeroPoint, -128...127, named: "zeroPoint")
    check.require(inverseScale.isFinite && inverseScale > 0, "inverseScale \(inverseScale) is not positive")
  }
}
