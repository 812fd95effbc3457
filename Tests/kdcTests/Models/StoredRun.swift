import Foundation
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor
import KDCTraining

/// A model with inputs and reference outputs stored in an npz: `in:<input>` and `out:<output>`, each with a leading axis
/// of samples.
struct StoredRun: Sendable {
  var model: String
  var values: String

  /// Runs every sample and gives the largest |difference| ÷ max(1, largest |reference|) of each output.
  func worstErrors(threads: Threads) throws -> [String: Float] {
    var graph = try ONNXImporter.load(path: model)
    try graph.inferTypes()
    let evaluator = try GraphEvaluator(graph)
    let arrays = try NumpyFile.read(values)
    var errors: [String: Float] = [:]
    for sample in 0..<(arrays.first?.tensor.shape[0] ?? 0) {
      var inputs: [String: Tensor] = [:]
      for (key, tensor) in arrays where key.hasPrefix("in:") {
        inputs[String(key.dropFirst(3))] = try Self.slice(tensor, sample)
      }
      let results = try evaluator.run(inputs: inputs, threads: threads)
      for (key, tensor) in arrays where key.hasPrefix("out:") {
        let name = String(key.dropFirst(4))
        let expected = try Self.slice(tensor, sample)
        guard let result = results[name], result.type == expected.type, let x = result.floats, let y = expected.floats
        else {
          errors[name] = .infinity
          continue
        }
        let scale = max(1, y.map(abs).max() ?? 0)
        let error = zip(x, y).map { abs($0 - $1) }.max() ?? 0
        errors[name] = max(errors[name] ?? 0, error.isNaN ? .infinity : error / scale)
      }
    }
    return errors
  }

  private static func slice(_ stacked: Tensor, _ index: Int) throws -> Tensor {
    let shape = Shape(Array(stacked.shape.dims.dropFirst()))
    let indices = Tensor([], [Int64(index)])
    let gather = try Operators.decode(
      Node(name: "sample", opType: "Gather", opset: 17, inputs: ["x", "i"], outputs: ["y"]))
    return try gather.evaluate([stacked, indices]).first?.reshaped(to: shape) ?? stacked
  }
}
