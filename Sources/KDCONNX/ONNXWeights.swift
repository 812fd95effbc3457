import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Writes new weights into a model file and leaves everything else of it as it was: nodes, names, operator sets, dynamic
/// dimensions, metadata.
package enum ONNXWeights {
  /// The model at `path` with these values in place of its initializers, or Constant nodes, of the same names and counts.
  ///
  /// float16 stays float16; weights in external files come into the model. Throws a `Diagnostic` where the file changed
  /// since it was read, `nil` where a name is no weight of the file itself but was derived from one.
  package static func replacing(_ weights: [String: Tensor], in path: String) throws -> Data? {
    let bytes = try Files.read(path)
    guard var model = try? Onnx_ModelProto(serializedBytes: Data(bytes)) else {
      throw Diagnostic(.notAnONNXModel, "this is not a readable ONNX model any more", at: Place(file: path))
    }
    var missing = Set(weights.keys)
    for index in model.graph.initializer.indices {
      let name = model.graph.initializer[index].name
      guard let tensor = weights[name], write(tensor, into: &model.graph.initializer[index]) else { continue }
      missing.remove(name)
    }
    for index in model.graph.node.indices where model.graph.node[index].opType == "Constant" {
      guard let name = model.graph.node[index].output.first, let tensor = weights[name] else { continue }
      for place in model.graph.node[index].attribute.indices
      where model.graph.node[index].attribute[place].name == "value" {
        if write(tensor, into: &model.graph.node[index].attribute[place].t) { missing.remove(name) }
      }
    }
    return missing.isEmpty ? try model.serializedBytes() : nil
  }

  private static func write(_ tensor: Tensor, into proto: inout Onnx_TensorProto) -> Bool {
    guard proto.dims.reduce(1, *) == Int64(tensor.count) else { return false }
    switch Onnx_TensorProto.DataType(rawValue: Int(proto.dataType)) {
    case .float: proto.rawData = Data(tensor.littleEndianBytes)
    case .float16: proto.rawData = Data(tensor.converted(to: .float16).littleEndianBytes)
    default: return false
    }
    (proto.floatData, proto.int32Data, proto.externalData) = ([], [], [])
    proto.clearDataLocation()
    return true
  }
}
