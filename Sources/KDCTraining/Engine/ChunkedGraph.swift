import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A graph for any number of samples: they are cut into chunks of a fixed size, which threads share.
///
/// How samples are cut depends on their number alone, and sums over chunks are taken in their order, so that results are
/// the same for every number of threads.
package struct ChunkedGraph: Sendable {
  /// Samples of a chunk; 1 where the graph cannot be batched.
  package let chunkSize: Int
  private let chunk: TrainingGraph
  private let single: TrainingGraph
  /// The chunk in its training form; nil where that is not asked for.
  private let trained: TrainingGraph?

  /// Most bytes of activations that a chunk keeps for its backward run.
  private static let activationLimit = 256 << 20

  /// `chunkSize` shrinks for large activations, and falls to 1 where the batched graph does not compute for each of the
  /// first `samples` what the graph itself does.
  ///
  /// - Parameters:
  ///   - batch: a number of samples that chunks must divide, since a rest cannot be run in the training form; nil: any.
  ///   - form: of the chunks that are run `forEach`; outputs are always those of inference.
  package init(
    _ graph: Graph, chunkSize: Int = 16, dividing batch: Int? = nil, form: TrainingGraph.Form = .inference,
    checkedOn samples: any SampleSource
  ) throws {
    let alone = try TrainingGraph(graph)
    let bytes = alone.graph.nodes.flatMap(\.outputs).reduce(0) { $0 + (alone.graph.types[$1]?.byteCount ?? 0) }
    single = alone
    let bound = min(chunkSize, Self.activationLimit / max(bytes, 1))
    let chunkSize = batch.map { batch in (1...max(1, min(bound, batch))).last { batch % $0 == 0 } ?? 1 } ?? bound
    guard chunkSize > 1, graph.batched(chunkSize) != nil else {
      (chunk, self.chunkSize, trained) = (single, 1, form == .training ? try TrainingGraph(graph, form: form) : nil)
      return
    }
    let batched = try TrainingGraph(graph, batch: chunkSize)
    guard try Self.agree(batched, single, samples) else {
      (chunk, self.chunkSize, trained) = (single, 1, form == .training ? try TrainingGraph(graph, form: form) : nil)
      return
    }
    (chunk, self.chunkSize) = (batched, chunkSize)
    trained = form == .training ? try TrainingGraph(graph, batch: chunkSize, form: form) : nil
  }

  /// The graph at one sample.
  package var graph: Graph { single.graph }

  /// The graph for a chunk of `count` samples, the chunk size or 1.
  func graph(of count: Int) -> TrainingGraph { count == chunkSize ? chunk : single }

  /// Runs `body` on every chunk: the graph of its size and the chunk's range in 0 ..< count. The results come in order of
  /// the chunks; the error of the first chunk is thrown.
  package func map<T: Sendable>(
    _ count: Int, threads: Threads, _ body: @Sendable (TrainingGraph, Range<Int>) throws -> T
  ) throws -> [T] {
    let ranges = chunks(of: count)
    return try parallelMap(ranges.count, threads: threads) { index in
      try body(graph(of: ranges[index].count), ranges[index])
    }
  }

  /// As `map`, but hands each result on in order, and never holds more of them than there are threads: for results as
  /// large as the model's gradients.
  package func forEach<T: Sendable>(
    _ count: Int, threads: Threads, _ body: @Sendable (TrainingGraph, Range<Int>) throws -> T,
    then take: (T) throws -> Void
  ) throws {
    let ranges = chunks(of: count)
    for first in stride(from: 0, to: ranges.count, by: threads.count) {
      let wave = ranges[first..<min(first + threads.count, ranges.count)]
      let results = try parallelMap(wave.count, threads: threads) { index in
        let range = wave[first + index]
        return try body(range.count == chunkSize ? trained ?? chunk : single, range)
      }
      for result in results { try take(result) }
    }
  }

  /// Full chunks, then what is left sample by sample.
  package func chunks(of count: Int) -> [Range<Int>] {
    let full = count / chunkSize
    return (0..<full).map { $0 * chunkSize..<($0 + 1) * chunkSize }
      + (full * chunkSize..<count).map { $0..<$0 + 1 }
  }

  /// The outputs of samples by name, all samples in one tensor `[samples, …]`.
  package func outputs(
    of indices: [Int], from samples: any SampleSource, parameters: [String: Tensor] = [:], threads: Threads
  ) throws -> [String: Tensor] {
    let parts = try map(indices.count, threads: threads) { graph, range in
      try graph.outputs(of: Array(indices[range]), from: samples, parameters: parameters)
    }
    return Tensor.joined(parts)
  }

  /// Values of the graph by name, inner ones too, one chunk after another; in the form of training where the graph has
  /// one and the chunk is a full one.
  func values(
    _ names: Set<String>, of indices: [Int], from samples: any SampleSource, parameters: [String: Tensor] = [:]
  ) throws -> [String: Tensor] {
    let parts = try chunks(of: indices.count).map { range in
      let graph = range.count == chunkSize ? trained ?? chunk : single
      let tape = try graph.forward(try samples.batch(Array(indices[range])), parameters: parameters)
      return Dictionary(uniqueKeysWithValues: names.compactMap { name in tape[name].map { (name, $0) } })
    }
    return parts.count == 1 ? parts[0] : Tensor.joined(parts)
  }

  private static func agree(
    _ batched: TrainingGraph, _ single: TrainingGraph, _ samples: any SampleSource
  ) throws -> Bool {
    guard samples.count > 0 else { return false }
    let indices = (0..<batched.batch).map { $0 % samples.count }
    guard let together = try? batched.outputs(of: indices, from: samples) else { return false }
    let apart = Tensor.joined(try indices.map { try single.outputs(of: [$0], from: samples) })
    return single.graph.outputs.allSatisfy { name in
      guard let a = together[name]?.asFloats, let b = apart[name]?.asFloats, a.count == b.count else { return false }
      let largest = b.reduce(Float(0)) { max($0, abs($1)) }
      return zip(a, b).allSatisfy { abs($0 - $1) <= 1e-3 * largest + 1e-6 || ($0.isNaN && $1.isNaN) }
    }
  }
}

extension TrainingGraph {
  /// The graph's outputs for these samples, by name.
  package func outputs(
    of indices: [Int], from samples: any SampleSource, parameters: [String: Tensor] = [:]
  ) throws -> [String: Tensor] {
    let tape = try forward(try samples.batch(indices), parameters: parameters, keeping: false)
    var result: [String: Tensor] = [:]
    for name in graph.outputs { result[name] = tape[name] }
    return result
  }
}

extension Tensor {
  /// Parts of values by name, one after another along the first dimension; they may be of different length.
  static func joined(_ parts: [[String: Tensor]]) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, first) in parts.first ?? [:] {
      let values = parts.flatMap { $0[name]?.asFloats ?? [] }
      let leading = parts.reduce(0) { $0 + ($1[name]?.shape.dims.first ?? 0) }
      result[name] = Tensor(Shape([leading] + first.shape.dims.dropFirst()), values)
    }
    return result
  }
}
