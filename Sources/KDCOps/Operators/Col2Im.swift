import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The sum of blocks where they lie in images: input [N, C · block, positions] → [N, C, image_shape…], the inverse of taking the
/// windows of a convolution apart. ONNX `Col2Im`, opset 18.
///
/// image_shape and block_shape are known when compiling.
package struct Col2Im: Expanding {
  package static let onnxName = "Col2Im"
  package static let inputCount = 3...3
  package let dilations: [Int]?
  package let pads: [Int]?
  package let strides: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    dilations = try node.optionalInts("dilations")
    pads = try node.optionalInts("pads")
    strides = try node.optionalInts("strides")
    for (name, least, list) in [("dilations", 1, dilations), ("pads", 0, pads), ("strides", 1, strides)] {
      guard let bad = list?.first(where: { $0 < least || $0 > 1 << 28 }) else { continue }
      throw node.invalid(name, "has the element \(bad), must be \(least) or more")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try required(inputs, 0, "input").type
    let image = try constantInts(inputs, 1, "image_shape") ?? []
    let block = try constantInts(inputs, 2, "block_shape") ?? []
    let (places, columns) = try self.places(image: image, block: block, input: x.shape)
    let (batch, rows) = (x.shape[0], x.shape[1])
    let taps = block.reduce(1, *)
    let channels = rows / taps
    // Every element of a channel's image, and one behind them for what lies in the padding.
    let size = image.reduce(1, *)
    let updates = try expansion.reshape(
      expansion.transpose(
        expansion.reshape(expansion.inputs[0] ?? "", to: [batch * channels, taps * columns]), [1, 0]),
      to: [taps * columns, batch * channels])
    let zero = expansion.constant(Tensor([1, 1], [Float(0)]).cast(to: x.dataType))
    let empty = try expansion.add("Expand", [zero, expansion.integers([size + 1, batch * channels])])
    let indices = expansion.constant(Tensor([places.count, 1], places.map { Int64($0) }))
    let sums = try expansion.add("ScatterND", [empty, indices, updates], ["reduction": .string("add")])
    let inside = try expansion.slice(sums, axis: 0, 0..<size)
    expansion.outputs = [
      try expansion.reshape(expansion.transpose(inside, [1, 0]), to: Shape([batch, channels] + image))
    ]
  }

  /// The element of an image for each element of a block at each position (the number of elements for those in the padding), and
  /// the number of positions.
  private func places(
    image: [Int], block: [Int], input: Shape
  ) throws(Diagnostic) -> (places: [Int], columns: Int) {
    let rank = image.count
    guard rank > 0, block.count == rank, image.allSatisfy({ $0 > 0 && $0 < 1 << 24 }),
      block.allSatisfy({ $0 > 0 && $0 < 1 << 24 }),
      [dilations, strides].allSatisfy({ $0 == nil || $0?.count == rank }),
      pads == nil || pads?.count == 2 * rank, let size = Shape(image).checkedCount(limit: 1 << 31),
      let taps = Shape(block).checkedCount(limit: 1 << 24)
    else {
      throw shapeMismatch("image_shape \(Shape(image)) and block_shape \(Shape(block)) do not fit the attributes")
    }
    var counts: [Int] = []
    // For each axis, element of the block and position of the block: the element of the image.
    var offsets: [[[Int?]]] = []
    for axis in 0..<rank {
      let (dilation, stride) = (dilations?[axis] ?? 1, strides?[axis] ?? 1)
      let room = image[axis] + (pads?[axis] ?? 0) + (pads?[axis + rank] ?? 0) - (block[axis] - 1) * dilation - 1
      guard room >= 0 else {
        throw shapeMismatch("block_shape \(Shape(block)) does not fit image_shape \(Shape(image))")
      }
      counts.append(room / stride + 1)
      offsets.append(
        (0..<block[axis]).map { tap in
          (0..<room / stride + 1).map { position in
            let place = position * stride + tap * dilation - (pads?[axis] ?? 0)
            return place >= 0 && place < image[axis] ? place : nil
          }
        })
    }
    let columns = counts.reduce(1, *)
    guard input.rank == 3, input[1] % taps == 0, input[2] == columns, taps * columns < 1 << 31 else {
      throw shapeMismatch("input \(input) must be [N, C · \(taps), \(columns)]")
    }
    let (blockStrides, positionStrides) = (Shape(block).strides, Shape(counts).strides)
    var places: [Int] = []
    for tap in 0..<taps {
      for position in 0..<columns {
        var (place, inside) = (0, true)
        for axis in 0..<rank {
          let (own, at) = (tap / blockStrides[axis] % block[axis], position / positionStrides[axis] % counts[axis])
          let element = offsets[axis][own][at]
          place = place * image[axis] + (element ?? 0)
          inside = inside && element != nil
        }
        places.append(inside ? place : size)
      }
    }
    return (places, columns)
  }
}
