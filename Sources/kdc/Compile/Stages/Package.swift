import KDCBundle
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCKernels
import KDCONNX
import KDCPasses
import KDCProgram
import KDCToolchain

extension Pipeline {
  /// Writes bundles and generated C: the first that the file system sees of a compilation.
  static func package(
    _ compiler: Compiler, _ compressed: Compressed, _ model: QuantizedModel, _ lowered: Lowered,
    _ sources: [GeneratedCode], _ built: Built, _ log: inout StageLog
  ) throws {
    let request = compiler.request
    log.report.layers = lowered.layerReports(
      widths: (compiler.inputs.student.outputChannels, compressed.graph.outputChannels), model.decisions)
    log.report.targets = lowered.targetReports
    for bundle in built.bundles {
      let path = request.outputPath(for: bundle.architecture)
      let manifest = try Bundle(bundle.bytes, path: path).manifest
      log.report.bundles.append(
        Report.Bundle(
          file: path, architecture: bundle.architecture.rawValue, bytes: bundle.bytes.count,
          sha256: Digest.hexadecimal(of: bundle.bytes), codeBytes: manifest.codeBytes, arenaBytes: manifest.arenaBytes))
    }
    try request.files.check()
    if let folder = request.emitFolder {
      for code in sources where request.emitted.contains(.c) {
        // A folder for each architecture where there are several.
        try code.write(to: sources.count > 1 ? "\(folder)/\(code.architecture.rawValue)" : folder, request)
      }
      if request.emitted.contains(.onnx) { try model.graph.writeONNX(to: folder, request) }
    }
    for bundle in built.bundles {
      try Files.write(bundle.bytes, to: request.outputPath(for: bundle.architecture), executable: true)
    }
    log.did(log.report.bundles.map { "\($0.file) \(Figure.bytes($0.bytes))" }.joined(separator: ", "))
  }
}

extension Graph {
  /// The graph for other tools, as `model.onnx`.
  fileprivate func writeONNX(to folder: String, _ request: CompileRequest) throws {
    try Files.makeFolder(folder, hint: "choose an --emit-dir that can be written")
    let path = folder + "/model.onnx"
    var used = request.files
    used.write("--emit-dir", path)
    try used.check()
    try Files.write(Array(ONNXExporter.export(withQuantizationSteps())), to: path)
  }
}

extension GeneratedCode {
  fileprivate func write(to folder: String, _ request: CompileRequest) throws {
    try Files.makeFolder(folder, hint: "choose an --emit-dir that can be written")
    var used = request.files
    for (name, _) in files { used.write("--emit-dir", "\(folder)/\(name)") }
    try used.check()
    for (name, text) in files { try Files.write(Array(text.utf8), to: "\(folder)/\(name)") }
    // For readers alone: what is compiled has been.
    if let program = SourceLayout.program(in: request.toolchain) {
      try SourceLayout.apply(program, to: files.map(\.name), in: folder)
    }
  }
}

extension Lowered {
  fileprivate var targetReports: [Report.TargetEstimate] {
    selections.map { selection in
      Report.TargetEstimate(
        name: selection.target.name, title: selection.target.title,
        milliseconds: selection.milliseconds, megacycles: selection.cycles / 1e6, cores: selection.target.cores,
        millisecondsOnAllCores: selection.cycles(threads: selection.target.cores) / (selection.target.gigahertz * 1e6))
    }
  }

  /// - Parameters:
  ///   - widths: output channels by layer, in the student and in the compiled model.
  ///   - decisions: on the weights' bits, where they were chosen.
  fileprivate func layerReports(
    widths: (before: [String: Int], after: [String: Int]), _ decisions: [LayerDecision]
  ) -> [Report.Layer] {
    let ranges = ValueRanges(of: program)
    return program.steps.enumerated().map { index, step in
      var layer = Report.Layer(
        name: step.name, op: type(of: step).kind, kernel: [:], reason: [:], bits: 32, cycles: [:],
        bytes: step.constants.reduce(0) { $0 + program.constants[$1.index].storedByteCount })
      if let output = step.writes.first {
        let type = program.buffers[output.index].dataType
        layer.bits = type == .int8 ? ranges.usedBits(of: output) : type.byteCount * 8
      }
      if let convolution = step as? ConvolutionStep {
        layer.inputBits = ranges.usedBits(of: convolution.input)
        layer.weightBits = program.usedBits(of: convolution.weights)
      }
      layer.widthBefore = widths.before[step.name]
      layer.widthAfter = widths.after[step.name]
      if let decision = decisions.first(where: { $0.node == step.name }) {
        layer.sensitivity = layer.weightBits == 4 ? decision.sensitivity4 : decision.sensitivity8
      }
      for selection in selections {
        let choice = selection.choices[index]
        layer.kernel[selection.target.name] = choice.family
        let chain = selection.chain(with: index).map { "; " + $0.note(for: index) }
        layer.reason[selection.target.name] = choice.reason + (chain ?? "")
        layer.cycles[selection.target.name] = choice.cycles
      }
      return layer
    }
  }
}

extension Graph {
  /// Output channels of each convolution and fully connected layer, by node name.
  fileprivate var outputChannels: [String: Int] {
    var result: [String: Int] = [:]
    for node in nodes {
      guard let layer = Operators.type(of: node) as? any WeightedLayer.Type,
        let shape = node.outputs.first.flatMap({ types[$0]?.shape }), shape.rank > 1
      else { continue }
      result[node.name] = shape[layer.channelAxis(rank: shape.rank)]
    }
    return result
  }
}
