import KDCKernels
import KDCProgram
import KDCTargets

/// The generated code of a program for one kind of core: one C file that stands for every target in `targets`.
package struct CodeVariant: Sendable {
  /// clang's name of the core of the first target, "cortex-a72"; followed by the target's name where several differ.
  package var name: String
  /// Every target whose code is this text, compiled with these flags.
  package var targets: [Target]
  /// The C file. It includes "kdc_model.h" and defines the `kdc_variant` named `symbol`.
  package var text: String
  package var compilerFlags: [String]
  package var arenaBytes: Int
  /// Bytes of all constants in their packings.
  package var weightsBytes: Int
  /// The constants in their packings, in the order of the emitted table.
  package var constants: [PlacedConstant]
  package var selection: KernelSelection
  package var plan: MemoryPlan

  /// "kdc_variant_cortex_a72".
  package var symbol: String { "kdc_variant_" + CText.identifier(name) }
  /// The section of the machine code where some cores of the architecture cannot run it, else nil: "kdc_code_cortex_a76".
  package var section: String? {
    let needsOne = targets.first?.instructionSets.contains(where: \.hasSection) ?? false
    return needsOne ? CodeSection.prefix + CText.identifier(name) : nil
  }
  /// "variant_cortex_a72.c".
  package var fileName: String { "variant_" + CText.identifier(name) + ".c" }
}

/// A constant of the program in one packing, and its place in the weights memory.
package struct PlacedConstant: Hashable, Sendable {
  package var constant: ConstantID
  package var packing: Packing
  /// In bytes; the offset is a multiple of 64.
  package var offset: Int
  package var bytes: Int

  package init(constant: ConstantID, packing: Packing, offset: Int, bytes: Int) {
    self.constant = constant
    self.packing = packing
    self.offset = offset
    self.bytes = bytes
  }
}
