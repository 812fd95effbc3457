/// Strided copy of elements of any type: transpose, slice, one part of a concatenation, expand, depth-to-space,
/// nearest resize by whole factors. Operands of `walk`: [input, output]; offsets in elements.
///
/// A step that writes only a part of its output names the whole buffer: earlier steps wrote the rest.
package struct MoveStep: UnaryStep {
  package static let kind = "move"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  /// Bytes of an element: 1, 2, 4 or 8.
  package var elementBytes: Int
  package var inputOffset: Int
  package var outputOffset: Int
  package var walk: Walk

  package init(
    name: String, input: BufferID, output: BufferID, elementBytes: Int, inputOffset: Int, outputOffset: Int, walk: Walk
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.elementBytes = elementBytes
    self.inputOffset = inputOffset
    self.outputOffset = outputOffset
    self.walk = walk
  }
}

extension MoveStep {
  package var detail: String {
    let offsets = inputOffset == 0 && outputOffset == 0 ? "" : " from \(inputOffset) to \(outputOffset)"
    return "\(walk.extents) × \(elementBytes) bytes, steps \(walk.strides)\(offsets)"
  }

  package func run(_ memory: inout Memory) {
    switch elementBytes {
    case 1: move(&memory, UInt8.self)
    case 2: move(&memory, UInt16.self)
    case 4: move(&memory, UInt32.self)
    default: move(&memory, UInt64.self)
    }
  }

  @inline(__always)
  private func move<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    let x = UnsafePointer(memory.pointer(input, as: T.self)) + inputOffset
    let y = memory.pointer(output, as: T.self) + outputOffset
    let (strideX, strideY) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (x, y) = (x + offsets[0], y + offsets[1])
      if strideX == 1 && strideY == 1 {
        for i in 0..<count { y[i] = x[i] }
      } else {
        for i in 0..<count { y[i &* strideY] = x[i &* strideX] }
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    elementBytes == 1 ? ranges[input] : nil
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(input, inputOffset, elementBytes), (output, outputOffset, elementBytes)], denseOutput: false)
    check.require(input != output, "input and output are the same buffer")
  }
}
