import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

extension Quantizer {
  /// FusedConv, FusedGemm, ConvTranspose: weights become int8, and the bias makes up for the means that are lost.
  mutating func quantizeWeights(of index: Int, _ part: WeightedNode) throws {
    let node = graph.nodes[index]
    let place = node.place.detail ?? node.name
    guard let weights = graph.initializers[part.weights], let inputs = float[part.input],
      let inputScale = graph.quantization[part.input]?.scale, let shape = graph.types[node.outputs[0]]?.shape
    else { throw InternalError("'\(place)' is not ready to be quantised") }
    let bias = part.bias.flatMap { graph.initializers[$0] }
    guard (weights.floats ?? []).allSatisfy(\.isFinite), (bias?.floats ?? []).allSatisfy(\.isFinite) else {
      throw Diagnostic(
        .nonFiniteActivation, "weights hold NaN or infinity", at: Place(file: graph.file, detail: place),
        hint: "train or export the model again: such weights have no int8 form")
    }
    let fitted = min(options.fittedSamples ?? inputs.count, inputs.count)
    var found: WeightQuantization?
    let bits = !part.takesFewBits ? 8 : options.weightBits[node.key] ?? options.defaultWeightBits
    let key = WeightKey(node: node.key, bits: bits, inputScale: inputScale)
    if bits <= options.feedbackBits, bits <= 4 || part.depth(of: weights) <= Self.mostFeedbackDepth {
      found =
        try options.weights[key]
        ?? feedback(part, weights, bits: bits, bias: bias, inputScale: inputScale, fitted: fitted)
      if bits > 4 { options.weights[key] = found }
    }
    let small =
      try found
      ?? WeightQuantization(
        weights, axis: part.weightAxis, bits: bits, bias: bias?.floats, inputScale: inputScale,
        searchesError: options.searchesWeightScales, threads: options.threads)
    // Both are linear in what they read: the mean of the outputs is the output of the mean.
    let exact = try part.preActivation(
      input: Self.mean(inputs.prefix(fitted)), weights: weights, bias: nil,
      residual: part.residual.flatMap { float[$0].map { Self.mean($0.prefix(fitted)) } ?? graph.initializers[$0] })
    let present = try part.preActivation(
      input: values.mean(part.input, first: fitted, of: graph), weights: small.dequantized, bias: nil,
      residual: part.residual.map { try values.mean($0, first: fitted, of: graph) })
    let channels = shape[part.channelAxis]
    let elements = Double(max(shape.count / max(channels, 1), 1))
    let old = bias?.floats ?? [Float](repeating: 0, count: channels)
    let corrected = zip(old, zip(part.channelSums(exact), part.channelSums(present))).map { old, sums in
      old + Float((sums.0 - sums.1) / elements)
    }
    replaceConstants(of: index, part, weights: small, bias: Tensor([channels], corrected))
  }

  /// Weights of an output channel beyond which rounding with feedback takes longer than what more than 4 bits gain by it.
  private static let mostFeedbackDepth = 1200
  /// Multiply-adds for the moments of a layer with 4 bits, and with more.
  private static let (feedbackWork, quickFeedbackWork) = (LayerMoments.mostWork, 2_000_000_000)

  /// Weights that are chosen by what they do to the layer's outputs; nil where there is no such choice.
  private func feedback(
    _ part: WeightedNode, _ weights: Tensor, bits: Int, bias: Tensor?, inputScale: Float, fitted: Int
  ) throws -> WeightQuantization? {
    let present = try values.tensorsRead(part.input, first: fitted, of: graph)
    let (exact, residuals) = (float[part.input] ?? [], part.residual.flatMap { float[$0] })
    let presentResiduals = try part.residual.map { try values.tensorsRead($0, first: fitted, of: graph) }
    let lacks = try parallelMap(present.count, threads: options.threads) { sample in
      try part.preActivation(
        input: Self.difference(exact[sample], present[sample]), weights: weights, bias: nil,
        residual: residuals.flatMap { all in
          presentResiduals.map { Self.difference(all[sample], $0[sample]) }
        })
    }
    let moments = try LayerMoments(
      part, weights: weights.shape, inputs: present, lacks: lacks,
      work: bits > 4 ? Self.quickFeedbackWork : Self.feedbackWork, threads: options.threads)
    return try moments.flatMap {
      try WeightQuantization(
        weights, bits: bits, moments: $0, bias: bias?.floats, inputScale: inputScale, threads: options.threads)
    }
  }

  private static func difference(_ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(a.shape, zip(a.floats ?? [], b.floats ?? []).map { $0 - $1 })
  }

  private static func mean(_ samples: ArraySlice<Tensor>) -> Tensor {
    guard let shape = samples.first?.shape else { return Tensor([0], [Float]()) }
    var sums = [Double](repeating: 0, count: shape.count)
    for sample in samples {
      (sample.floats ?? []).withUnsafeBufferPointer { values in
        for index in 0..<min(sums.count, values.count) { sums[index] += Double(values[index]) }
      }
    }
    return Tensor(shape, sums.map { Float($0 / Double(samples.count)) })
  }

  // MARK: Constants

  private mutating func replaceConstants(of index: Int, _ part: WeightedNode, weights: WeightQuantization, bias: Tensor)
  {
    let weightName = unusedName(part.weights + ".int8")
    graph.initializers[weightName] = weights.quantized
    graph.types[weightName] = weights.quantized.type
    graph.quantization[weightName] = weights.parameters
    let biasName = unusedName((part.bias ?? part.weights + ".bias") + ".corrected")
    graph.initializers[biasName] = bias
    graph.types[biasName] = bias.type
    var inputs = graph.nodes[index].inputs
    if inputs.count < 3 { inputs.append("") }
    inputs[1] = weightName
    inputs[2] = biasName
    graph.nodes[index].inputs = inputs
  }

  private func unusedName(_ wanted: String) -> String {
    guard graph.initializers[wanted] != nil || graph.types[wanted] != nil else { return wanted }
    var number = 2
    while graph.initializers["\(wanted).\(number)"] != nil || graph.types["\(wanted).\(number)"] != nil { number += 1 }
    return "\(wanted).\(number)"
  }

  mutating func dropUnusedInitializers() {
    let used = Set(graph.nodes.flatMap(\.inputs) + graph.outputs)
    for name in graph.initializers.keys where !used.contains(name) {
      graph.initializers[name] = nil
      graph.types[name] = nil
    }
  }
}
