import KDCTensor

/// Where an array has its samples.
///
/// A model's input or output has a shape of its own. Where that begins with 1, the 1 is the batch: an array is `[n, …]`, or
/// `[n, 1, …]`. Where it does not, an array is `[n, shape…]`, or of exactly that shape: then it is one sample.
enum SampleAxis {
  /// Along the array's first dimension.
  case first
  /// The array is one sample.
  case none

  /// nil where an array of `dims` holds no samples of `shape`.
  init?(_ dims: [Int], of shape: Shape) {
    let own = shape.dims
    let rest = Array(dims.dropFirst())
    if !dims.isEmpty && (rest == own || own.first == 1 && rest == Array(own.dropFirst())) {
      self = .first
    } else if dims == own {
      self = .none
    } else {
      return nil
    }
  }
}

extension ArrayView {
  /// The same array with a first dimension of one sample before its own.
  var asOneSample: ArrayView {
    ArrayView(type: TensorType(type.dataType, Shape([1] + type.shape.dims)), bytes: bytes)
  }
}
