import KDCDiagnostics
import KDCTensor

/// How large values may be: kdc runs a model on the machine it compiles on, and devices index eight axes.
package struct ValueLimits: Sendable {
  /// Axes of a value: `KDC_MAX_RANK` of the runtime.
  package static let axes = 8
  /// Bytes of one value that is computed or given.
  package var valueBytes: Int
  /// Bytes of all values that are alive at one time.
  package var liveBytes: Int
  /// Bytes of one value that depends on no input: such values are kept while compiling, and in bundles.
  package var constantBytes: Int

  package init(memory: Int) {
    valueBytes = memory / 8
    liveBytes = memory / 2
    constantBytes = min(1 << 30, valueBytes)
  }

  package static let machine = ValueLimits(memory: MachineMemory.bytes)

  /// The fault of a value of this type; nil for a good one. `what` begins the message: "output 'y' of 'Conv'".
  package func fault(of type: TensorType, _ what: String) -> Diagnostic? {
    let shape = type.shape
    guard let count = shape.checkedCount() else {
      return Diagnostic(
        .shapeOverflow, "\(what) has shape \(shape)",
        notes: ["dimensions must not be negative, and at most 2^40 elements can be addressed"])
    }
    guard shape.rank <= Self.axes else {
      return Diagnostic(
        .tooManyAxes, "\(what) has \(shape.rank) axes: \(shape)", notes: ["at most \(Self.axes) are supported"],
        hint: "merge axes that stay together before the operator, and split them after it")
    }
    guard count <= valueBytes / type.dataType.byteCount else {
      return Self.tooLarge("\(what) of shape \(shape)", bytes: count * type.dataType.byteCount, of: valueBytes)
    }
    return nil
  }

  /// The fault of a computed constant whose type is good for a value.
  func fault(ofConstant type: TensorType, _ what: String) -> Diagnostic? {
    let bytes = type.shape.count * type.dataType.byteCount
    guard bytes > constantBytes else { return nil }
    return Diagnostic(
      .valueTooLarge, "\(what) of shape \(type.shape) would take \(Self.megabytes(bytes)) of memory",
      notes: ["what depends on no input may take \(Self.megabytes(constantBytes))"],
      hint: "check the shape, or make the value depend on an input")
  }

  /// KDC2023 about values that take `bytes` where `limit` are allowed.
  static func tooLarge(_ what: String, bytes: Int, of limit: Int) -> Diagnostic {
    Diagnostic(
      .valueTooLarge, "\(what) would take \(megabytes(bytes)) of memory",
      notes: ["this machine leaves \(megabytes(limit)) for it"],
      hint: "check the shape; give a smaller one with --input-shape, or use a machine with more memory")
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes >> 20) MB" }
}
