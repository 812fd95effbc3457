/// y = condition ? a : b, element by element with broadcasting, of any type. `walk` operands: [condition, a, b, y], y dense.
///
/// `condition` is bool: any byte but 0 chooses a.
package struct SelectStep: SingleOutputStep {
  package static let kind = "select"
  package var name: String
  package var condition: BufferID
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  /// Bytes of an element of a, b and y: 1, 2, 4 or 8.
  package var elementBytes: Int
  package var walk: Walk

  package init(
    name: String, condition: BufferID, a: BufferID, b: BufferID, output: BufferID, elementBytes: Int, walk: Walk
  ) {
    self.name = name
    self.condition = condition
    self.a = a
    self.b = b
    self.output = output
    self.elementBytes = elementBytes
    self.walk = walk
  }
  package var reads: [BufferID] { [condition, a, b] }
}

extension SelectStep {
  package var detail: String { "\(walk.count) × \(elementBytes) bytes" }

  package func run(_ memory: inout Memory) {
    switch elementBytes {
    case 1: select(&memory, UInt8.self)
    case 2: select(&memory, UInt16.self)
    case 4: select(&memory, UInt32.self)
    default: select(&memory, UInt64.self)
    }
  }

  @inline(__always)
  private func select<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    let condition = UnsafePointer(memory.pointer(condition, as: UInt8.self))
    let a = UnsafePointer(memory.pointer(a, as: T.self))
    let b = UnsafePointer(memory.pointer(b, as: T.self))
    let y = memory.pointer(output, as: T.self)
    let (strideC, strideA, strideB) = (walk.innerStride(0), walk.innerStride(1), walk.innerStride(2))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (condition, a, b, y) = (condition + offsets[0], a + offsets[1], b + offsets[2], y + offsets[3])
      for i in 0..<count { y[i] = condition[i &* strideC] != 0 ? a[i &* strideA] : b[i &* strideB] }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(condition, 0, 1), (a, 0, elementBytes), (b, 0, elementBytes), (output, 0, elementBytes)])
    check.require(output != condition && output != a && output != b, "input and output are the same buffer")
  }
}
