import KDCBundle
import KDCDiagnostics
import KDCTargets
import KDCToolchain

extension Verification {
  /// Compiles the program that the bundle carries again and compares every byte: then the machine code is what kdc makes of that
  /// program, and nothing else is in the file. Throws `cannotRunHere` where this kdc or its tools are of other versions than those that
  /// made the bundle.
  mutating func rebuild(_ bundle: Bundle) throws {
    let manifest = bundle.manifest
    let toolchain = try Toolchain.find()
    let here = ["kdc": KDC.configuration.version, "clang": toolchain.clangVersion, "lld": toolchain.linkerVersion]
    for (tool, version) in here.sorted(by: { $0.key < $1.key }) {
      let other = tool == "kdc" ? manifest.kdc : manifest.tools[tool]
      guard other == version else {
        throw Diagnostic(
          .cannotRunHere, "the bundle was made by \(tool) \(other ?? "of an unknown version"), this is \(version)",
          at: Place(file: bundle.path), hint: "compile it again with the tools that made it")
      }
    }
    let program = try bundle.program()
    guard let golden = try bundle.golden(), let architecture = Target.Architecture(rawValue: manifest.architecture)
    else {
      return add("rebuild", false, "there is nothing to build it from")
    }
    let targets = try Targets.builtIn().find(manifest.variants.flatMap(\.targets))
    let code = try Lowered(program, for: targets, memory: manifest.memoryLimit).code(for: architecture)
    let again = try code.bundle(
      of: program, by: toolchain, golden: golden, hashes: manifest.hashes, memoryLimit: manifest.memoryLimit,
      outputKinds: manifest.outputs.reduce(into: [:]) { kinds, output in kinds[output.name] = output.kind })
    let different = zip(again, bundle.bytes).count { $0 != $1 } + abs(again.count - bundle.byteCount)
    add(
      "rebuild", different == 0,
      different == 0 ? "compiling it again gives the same bytes" : "compiling it again changes \(different) bytes",
      .bundleAltered)
  }
}
