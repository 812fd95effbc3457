import KDCBundle
import KDCProgram
import KDCTargets
import KDCToolchain

/// Bundles in memory, not yet files, with what they must compute.
struct Built: Sendable {
  struct File: Sendable {
    let architecture: Target.Architecture
    let bytes: [UInt8]
  }
  let golden: Golden
  let bundles: [File]

  /// The bundle whose code this machine runs.
  var host: File? { bundles.first { $0.architecture == Machine.architecture } }
}

extension Pipeline {
  /// Machine code and bundles.
  static func build(
    _ compiler: Compiler, _ program: Program, _ sources: [GeneratedCode], _ log: inout StageLog
  ) throws -> Built {
    let (request, inputs) = (compiler.request, compiler.inputs)
    let toolchain = try Toolchain.find(in: request.toolchain)
    // A vector is one run of the reference interpreter, which takes seconds for large models.
    let seeds = (0..<(program.macs > 1_000_000_000 ? 1 : 2)).map { request.seed &+ UInt64($0) &+ 1 }
    let golden = try Golden(
      of: program, seeds: seeds, ranges: inputs.calibration?.ranges(threads: request.threads) ?? [:],
      threads: request.threads.count)
    let bundles = try sources.map { code in
      Built.File(
        architecture: code.architecture,
        bytes: try code.bundle(
          of: program, by: toolchain, golden: golden, hashes: inputs.hashes, memoryLimit: request.budget.arenaBytes,
          outputKinds: inputs.student.outputKinds.mapValues(\.rawValue)))
    }
    log.did(
      bundles.map { "\($0.architecture.rawValue) \(Figure.bytes($0.bytes.count))" }.joined(separator: ", "))
    return Built(golden: golden, bundles: bundles)
  }
}
