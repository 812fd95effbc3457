import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCRuntime
import KDCTensor

/// A bundle for this machine, run by its machine code.
struct NativeRunner: ModelRunner {
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  /// One instance per thread: runs on one instance take turns.
  private let models: [Model]

  /// `program` is the bundle's own. Throws `cannotRunHere`.
  init(_ bundle: [UInt8], program: Program, threads: Threads) throws {
    inputs = program.inputs.map(\.info)
    outputs = program.outputs.map(\.info)
    do {
      let first = try Model(bytes: bundle)
      models = try [first] + (1..<max(1, threads.count)).map { _ in try Model(sharing: first) }
    } catch let error as ModelError {
      throw Diagnostic(.cannotRunHere, "this machine cannot run the bundle: \(error)")
    }
  }

  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: KDCTensor.Tensor]
  ) throws -> [[String: KDCTensor.Tensor]] {
    let (models, outputs) = (models, outputs)
    return try inPieces(count, threads: threads, most: models.count) { piece, samples, inner in
      try samples.map { index in
        let given = try sample(index).mapValues { try $0.forRuntime }
        let found = try models[piece].run(given, threads: inner)
        var result: [String: KDCTensor.Tensor] = [:]
        for port in outputs {
          guard let bytes = found[port.name]?.bytes,
            let tensor = KDCTensor.Tensor(port.type, littleEndianBytes: bytes)
          else { throw InternalError("the bundle gave no output '\(port.name)' of \(port.type)") }
          result[port.name] = tensor
        }
        return result
      }
    }
  }

  /// Whether machine code gives the golden vectors' bytes. Throws `InternalError` where it does not.
  func checkGolden(threads: Threads) throws {
    do {
      try models.first?.verify(threads: threads.count)
    } catch let error as ModelError {
      throw InternalError("machine code and reference disagree on the golden vectors: \(error)")
    }
  }
}

extension KDCTensor.Tensor {
  /// The same values as applications give them.
  fileprivate var forRuntime: KDCRuntime.Tensor {
    get throws {
      let dims = shape.dims
      return switch elements {
      case .float32(let v): KDCRuntime.Tensor(v, shape: dims)
      case .int8(let v): KDCRuntime.Tensor(v, shape: dims)
      case .uint8(let v): KDCRuntime.Tensor(v, shape: dims)
      case .int32(let v): KDCRuntime.Tensor(v, shape: dims)
      case .int64(let v): KDCRuntime.Tensor(v, shape: dims)
      case .bool(let v): KDCRuntime.Tensor(v, shape: dims)
      default: throw InternalError("\(dataType.rawValue) is no type of a bundle's inputs")
      }
    }
  }
}
