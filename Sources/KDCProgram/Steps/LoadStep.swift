/// Copies a whole constant into a buffer: a constant that a step wants as an operand.
package struct LoadStep: SingleOutputStep {
  package static let kind = "load"
  package var name: String
  package var constant: ConstantID
  package var output: BufferID
  package var byteCount: Int

  package init(name: String, constant: ConstantID, output: BufferID, byteCount: Int) {
    self.name = name
    self.constant = constant
    self.output = output
    self.byteCount = byteCount
  }
  package var reads: [BufferID] { [] }
  package var constants: [ConstantID] { [constant] }
}

extension LoadStep {
  package var detail: String { "constant \(constant.index), \(byteCount) bytes" }

  package func run(_ memory: inout Memory) {
    let source = memory.pointer(constant, as: UInt8.self)
    memory.pointer(output, as: UInt8.self).update(from: source, count: byteCount)
  }

  package func check(_ check: inout StepCheck) {
    check.buffer(output, byteCount, bytes: 1, named: "output")
    check.constantBytes(constant, byteCount, named: "constant")
  }
}
