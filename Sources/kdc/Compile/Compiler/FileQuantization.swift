import KDCCompression
import KDCGraph
import KDCTensor

extension Compiler {
  /// A model that was quantised before, with its own scales and zero points; nil where it was not, or where what is asked for
  /// changes its values: samples then choose other ranges.
  ///
  /// With calibration samples, layers get 7 bits where that is faster and held-out samples allow it, as those of a float model
  /// do; without any, all numbers are the file's.
  func quantizeAsInFile(_ graph: Graph) throws -> QuantizedModel? {
    guard request.activations == .int8, !graph.givenQuantization.isEmpty, !leavesFileScales else { return nil }
    var found = try FileQuantization(graph, threads: request.threads)
    guard !found.graph.quantization.isEmpty else { return nil }
    let slow = try slowLayers(of: found.graph) { float in
      try FileQuantization(graph, floatNodes: float, threads: request.threads).graph
    }
    if !slow.isEmpty { found = try FileQuantization(graph, floatNodes: slow, threads: request.threads) }
    var model = QuantizedModel(graph: found.graph, float: found.float, isFromFile: true, rounded: found.rounded)
    if let search = try narrowSearch(graph, found) {
      model.narrow = search.decisions
      model.samples = search.samples
      model.graph = search.graph ?? model.graph
    }
    return model
  }

  /// Whether a model that is quantised in its file is quantised anew, as what is asked for changes its values.
  var leavesFileScales: Bool {
    (request.isGuided || request.weights != .int8) && inputs.calibration != nil
  }

  /// Which layers get 7 bits, and the model with these; nil where there are no samples or no target gains.
  private func narrowSearch(
    _ graph: Graph, _ found: FileQuantization
  ) throws -> (decisions: [NarrowSearch.Decision], samples: Int, graph: Graph?)? {
    guard let data = inputs.calibration else { return nil }
    let count = min(data.count, try Quantizer.sampleLimit(for: graph, bytes: 1 << 30), 1024)
    let samples = try (0..<count).map { try data.sample($0) }
    var options = Quantizer.Options()
    options.threads = request.threads
    options.floatNodes = found.float
    options.ranges = found.ranges
    guard let search = try narrowSearch(graph, samples, options, exact: found.graph, lossLimit: request.lossToKeep)
    else { return nil }
    guard search.decisions.contains(where: \.accepted) else { return (search.decisions, count, nil) }
    return (
      search.decisions, count, try Quantizer.quantize(graph, samples: samples, options: search.options).graph
    )
  }
}
