import KDCGraph
import KDCTensor

/// Where a trainer takes samples from: tensors of the model's input types with batch 1.
package protocol SampleSource: Sendable {
  /// Number of samples, views included.
  var count: Int { get }
  /// Sample `index` is view `index / (count / viewCount)` of one of `count / viewCount` originals; view 0 is the
  /// original itself. 1 where samples are not augmented.
  var viewCount: Int { get }
  /// The inputs by name; float16 and integer data are converted here, sample by sample.
  func sample(_ index: Int) throws -> [String: Tensor]
}

extension SampleSource {
  package var viewCount: Int { 1 }
  /// Number of samples without their further views.
  package var originalCount: Int { count / max(viewCount, 1) }

  /// The inputs of several samples, one after another along the first dimension.
  package func batch(_ samples: [Int]) throws -> [String: Tensor] {
    Tensor.stacked(try samples.map { try sample($0) })
  }
}

extension DataSet: SampleSource {}

extension Tensor {
  /// Values of several samples by name, one after another along the first dimension.
  static func stacked(_ samples: [[String: Tensor]]) -> [String: Tensor] {
    guard let first = samples.first, samples.count > 1 else { return samples.first ?? [:] }
    var result: [String: Tensor] = [:]
    for (name, tensor) in first {
      guard let leading = tensor.shape.dims.first else { continue }
      let shape = Shape([leading * samples.count] + tensor.shape.dims.dropFirst())
      let isFloat = tensor.dataType == .float32
      if isFloat {
        var values: [Float] = []
        values.reserveCapacity(shape.count)
        for sample in samples { values += sample[name]?.floats ?? [] }
        result[name] = Tensor(shape, values)
      } else {
        let bytes = samples.flatMap { $0[name]?.littleEndianBytes ?? [] }
        result[name] = Tensor(TensorType(tensor.dataType, shape), littleEndianBytes: bytes)
      }
    }
    return result
  }
}
