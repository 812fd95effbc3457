/// int8 → float32: y = (x − zeroPoint) · scale, one float multiplication.
///
/// Operands of `walk`: [input, output]; it may reorder NHWC to NCHW on the way, and y is dense in loop order.
package struct DequantizeStep: UnaryStep {
  package static let kind = "dequantize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var walk: Walk
  package var scale: Float
  package var zeroPoint: Int

  package init(name: String, input: BufferID, output: BufferID, walk: Walk, scale: Float, zeroPoint: Int) {
    self.name = name
    self.input = input
    self.output = output
    self.walk = walk
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

extension DequantizeStep {
  package var detail: String { "scale \(scale) zp \(zeroPoint)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Int8.self))
    let y = memory.pointer(output, as: Float.self)
    let zero = Int32(truncatingIfNeeded: zeroPoint)
    let (stride, count) = (walk.innerStride(0), walk.innerCount)
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[1])
      for i in 0..<count { y[i] = Float(Int32(x[i &* stride]) &- zero) * scale }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(input, 0, 1), (output, 0, 4)])
    check.range(zeroPoint, -128...127, named: "zeroPoint")
    check.require(scale.isFinite && scale > 0, "scale \(scale) is not positive")
  }
}
