import CKDCFloat

/// float32 convolution 3 × 3 of stride 1, NHWC, by Winograd's F(4 × 4, 3 × 3): a quarter of the multiplications, with other
/// roundings than `FloatConvolutionStep`. For each tile of 4 × 4 outputs, `FloatWinograd` having the transforms:
///
///     V[i] = inputs of the tile's 6 × 6 pixels of channel i (0 outside the image), columns first
///     U[i,n] = weights of w[·,·,i,n], in float64, rounded once
///     M[n] = 0; for i: M[n] = fma(V[i], U[i,n], M[n])      at each of the 36 points
///     acc = outputs of M[n], columns first, + bias[n];  acc = acc + residual, if there is one;  y = activation(acc)
///
/// Weights float32 [3, 3, inputChannels, outputChannels].
package struct FloatWinogradStep: SingleOutputStep {
  package static let kind = "floatWinograd"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry
  package var weights: ConstantID
  package var bias: ConstantID
  package var residual: BufferID?
  package var activation: FloatFunction

  /// The convolution by tiles; nil where its shape is none for them.
  package init?(_ step: FloatConvolutionStep) {
    guard Self.takes(step.geometry) else { return nil }
    name = step.name
    input = step.input
    output = step.output
    geometry = step.geometry
    weights = step.weights
    bias = step.bias
    residual = step.residual
    activation = step.activation
  }

  package var reads: [BufferID] { [input] + (residual.map { [$0] } ?? []) }
  package var constants: [ConstantID] { [weights, bias] }
  package var macs: Int { geometry.macs }
  package var tilesY: Int { (geometry.outputHeight + FloatWinograd.size - 1) / FloatWinograd.size }
  package var tilesX: Int { (geometry.outputWidth + FloatWinograd.size - 1) / FloatWinograd.size }

  /// Whether tiles take three quarters of the work or less, counted in products, and their weights, four times as large as
  /// those of the convolution, at most 40 MB. Part of what a program means, so the same for every target.
  package static func pays(_ g: ConvolutionGeometry) -> Bool {
    guard takes(g), g.inputChannels >= 8, g.outputChannels >= 8, g.inputChannels * g.outputChannels <= 1 << 18 else {
      return false
    }
    let (size, places) = (FloatWinograd.size, FloatWinograd.points * FloatWinograd.points)
    let tiles = ((g.outputHeight + size - 1) / size) * ((g.outputWidth + size - 1) / size)
    let transforms = 300 * g.inputChannels + 200 * g.outputChannels
    return tiles * (places * g.inputChannels * g.outputChannels + transforms) <= g.macs / 4 * 3
  }

  private static func takes(_ g: ConvolutionGeometry) -> Bool {
    g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideY == 1 && g.strideX == 1 && g.dilationY == 1
      && g.dilationX == 1 && g.groups == 1
  }
}

extension FloatConvolutionStep {
  /// The same convolution by tiles where that pays.
  package var form: any Step {
    if FloatWinogradStep.pays(geometry), let tiled = FloatWinogradStep(self) { return tiled }
    return self
  }
}

extension FloatWinogradStep {
  package var detail: String {
    let activation = activation == .identity ? "" : " \(activation.kind.rawValue)"
    return geometry.window + (residual == nil ? "" : " + residual") + activation
  }

  package func run(_ memory: inout Memory) {
    let g = geometry
    let (inputs, outputs, points) = (g.inputChannels, g.outputChannels, FloatWinograd.points)
    let places = points &* points
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let w = memory.pointer(weights, as: Float.self)
    let bias = memory.pointer(bias, as: Float.self)
    let residual = residual.map { UnsafePointer(memory.pointer($0, as: Float.self)) }
    // [36, inputs, outputs]
    let turned = UnsafeMutablePointer<Float>.allocate(capacity: places &* inputs &* outputs)
    defer { turned.deallocate() }
    memory.inParallel(inputs, work: inputs &* outputs &* 100) { range in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 9 + places) { scratch in
        guard let g = scratch.baseAddress else { return }
        for i in range {
          for n in 0..<outputs {
            for k in 0..<9 { g[k] = Double(w[(k &* inputs &+ i) &* outputs &+ n]) }
            FloatWinograd.transform(g, g + 9)
            for place in 0..<places { turned[(place &* inputs &+ i) &* outputs &+ n] = Float(g[9 &+ place]) }
          }
        }
      }
    }
    memory.inParallel(tilesY &* tilesX, work: g.macs / 2) { tiles in
      // [inputs, 36], [36, inputs], [36, outputs] and [36] of one channel.
      let d = UnsafeMutablePointer<Float>.allocate(capacity: places)
      let v = UnsafeMutablePointer<Float>.allocate(capacity: places &* inputs)
      let m = UnsafeMutablePointer<Float>.allocate(capacity: places &* outputs)
      defer {
        d.deallocate()
        v.deallocate()
        m.deallocate()
      }
      for tile in tiles {
        let (top, left) = (tile / tilesX &* FloatWinograd.size, tile % tilesX &* FloatWinograd.size)
        for i in 0..<inputs {
          for place in 0..<places {
            let (iy, ix) = (top &+ place / points &- g.padTop, left &+ place % points &- g.padLeft)
            let isInside = iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth
            d[place] = isInside ? x[(iy &* g.inputWidth &+ ix) &* inputs &+ i] : 0
          }
          for column in 0..<points { FloatWinograd.inputs(d + column, points) }
          for row in 0..<points { FloatWinograd.inputs(d + row &* points, 1) }
          for place in 0..<places { v[place &* inputs &+ i] = d[place] }
        }
        for k in 0..<places &* outputs { m[k] = 0 }
        for place in 0..<places {
          kdc_float_add_products(
            m + place &* outputs, v + place &* inputs, turned + place &* inputs &* outputs, Int64(inputs),
            Int64(outputs),
            Int64(outputs))
        }
        for n in 0..<outputs {
          for place in 0..<places { d[place] = m[place &* outputs &+ n] }
          for column in 0..<points { FloatWinograd.outputs(d + column, points) }
          for row in 0..<FloatWinograd.size { FloatWinograd.outputs(d + row &* points, 1) }
          for dy in 0..<min(FloatWinograd.size, g.outputHeight &- top) {
            for dx in 0..<min(FloatWinograd.size, g.outputWidth &- left) {
              let at = ((top &+ dy) &* g.outputWidth &+ left &+ dx) &* outputs &+ n
              let sum = d[dy &* points &+ dx] + bias[n]
              y[at] = activation.apply(residual.map { sum + $0[at] } ?? sum)
            }
          }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry)
    check.require(Self.takes(geometry), "not a convolution 3 × 3 of stride 1 of one group")
    guard check.faults.isEmpty else { return }
    let g = geometry
    check.buffer(input, g.inputHeight, g.inputWidth, g.inputChannels, bytes: 4, named: "input")
    check.buffer(output, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 4, named: "output")
    check.buffer(residual, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 4, named: "residual")
    check.constant(weights, .float32, 3, 3, g.inputChannels, g.outputChannels, named: "weights")
    check.constant(bias, .float32, g.outputChannels, named: "bias")
    check.require(input != output, "input and output are the same buffer")
  }
}
