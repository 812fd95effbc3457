import Foundation
import KDCBundle
import KDCDiagnostics
import KDCProgram
import KDCTargets
import KDCTensor
import KDCToolchain

/// A hand-written model y = x · w for float32[1,8] with w = 1…8, as a program and as the C that code generation would
/// give for it: for tests of the toolchain, the runtime and the APIs that need no compiler.
package enum TinyModel {
  package static let program: Program = {
    var program = Program(name: "tiny")
    program.buffers = ["x", "w", "y"].map { Buffer(name: $0, dataType: .float32, shape: [1, 8]) }
    program.inputs = [Port(name: "x", dataType: .float32, shape: [1, 8], buffer: BufferID(0))]
    program.outputs = [Port(name: "y", dataType: .float32, shape: [1, 8], buffer: BufferID(2))]
    program.constants = [Constant(name: "w", tensor: Tensor([1, 8], (1...8).map(Float.init)))]
    program.steps = [
      LoadStep(name: "w", constant: ConstantID(0), output: BufferID(1), byteCount: 32),
      FloatBinaryStep(
        name: "scale", operation: .multiply, a: BufferID(0), b: BufferID(1), output: BufferID(2),
        walk: Walk(extents: [8], strides: [[1], [1], [1]])),
    ]
    return program
  }()

  /// The same with w = 10, 20, … 80: another model of the same name and interface.
  package static let tenfold: Program = {
    var program = Self.program
    program.constants = [Constant(name: "w", tensor: Tensor([1, 8], (1...8).map { Float($0 * 10) }))]
    return program
  }()

  /// The variant, and the `kdc_model` that lists it.
  package static let source = CSource(
    name: "model.c",
    text: """
      #include "kdc_model.h"
      static void load(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
        for (uint32_t i = begin; i < end; i++) ((float *)b[0])[i] = ((const float *)c[0])[i];
      }
      static void multiply(void *const *b, const void *const *c, uint32_t begin, uint32_t end) {
        (void)c;
        const float *x = b[0], *w = b[1];
        float *y = b[2];
        for (uint32_t i = begin; i < end; i++) y[i] = x[i] * w[i];
      }
      static const kdc_step steps[] = {
          {load, 8, 1, 1, 0, {64}, {0}, 0, "w", "load_scalar"},
          {multiply, 8, 3, 0, 0, {0, 64, 128}, {0}, 0, "scale", "float_binary_scalar"},
      };
      static const kdc_constant constants[] = {{0, 32, 0, 0, 0, 0, 0, 0, 0, 32}};
      static const kdc_port inputs[] = {{"x", KDC_FLOAT32, 2, {1, 8}, 0, 32}};
      static const kdc_port outputs[] = {{"y", KDC_FLOAT32, 2, {1, 8}, 128, 32}};
      static const kdc_variant variant = {"generic", "any", {0}, 0, 192, 64, 2, 1, steps, constants, inputs, outputs};
      static const kdc_variant *const variants[] = {&variant};
      const kdc_model_code kdc_model = {1, "tiny", 1, 1, 1, variants};

      """)

  package static let toolchain = try? Toolchain.find()

  package static var hostArchitecture: Target.Architecture {
    #if arch(arm64)
      .aarch64
    #else
      .x86_64
    #endif
  }

  /// The bytes of a bundle; `golden` replaces the right golden vectors.
  package static func bundle(
    _ architecture: Target.Architecture, of program: Program = program, source: CSource = source, golden: Golden? = nil
  ) throws -> [UInt8] {
    var builder = BundleBuilder(
      toolchain: try toolchain ?? Toolchain.find(), architecture: architecture, version: "test")
    builder.warningsAreErrors = true
    let code = BundleBuilder.Code(
      source: CSource(name: "empty.c", text: "typedef int empty;\n"), name: "generic", targets: ["any"],
      arenaBytes: 192, weightsBytes: 64)
    return try builder.build(
      program, model: source, code: [code],
      golden: golden ?? Golden(of: program, seeds: [1, 2], ranges: ["x": -1.5...2]))
  }

  /// A bundle for this machine as a file that is built once and lasts as long as the tests.
  package static let hostBundle: Result<String, any Error> = file(of: program)

  /// Likewise of the other model.
  package static let tenfoldBundle: Result<String, any Error> = file(of: tenfold)

  private static func file(of program: Program) -> Result<String, any Error> {
    Result {
      let folder = try TemporaryFolder()
      let path = folder.path + "/tiny.kdb"
      try Files.write(try bundle(hostArchitecture, of: program), to: path, executable: true)
      return path
    }
  }
}
