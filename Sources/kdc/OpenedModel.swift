import KDCBundle
import KDCDiagnostics
import KDCONNX
import KDCOps
import KDCTensor

/// A model file of any kind that kdc can run.
struct OpenedModel {
  let runner: any ModelRunner
  /// What runs it, for people: "machine code", "reference interpreter", "float evaluator".
  let means: String

  /// Throws what is wrong with the file. `inputShapes` are those of the command line.
  init(path: String, inputShapes: [String] = [], threads: Threads) throws {
    let bytes = try Files.read(path)
    guard Bundle.looksLikeOne(bytes) else {
      let shapes = try ONNXImporter.parseInputShapes(inputShapes)
      runner = try GraphRunner(try ModelFile.load(path, inputShapes: shapes))
      means = "float evaluator"
      return
    }
    let bundle = try Bundle(bytes, path: path)
    let program = try bundle.program()
    if bundle.manifest.architecture == Self.hostArchitecture {
      runner = try NativeRunner(bytes, program: program, threads: threads)
      means = "machine code"
    } else {
      runner = ProgramRunner(program)
      means = "reference interpreter"
    }
  }

  private static var hostArchitecture: String {
    #if arch(arm64)
      "aarch64"
    #else
      "x86_64"
    #endif
  }
}
