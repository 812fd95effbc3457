/// Element-wise float32 function, y = f(x).
package struct FloatUnaryStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
