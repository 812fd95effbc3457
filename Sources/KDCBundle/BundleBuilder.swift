import KDCDiagnostics
import KDCProgram
import KDCTargets
import KDCTensor
import KDCToolchain

/// Makes the bundle of a program for one architecture: container, machine code, one ELF file.
package struct BundleBuilder {
  /// C code for one kind of core, with what the manifest says about it.
  package struct Code: Sendable {
    package var source: CSource
    package var name: String
    package var targets: [String]
    package var arenaBytes: Int
    package var weightsBytes: Int
    package init(source: CSource, name: String, targets: [String], arenaBytes: Int, weightsBytes: Int) {
      self.source = source
      self.name = name
      self.targets = targets
      self.arenaBytes = arenaBytes
      self.weightsBytes = weightsBytes
    }
  }

  package let toolchain: Toolchain
  package let architecture: Target.Architecture
  /// Version of kdc for the manifest.
  package let version: String
  /// Compile generated code with every warning an error.
  package var warningsAreErrors = false

  package init(toolchain: Toolchain, architecture: Target.Architecture, version: String) {
    self.toolchain = toolchain
    self.architecture = architecture
    self.version = version
  }

  /// The bytes of the bundle. `model` defines `kdc_model`, `code` its variants, best first for unknown cores; `hashes`
  /// are those of the compiler's inputs, by name, `memoryLimit` is what the kernels were chosen for, `outputKinds` say what
  /// outputs mean. Write the result with
  /// `Files.write(_:to:executable:)`.
  package func build(
    _ program: Program, model: CSource, code: [Code], golden: Golden, hashes: [String: String] = [:],
    memoryLimit: Int? = nil, outputKinds: [String: String] = [:]
  ) throws -> [UInt8] {
    try checkNames(of: program)
    var streams = ContainerWriter()
    let serial = try ProgramCoder.encode(program)
    try streams.add(.program, serial)
    try streams.add(.golden, try golden.json())
    var digest = Digest()
    for constant in program.constants { digest.update(constant.tensor.littleEndianBytes) }
    for stream in program.constantStreams { try streams.add(.constant, program.storedBytes(of: stream)) }
    var all = hashes
    all["program"] = Digest.hexadecimal(of: serial)
    all["weights"] = digest.hexadecimal()
    let builder = LibraryBuilder(
      toolchain: toolchain, architecture: architecture, warningsAreErrors: warningsAreErrors)
    var file = try builder.build([model] + code.map(\.source), soname: "model.kdb") { size in
      let manifest = manifest(
        of: program, code, size: size, weightsBytes: streams.storedConstantBytes, hashes: all, memoryLimit: memoryLimit,
        outputKinds: outputKinds)
      var whole = streams
      try whole.add(.manifest, try manifest.json())
      return try whole.finish()
    }
    guard let container = try ElfFile(file).contents(of: ".kdc") else {
      throw InternalError("a bundle without container")
    }
    try Seal.seal(&file, container: container.indices)
    return file
  }

  /// Names are texts of C in a bundle. Throws `portName`.
  private func checkNames(of program: Program) throws(Diagnostic) {
    for port in program.inputs + program.outputs where port.name.utf8.contains(0) {
      throw Diagnostic(
        .portName, "the name of an input or output contains the character U+0000: '\(port.name)'",
        hint: "rename it in the model")
    }
  }

  private func manifest(
    of program: Program, _ code: [Code], size: LibraryBuilder.CodeSize, weightsBytes: Int, hashes: [String: String],
    memoryLimit: Int?, outputKinds: [String: String]
  ) -> Manifest {
    func port(_ port: Port) -> Manifest.Port {
      Manifest.Port(name: port.name, type: port.dataType, shape: port.shape.dims)
    }
    func output(_ port: Port) -> Manifest.Port {
      Manifest.Port(name: port.name, type: port.dataType, shape: port.shape.dims, kind: outputKinds[port.name])
    }
    return Manifest(
      formatVersion: ContainerFormat.version, model: program.name, kdc: version, architecture: architecture.rawValue,
      targets: code.flatMap(\.targets).sorted(), inputs: program.inputs.map(port), outputs: program.outputs.map(output),
      steps: program.steps.count,
      variants: code.map {
        Manifest.Variant(
          name: $0.name, targets: $0.targets, arenaBytes: $0.arenaBytes, weightsBytes: $0.weightsBytes,
          flags: $0.source.flags)
      },
      arenaBytes: code.map(\.arenaBytes).max() ?? 0, codeBytes: size.bytes,
      instructionBytes: size.instructionBytes, weightsBytes: weightsBytes,
      tools: ["clang": toolchain.clangVersion, "lld": toolchain.linkerVersion],
      isa: architecture == .aarch64 ? "ARMv8.0-A with NEON" : "x86-64; model code as the variants' flags say",
      hashes: hashes, memoryLimit: memoryLimit)
  }
}
