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
  /// Runs the defining formula. Bounds are checked when a program is made or read (`Program.validate`).
  func run(_ memory: inout Memory)
}

extension Step {
  package func run(_ memory: inout Memory) {}
}
