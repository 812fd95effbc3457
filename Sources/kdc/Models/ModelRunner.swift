import Foundation
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor
import KDCTraining

/// A model that can be run, whatever form it is in.
protocol ModelRunner: Sendable {
  /// What the model takes, with batch 1.
  var inputs: [ValueInfo] { get }
  /// Its outputs, in order.
  var outputs: [ValueInfo] { get }
  /// The outputs by name for each sample, in order of the samples. Results do not depend on `threads`.
  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]]
}

/// The float model.
struct GraphRunner: ModelRunner {
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  private let evaluator: GraphEvaluator

  init(_ graph: Graph) throws {
    evaluator = try GraphEvaluator(graph)
    inputs = graph.dataInputs
    outputs = graph.outputInfos
  }

  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]] {
    // One image at a time is better split inside the operators.
    if count == 1 { return [try evaluator.run(inputs: sample(0), threads: threads)] }
    return try parallelMap(count, threads: threads) { try evaluator.run(inputs: sample($0)) }
  }
}

/// The lowered program on the reference interpreter: what every device computes, byte for byte.
struct ProgramRunner: ModelRunner {
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  private let program: Program

  init(_ program: Program) {
    self.program = program
    inputs = program.inputs.map(\.info)
    outputs = program.outputs.map(\.info)
  }

  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]] {
    try inPieces(count, threads: threads) { _, samples, inner in
      var interpreter = try Interpreter(program, threads: inner)
      return try samples.map { try interpreter.run(sample($0)) }
    }
  }
}

extension KDCProgram.Port {
  var info: ValueInfo { ValueInfo(name: name, type: TensorType(dataType, shape)) }
}

extension ModelRunner {
  /// Runs samples in contiguous pieces at the same time, at most `most` of them, each with its part of the threads.
  func inPieces<Output: Sendable>(
    _ count: Int, threads: Threads, most: Int = .max,
    _ run: @Sendable (_ piece: Int, _ samples: Range<Int>, _ threads: Int) throws -> [Output]
  ) throws -> [Output] {
    let pieces = max(1, min(most, threads.count, count))
    let inner = max(1, threads.count / pieces)
    return try parallelMap(pieces, threads: threads) { piece in
      try run(piece, count * piece / pieces..<count * (piece + 1) / pieces, inner)
    }.flatMap { $0 }
  }

  /// Runs all samples and keeps the outputs as floats: `[output][sample]`.
  func outputs(
    of data: any SampleSource, threads: Threads, limit: Int = .max, progress: Progress? = nil, label: String = "run"
  ) throws -> [String: [[Float]]] {
    var result: [String: [[Float]]] = [:]
    let begin = Date()
    let count = min(data.count, limit)
    let step = 64 * threads.count
    for first in stride(from: 0, to: count, by: step) {
      let some = try run(min(step, count - first), threads: threads) { try data.sample(first + $0) }
      for sample in some {
        for (name, tensor) in sample { result[name, default: []].append(tensor.asFloats) }
      }
      progress?.update(label, done: min(first + step, count), of: count, since: begin)
    }
    return result
  }
}
