import ArgumentParser
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCToolchain

extension Stage {
  /// Machine code and bundles, in memory.
  static let build = Stage("build") { compilation, _ in
    let toolchain = try Toolchain.find(in: compilation.request.toolchain)
    let program = compilation.program
    // A vector is one run of the reference interpreter, which takes seconds for large models.
    let seeds = (0..<(program.macs > 1_000_000_000 ? 1 : 2)).map { compilation.request.seed &+ UInt64($0) &+ 1 }
    let golden = try Golden(
      of: program, seeds: seeds, ranges: compilation.calibration?.ranges(threads: compilation.request.threads) ?? [:],
      threads: compilation.request.threads.count)
    compilation.golden = golden
    for (architecture, variants, model) in compilation.variants {
      let builder = BundleBuilder(
        toolchain: toolchain, architecture: architecture, version: KDC.configuration.version)
      let bytes = try builder.build(
        program, model: CSource(name: Emission.modelFileName, text: model), code: variants.map(\.code), golden: golden,
        hashes: compilation.inputHashes, memoryLimit: compilation.request.budget.memory,
        outputKinds: compilation.student.outputKinds.mapValues(\.rawValue))
      compilation.bundles.append(BuiltBundle(architecture: architecture, bytes: bytes))
    }
    return compilation.bundles.map { "\($0.architecture.rawValue) \(ReportTable.bytes($0.bytes.count))" }
      .joined(separator: ", ")
  }
}

extension CodeVariant {
  /// What the bundle builder needs of it.
  var code: BundleBuilder.Code {
    BundleBuilder.Code(
      source: CSource(name: fileName, text: text, flags: compilerFlags), name: name, targets: targets.map(\.name),
      arenaBytes: arenaBytes, weightsBytes: weightsBytes)
  }
}
