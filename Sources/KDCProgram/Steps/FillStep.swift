/// Writes one value to every element of a buffer.
package struct FillStep: SingleOutputStep {
  package static let kind = "fill"
  package var name: String
  package var output: BufferID
  package var count: Int
  /// Bytes of an element: 1, 2, 4 or 8; `bits` are its low bytes.
  package var elementBytes: Int
  package var bits: UInt64

  package init(name: String, output: BufferID, count: Int, elementBytes: Int, bits: UInt64) {
    self.name = name
    self.output = output
    self.count = count
    self.elementBytes = elementBytes
    self.bits = bits
  }
  package var reads: [BufferID] { [] }
}

extension FillStep {
  package var detail: String { "0x\(String(bits, radix: 16))" }

  package func run(_ memory: inout Memory) {
    let y = memory.pointer(output, as: UInt8.self)
    let bits = bits.littleEndian
    withUnsafeBytes(of: bits) { bytes in
      for i in 0..<count {
        for byte in 0..<elementBytes { y[i &* elementBytes &+ byte] = bytes[byte] }
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    let value = Int(Int8(truncatingIfNeeded: bits))
    return elementBytes == 1 ? value...value : nil
  }

  package func check(_ check: inout StepCheck) {
    check.require([1, 2, 4, 8].contains(elementBytes), "element size \(elementBytes)")
    check.buffer(output, count, bytes: elementBytes, named: "output")
  }
}
