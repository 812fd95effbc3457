import KDCTensor

/// Convolution written from its definition, one multiplication at a time, for two spatial axes and given padding.
func naiveConvolution(
  _ x: Tensor, _ w: Tensor, bias: [Float]? = nil, group: Int = 1, strides: [Int] = [1, 1], dilations: [Int] = [1, 1],
  pads: [Int] = [0, 0, 0, 0]
) -> Tensor {
  let (xs, ws) = (x.shape, w.shape)
  let (values, weights) = (x.floats ?? [], w.floats ?? [])
  let height = (xs[2] + pads[0] + pads[2] - (ws[2] - 1) * dilations[0] - 1) / strides[0] + 1
  let width = (xs[3] + pads[1] + pads[3] - (ws[3] - 1) * dilations[1] - 1) / strides[1] + 1
  var result: [Float] = []
  for n in 0..<xs[0] {
    for m in 0..<ws[0] {
      for oy in 0..<height {
        for ox in 0..<width {
          var sum = Double(bias?[m] ?? 0)
          for c in 0..<ws[1] {
            for ky in 0..<ws[2] {
              for kx in 0..<ws[3] {
                let iy = oy * strides[0] + ky * dilations[0] - pads[0]
                let ix = ox * strides[1] + kx * dilations[1] - pads[1]
                guard iy >= 0, iy < xs[2], ix >= 0, ix < xs[3] else { continue }
                let channel = m / (ws[0] / group) * ws[1] + c
                sum += Double(
                  values[((n * xs[1] + channel) * xs[2] + iy) * xs[3] + ix]
                    * weights[((m * ws[1] + c) * ws[2] + ky) * ws[3] + kx])
              }
            }
          }
          result.append(Float(sum))
        }
      }
    }
  }
  return Tensor([xs[0], ws[0], height, width], result)
}
