import KDCProgram
import KDCTargets
import KDCTensor

extension ConvolutionCases {
  /// A layer of `network`; `residual` adds the output of two layers before it.
  package struct Layer: Sendable {
    package var kernel, stride, channels: Int
    package var isDepthwise: Bool
    package var residual: Bool
    package init(_ kernel: Int, stride: Int = 1, _ channels: Int, depthwise: Bool = false, residual: Bool = false) {
      (self.kernel, self.stride, self.channels) = (kernel, stride, channels)
      (isDepthwise, self.residual) = (depthwise, residual)
    }
  }

  /// Convolutions one after the other with half a window of padding, from an input "x" to an output "y". With `narrow` all but
  /// the input have 7 bits.
  package mutating func network(
    _ layers: [Layer], height: Int, width: Int, channels: Int, narrow: Bool = false
  ) -> Program {
    var program = Program(name: "network")
    var size = (height, width, channels)
    for (index, layer) in layers.enumerated() {
      let after = (
        (size.0 + layer.stride - 1) / layer.stride, (size.1 + layer.stride - 1) / layer.stride, layer.channels
      )
      let (single, _) = make(
        ConvolutionGeometry(
          input: size, output: after, kernel: (layer.kernel, layer.kernel), strides: (layer.stride, layer.stride),
          padTop: layer.kernel / 2, padLeft: layer.kernel / 2, groups: layer.isDepthwise ? size.2 : 1),
        residual: layer.residual, values: .even)
      guard var step = single.steps[0] as? ConvolutionStep else { continue }
      if index == 0 { program.buffers.append(single.buffers[0]) }
      (step.input, step.output) = (BufferID(index), BufferID(index + 1))
      step.residual?.buffer = BufferID(index - 2)
      let first = program.constants.count
      (step.weights, step.bias, step.multipliers) = (ConstantID(first), ConstantID(first + 1), ConstantID(first + 2))
      step.name = "conv\(index)"
      program.buffers.append(single.buffers[1])
      program.constants += single.constants
      if narrow {
        (step.requantization.low, step.requantization.high) = (-64, 63)
        if index > 0 { step.inputZeroPoint = max(-64, min(63, step.inputZeroPoint)) }
        let shape = single.constants[0].tensor.shape
        let weights = int8s(shape.count, -63...63, .even)
        program.constants[first].tensor = Tensor(shape, weights.map { Int8(bitPattern: $0) })
      }
      program.steps.append(step)
      size = after
    }
    let last = program.buffers.count - 1
    program.inputs = [Port(name: "x", dataType: .int8, shape: program.buffers[0].shape, buffer: BufferID(0))]
    program.outputs = [Port(name: "y", dataType: .int8, shape: program.buffers[last].shape, buffer: BufferID(last))]
    return program
  }
}

extension Target {
  /// The same with hardly any cache and memory that is very slow, so that everything is worth joining.
  package var starved: Target {
    var target = self
    target.chosenFor = caches
    (target.l1Bytes, target.l2Bytes, target.dramBytesPerCycle) = (64, 64, 1e-5)
    return target
  }
}
