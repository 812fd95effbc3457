/// Reduction of the middle axis of [outer, reduced, inner], float32, in ascending order from the first element.
///
/// mean is the sum times the float 1 / reduced, rounded once each.
package struct FloatReduceStep: Step {
  package static let kind = "floatReduce"
  package enum Operation: String, Sendable, Codable, CaseIterable { case sum, mean, maximum, minimum }
  package var name: String
  package var operation: Operation
  package var input: BufferID
  package var output: BufferID
  package var outer, reduced, inner: Int

  package init(
    name: String, operation: Operation, input: BufferID, output: BufferID, outer: Int, reduced: Int, inner: Int
  ) {
    self.name = name
    self.operation = operation
    self.input = input
    self.output = output
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
