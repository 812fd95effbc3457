import KDCGraph
import KDCTensor

/// A layer of the student that is to be like one of the teacher.
package struct FeatureTransfer: Sendable {
  package var loss: LayerLoss
  /// Names of values in the two graphs.
  package var teacher: String
  package var student: String
  /// λ, the factor on its loss.
  package var weight: Double

  package init(_ loss: LayerLoss, teacher: String, student: String, weight: Double) {
    self.loss = loss
    self.teacher = teacher
    self.student = student
    self.weight = weight
  }

  /// All that the result depends on, as text.
  var summary: String { "\(loss.name) \(teacher)=\(student):\(weight)" }
}

/// What training adds to a student's graph: regressors, and variances, of feature transfers. They are no part of the result.
struct FeatureHelpers: Sendable {
  /// Added to the graph for one transfer: the value to compare with the teacher's, and the value of the variances.
  struct Names: Sendable {
    var value: String
    var spreads: String?
  }

  private(set) var graph: Graph
  private(set) var names: [Names] = []
  /// Initializers to train in addition to the graph's own.
  private(set) var parameters: Set<String> = []

  /// - Parameter teacherTypes: of the teacher's values, for its numbers of channels.
  init(_ student: Graph, transfers: [FeatureTransfer], teacherTypes: [String: TensorType], seed: UInt64) {
    graph = student
    var generator = SplitMix64(seed: seed ^ 0x6869_6E74)
    for (index, transfer) in transfers.enumerated() {
      guard transfer.loss.helper != .none, let own = student.types[transfer.student]?.shape, own.rank > 1,
        let channels = teacherTypes[transfer.teacher]?.shape.dims.dropFirst().first
      else {
        names.append(Names(value: transfer.student))
        continue
      }
      let prefix = graph.freshName("kdc.transfer\(index)")
      let isImage = own.rank == 4
      let fanIn = isImage ? own[1] : own.dims[1...].reduce(1, *)
      let deviation = (1 / Double(max(fanIn, 1))).squareRoot()
      let weights = (0..<channels * fanIn).map { _ in Float(deviation * generator.normal()) }
      let shape = isImage ? Shape([channels, fanIn, 1, 1]) : Shape([channels, fanIn])
      graph.initializers[prefix + ".weight"] = Tensor(shape, weights)
      graph.initializers[prefix + ".bias"] = Tensor([channels], [Float](repeating: 0, count: channels))
      var input = transfer.student
      if !isImage && own.rank > 2 {
        graph.nodes.append(
          Node(
            name: prefix + ".flat", opType: "Flatten", opset: graph.opset, inputs: [input], outputs: [prefix + ".flat"])
        )
        input = prefix + ".flat"
      }
      graph.nodes.append(
        Node(
          name: prefix, opType: isImage ? "Conv" : "Gemm", opset: graph.opset,
          inputs: [input, prefix + ".weight", prefix + ".bias"], outputs: [prefix],
          attributes: isImage ? [:] : ["transB": .int(1)]))
      parameters.formUnion([prefix + ".weight", prefix + ".bias"])
      var name = Names(value: prefix)
      if transfer.loss.helper == .regressorAndSpreads {
        // softplus(5) ≈ 5: a wide guess, so that far values do not outweigh everything in the first steps.
        graph.initializers[prefix + ".alpha"] = Tensor([channels], [Float](repeating: 5, count: channels))
        graph.nodes.append(
          Node(
            name: prefix + ".spread", opType: "Softplus", opset: graph.opset, inputs: [prefix + ".alpha"],
            outputs: [prefix + ".spread"]))
        parameters.insert(prefix + ".alpha")
        name.spreads = prefix + ".spread"
      }
      names.append(name)
    }
  }
}
