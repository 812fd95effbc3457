import KDCBundle
import KDCCodegen
import KDCProgram
import KDCTargets
import KDCToolchain

/// A program with, for each target, a kernel for every step and a place for every buffer.
struct Lowered: Sendable {
  let program: Program
  let selections: [KernelSelection]
  let plans: [MemoryPlan]

  init(_ program: Program, _ selections: [KernelSelection]) {
    self.program = program
    self.selections = selections
    plans = selections.map { MemoryPlan(program, for: $0) }
  }

  /// - Parameter memory: the most that an arena may have, if that is limited.
  init(_ program: Program, for targets: [Target], memory: Int?) throws {
    self.init(program, try targets.map { try KernelSelection(for: program, on: $0, memory: memory) })
  }

  /// Bytes of the largest arena.
  var arenaBytes: Int { plans.map(\.arenaBytes).max() ?? 0 }

  /// One inference on one core, by target name.
  var milliseconds: [String: Double] {
    Dictionary(selections.map { ($0.target.name, $0.milliseconds) }, uniquingKeysWith: { first, _ in first })
  }

  /// C for the targets of an architecture.
  func code(for architecture: Target.Architecture) throws -> GeneratedCode {
    let inputs = zip(selections, plans).filter { $0.0.target.architecture == architecture }
      .map { Emission.Input(selection: $0.0, plan: $0.1) }
    let variants = try Emission.variants(of: program, inputs)
    return GeneratedCode(
      architecture: architecture, variants: variants, model: Emission.model(of: program, variants: variants))
  }
}

/// The C of a program for one architecture: a variant for each kind of core, and what they share.
struct GeneratedCode: Sendable {
  let architecture: Target.Architecture
  let variants: [CodeVariant]
  let model: String

  /// Names and texts of the files.
  var files: [(name: String, text: String)] {
    [(Emission.modelFileName, model)] + variants.map { ($0.fileName, $0.text) }
  }

  /// The bytes of the program's bundle, by this version of kdc.
  func bundle(
    of program: Program, by toolchain: Toolchain, golden: Golden, hashes: [String: String] = [:],
    memoryLimit: Int? = nil, outputKinds: [String: String] = [:]
  ) throws -> [UInt8] {
    let builder = BundleBuilder(toolchain: toolchain, architecture: architecture, version: KDC.configuration.version)
    let code = variants.map { variant in
      BundleBuilder.Code(
        source: CSource(name: variant.fileName, text: variant.text, flags: variant.compilerFlags), name: variant.name,
        targets: variant.targets.map(\.name), arenaBytes: variant.arenaBytes, weightsBytes: variant.weightsBytes)
    }
    return try builder.build(
      program, model: CSource(name: Emission.modelFileName, text: model), code: code, golden: golden, hashes: hashes,
      memoryLimit: memoryLimit, outputKinds: outputKinds)
  }
}
