import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Where the samples of one model input come from.
protocol SampleColumn: Sendable {
  var count: Int { get }
  /// Sample `index` in 0 ..< count, of the type and shape of the model's input.
  /// Throws a `Diagnostic` where a file changed since it was checked.
  func sample(_ index: Int) throws -> Tensor
}

/// Samples along the first dimension of an array of any number type.
struct ArraySource: SampleColumn {
  let input: ValueInfo
  let view: ArrayView
  var count: Int { view.shape[0] }

  func sample(_ index: Int) -> Tensor {
    let size = input.type.shape.count
    return view.slice(index * size..<(index + 1) * size, as: input.type.shape).converted(to: input.type.dataType)
  }
}
