import KDCTensor

/// A layer's values for some samples, as the losses of layers take them: [samples, channels, places] in double precision.
package struct FeatureMap: Sendable {
  package var samples: Int
  package var channels: Int
  package var height: Int
  package var width: Int
  package var values: [Double]
  package var places: Int { height * width }

  package init(samples: Int, channels: Int, height: Int = 1, width: Int = 1, values: [Double]) {
    self.samples = samples
    self.channels = channels
    self.height = height
    self.width = width
    self.values = values
  }

  /// Of [n, c], [n, c, h, w], or any [n, c, …]. nil where the first dimension is not a multiple of `samples`.
  package init?(_ tensor: Tensor, samples: Int) {
    let dims = tensor.shape.dims
    guard samples > 0, dims.count > 1, dims[0] == samples, tensor.count > 0 else { return nil }
    let isImage = dims.count == 4
    self.init(
      samples: samples, channels: dims[1], height: isImage ? dims[2] : 1,
      width: isImage ? dims[3] : dims[2...].reduce(1, *), values: tensor.asFloats.map(Double.init))
  }

  /// The map at another size: means over the places that each new one covers.
  package func pooled(height newHeight: Int, width newWidth: Int) -> FeatureMap {
    guard newHeight != height || newWidth != width else { return self }
    var result = FeatureMap(
      samples: samples, channels: channels, height: newHeight, width: newWidth,
      values: [Double](repeating: 0, count: samples * channels * newHeight * newWidth))
    // What each new row and column covers.
    func covered(_ size: Int, by newSize: Int) -> [Range<Int>] {
      (0..<newSize).map { $0 * size / newSize..<(($0 + 1) * size + newSize - 1) / newSize }
    }
    let (rows, columns) = (covered(height, by: newHeight), covered(width, by: newWidth))
    result.values.withUnsafeMutableBufferPointer { pooled in
      values.withUnsafeBufferPointer { values in
        var index = 0
        for plane in 0..<samples * channels {
          for row in rows {
            for column in columns {
              var sum = 0.0
              for y in row {
                let first = (plane &* height &+ y) &* width
                for x in column { sum += values[first &+ x] }
              }
              pooled[index] = sum / Double(row.count &* column.count)
              index &+= 1
            }
          }
        }
      }
    }
    return result
  }
}

/// The sum of a loss over samples, and its gradients.
package struct FeatureLoss: Sendable {
  package var value = 0.0
  /// With respect to the student's map.
  package var gradient: [Double]
  /// With respect to the loss' own parameters, where it has some.
  package var parameters: [Double] = []
}
