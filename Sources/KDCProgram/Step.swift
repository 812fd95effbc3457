/// One action of a program. Each kind is one file in `Steps/`: its fields, its defining formula, its reference.
///
/// Fields hold everything but the data: a step with its buffers' shapes is enough to emit code.
package protocol Step: Sendable, Codable {
  /// Stable name in the serial form, "convolution".
  static var kind: String { get }
  /// The graph node this step came from, for people and reports.
  var name: String { get }
  /// Buffers read, buffers written, constants read: in the order in which kernels take their pointers.
  var reads: [BufferID] { get }
  var writes: [BufferID] { get }
  var constants: [ConstantID] { get }
  /// Operands whose memory the output may take over: a kernel reads each element of them before it writes the output's
  /// element of the same index, never after, and writes no element twice.
  var inPlaceOperands: [BufferID] { get }
  /// The step's numbers in a few words, for listings: "3×3 s1 p1, shift 9".
  var detail: String { get }
  /// Multiply-accumulates of a run.
  var macs: Int { get }
  /// Runs the defining formula. Bounds are checked when a program is made or read (`Program.validate`).
  func run(_ memory: inout Memory)
  /// The values that the step can write to one of its int8 buffers, given those of all buffers before it; nil: any.
  func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>?
  /// States what the formula needs of buffers, constants and numbers, so that `run` stays inside them.
  func check(_ check: inout StepCheck)
}

extension Step {
  package var constants: [ConstantID] { [] }
  package var detail: String { "" }
  package var macs: Int { 0 }
  package var inPlaceOperands: [BufferID] { [] }
  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? { nil }
}

package protocol SingleOutputStep: Step {
  var output: BufferID { get }
}

extension SingleOutputStep {
  package var writes: [BufferID] { [output] }
}

/// A step with sums that a requantisation makes int8, which bounds them.
package protocol RequantizedStep: Step {
  var requantization: Requantization { get }
}

extension RequantizedStep {
  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    requantization.range
  }
}

package protocol UnaryStep: SingleOutputStep {
  var input: BufferID { get }
}

extension UnaryStep {
  package var reads: [BufferID] { [input] }
}

/// Reduction of the middle axis of [outer, reduced, inner].
protocol ReductionStep: UnaryStep {
  var outer: Int { get }
  var reduced: Int { get }
  var inner: Int { get }
}

extension ReductionStep {
  func checkReduction(_ check: inout StepCheck, elementBytes: Int, outputBytes: Int? = nil) {
    check.positive(reduced, named: "reduced")
    check.buffer(input, outer, reduced, inner, bytes: elementBytes, named: "input")
    check.buffer(output, outer, inner, bytes: outputBytes ?? elementBytes, named: "output")
    check.require(input != output, "input and output are the same buffer")
  }
}

package protocol BinaryStep: SingleOutputStep {
  var a: BufferID { get }
  var b: BufferID { get }
}

extension BinaryStep {
  package var reads: [BufferID] { [a, b] }
}
