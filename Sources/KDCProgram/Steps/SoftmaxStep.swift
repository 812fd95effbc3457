/// Softmax over the middle axis of [outer, count, inner], float32:
///
///     m = max x (ascending); e_i = exp(x_i − m); s = Σ e_i (ascending from 0); y_i = e_i / s, or (x_i − m) − log(s) where `isLog`
package struct SoftmaxStep: Step {
  package static let kind = "softmax"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var outer, count, inner: Int
  package var isLog: Bool

  package init(name: String, input: BufferID, output: BufferID, outer: Int, count: Int, inner: Int, isLog: Bool = false)
  {
    self.name = name
    self.input = input
    self.output = output
    self.outer = outer
    self.count = count
    self.inner = inner
    self.isLog = isLog
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
