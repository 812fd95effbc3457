/// Element-wise float32 function, y = f(x).
package struct FloatUnaryStep: UnaryStep {
  package static let kind = "floatUnary"
  package var name: String
  package var function: FloatFunction
  package var input: BufferID
  package var output: BufferID
  package var count: Int

  package init(name: String, function: FloatFunction, input: BufferID, output: BufferID, count: Int) {
    self.name = name
    self.function = function
    self.input = input
    self.output = output
    self.count = count
  }
}

extension FloatUnaryStep {
  package var detail: String { function.kind.rawValue }

  package var inPlaceOperands: [BufferID] { [input] }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    for i in 0..<count { y[i] = function.apply(x[i]) }
  }

  package func check(_ check: inout StepCheck) {
    check.buffer(input, count, bytes: 4, named: "input")
    check.buffer(output, count, bytes: 4, named: "output")
  }
}
