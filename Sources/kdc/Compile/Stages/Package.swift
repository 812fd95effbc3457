import Foundation
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCKernels
import KDCProgram
import KDCTargets
import KDCToolchain

extension Stage {
  /// Writes bundles and generated C: the first that the file system sees of a compilation.
  static let package = Stage("package") { compilation, _ in
    let request = compilation.request
    compilation.report.layers = compilation.layerReports
    compilation.report.targets = compilation.targetReports
    for bundle in compilation.bundles {
      let path = request.outputPath(for: bundle.architecture)
      let manifest = try Bundle(bundle.bytes, path: path).manifest
      compilation.report.bundles.append(
        Report.Bundle(
          file: path, architecture: bundle.architecture.rawValue, bytes: bundle.bytes.count,
          sha256: Digest.hexadecimal(of: bundle.bytes), codeBytes: manifest.codeBytes, arenaBytes: manifest.arenaBytes))
    }
    try request.files.check()
    if let folder = request.emitFolder { try compilation.writeSources(to: folder) }
    for bundle in compilation.bundles {
      try Files.write(bundle.bytes, to: request.outputPath(for: bundle.architecture), executable: true)
    }
    return compilation.report.bundles.map { "\($0.file) \(ReportTable.bytes($0.bytes))" }.joined(separator: ", ")
  }
}

extension Compilation {
  /// The generated C, in a folder per architecture where there are several.
  fileprivate func writeSources(to folder: String) throws {
    for (architecture, variants, model) in self.variants {
      let path = request.architectures.count > 1 ? "\(folder)/\(architecture.rawValue)" : folder
      do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      } catch {
        throw Diagnostic(
          .outputNotWritable, "cannot make the folder '\(path)'", at: Place(file: path),
          hint: "choose an --emit-dir that can be written")
      }
      let sources = [(Emission.modelFileName, model)] + variants.map { ($0.fileName, $0.text) }
      var files = request.files
      for (name, _) in sources { files.write("--emit-dir", "\(path)/\(name)") }
      try files.check()
      for (name, text) in sources {
        try Files.write(Array(text.utf8), to: "\(path)/\(name)")
      }
      // For readers alone: what is compiled has been.
      if let program = SourceLayout.program(in: request.toolchain) {
        try SourceLayout.apply(program, to: sources.map(\.0), in: path)
      }
    }
  }

  fileprivate var targetReports: [Report.TargetEstimate] {
    selections.map { selection in
      Report.TargetEstimate(
        name: selection.target.name, title: selection.target.title,
        milliseconds: selection.milliseconds, megacycles: selection.cycles / 1e6, cores: selection.target.cores,
        millisecondsOnAllCores: selection.cycles(threads: selection.target.cores) / (selection.target.gigahertz * 1e6))
    }
  }

  fileprivate var layerReports: [Report.Layer] {
    let ranges = ValueRanges(of: program)
    let (before, after) = (student.outputChannels, compressed.outputChannels)
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
      layer.widthBefore = before[step.name]
      layer.widthAfter = after[step.name]
      if let decision = report.weights.first(where: { $0.node == step.name }) {
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
    for node in nodes where ["FusedConv", "FusedGemm", "ConvTranspose"].contains(node.opType) {
      guard let shape = node.outputs.first.flatMap({ types[$0]?.shape }), shape.rank > 1 else { continue }
      result[node.name] = node.opType == "FusedGemm" ? shape[shape.rank - 1] : shape[1]
    }
    return result
  }
}
