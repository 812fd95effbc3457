import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A teacher's graph, and how it is asked.
package struct TeacherNetwork: Sendable {
  /// With batch 1; canonical or not.
  package var graph: Graph
  /// The teacher's output for each of the student's.
  package var outputs: [String: String]
  /// The graph with the layers that feature transfers name; nil without.
  package var layers: Graph?
  /// What `adapt` does, as text: another way is another run.
  package var adaptation: String
  /// The teacher's inputs from the student's.
  package var adapt: @Sendable ([String: Tensor]) -> [String: Tensor]

  package init(
    _ graph: Graph, outputs: [String: String], layers: Graph? = nil, adaptation: String = "",
    adapt: @escaping @Sendable ([String: Tensor]) -> [String: Tensor]
  ) {
    self.graph = graph
    self.outputs = outputs
    self.layers = layers
    self.adaptation = adaptation
    self.adapt = adapt
  }
}

/// Samples as a teacher takes them.
struct AdaptedSamples: SampleSource {
  let samples: any SampleSource
  let adapt: @Sendable ([String: Tensor]) -> [String: Tensor]
  var count: Int { samples.count }
  var viewCount: Int { samples.viewCount }
  func sample(_ index: Int) throws -> [String: Tensor] { adapt(try samples.sample(index)) }
}

/// Teachers that are ready to be asked; several answer as one by the mean of their outputs.
struct Teachers: Sendable {
  private let networks: [(network: TeacherNetwork, chunks: ChunkedGraph, samples: AdaptedSamples)]
  private let heads: [Head]

  init(_ networks: [TeacherNetwork], heads: [Head], samples: any SampleSource, chunkSize: Int) throws {
    self.heads = heads
    self.networks = try networks.map { network in
      let adapted = AdaptedSamples(samples: samples, adapt: network.adapt)
      return (
        network, try ChunkedGraph(network.graph, chunkSize: chunkSize, checkedOn: adapted), adapted
      )
    }
  }

  var isEmpty: Bool { networks.isEmpty }

  /// Their mean outputs by the student's names, `[samples, …]`.
  func answers(to indices: [Int], threads: Threads) throws -> [String: Rows] {
    var answers: [String: [[Float]]] = [:]
    for (network, chunks, samples) in networks {
      let outputs = try chunks.outputs(of: indices, from: samples, threads: threads)
      for head in heads {
        guard let tensor = network.outputs[head.name].flatMap({ outputs[$0] }) else {
          throw InternalError("the teacher has no output for '\(head.name)'")
        }
        let own = tensor.asFloats
        guard own.allSatisfy(\.isFinite) else {
          throw DiagnosticList([
            Diagnostic(
              .nonFiniteActivation, "the teacher answers NaN or infinity for '\(head.name)'",
              at: Place(file: network.graph.file), hint: "look for extreme samples, or weights that are not finite")
          ])
        }
        answers[head.name, default: []].append(own)
      }
    }
    var result: [String: Rows] = [:]
    for head in heads {
      guard let all = answers[head.name] else { continue }
      let translation = ScoreTranslation(
        to: head, from: networks.map { $0.network.graph.outputKinds[$0.network.outputs[head.name] ?? ""] })
      let width = (all.first?.count ?? 0) / max(indices.count, 1)
      let values = indices.indices.flatMap { row in
        translation(all.map { Array($0[row * width..<(row + 1) * width]) })
      }
      result[head.name] = Rows(values: values, width: width)
    }
    return result
  }
}

/// What the teachers answer to one view of the training samples.
struct TeacherAnswers: Sendable {
  let rows: [String: Rows]
  /// Row by sample.
  let places: [Int: Int]
}
