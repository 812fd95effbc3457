import KDCGraph
import KDCTensor

extension Node {
  /// The node in a later version of ONNX, 13 or more, where attributes of earlier versions are inputs.
  ///
  /// - Parameter constant: adds a constant by a name for it, and returns its own.
  func upgraded(to version: Int, constant: (String, Tensor) -> String) -> Node {
    guard domain.isEmpty, opset < version else { return self }
    var node = self
    node.opset = version
    func integers(_ key: String) -> Tensor? {
      guard case .ints(let values)? = attributes[key] else { return nil }
      return Tensor([values.count], values)
    }
    func put(_ tensor: Tensor?, at index: Int, for key: String) {
      guard let tensor else { return }
      while node.inputs.count <= index { node.inputs.append("") }
      node.inputs[index] = constant("\(name).\(key)", tensor)
      node.attributes[key] = nil
    }
    switch opType {
    case "Squeeze", "Unsqueeze": put(integers("axes"), at: 1, for: "axes")
    case "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceProd", "ReduceSumSquare",
      "ReduceLogSum", "ReduceLogSumExp":
      if opType == "ReduceSum" || version >= 18 { put(integers("axes"), at: 1, for: "axes") }
    case "Split":
      put(integers("split"), at: 1, for: "split")
      if version >= 18, node.input(1) == nil, node.attributes["num_outputs"] == nil {
        node.attributes["num_outputs"] = .int(Int64(outputs.count))
      }
    case "Clip":
      for (index, key) in [(1, "min"), (2, "max")] {
        if case .float(let bound)? = attributes[key] { put(Tensor([], [bound]), at: index, for: key) }
      }
    case "Slice":
      for (index, key) in [(1, "starts"), (2, "ends"), (3, "axes")] { put(integers(key), at: index, for: key) }
    case "Pad":
      put(integers("pads"), at: 1, for: "pads")
      if case .float(let value)? = attributes["value"] { put(Tensor([], [value]), at: 2, for: "value") }
    case "Dropout": node.attributes["ratio"] = nil
    case "Upsample", "Resize":
      guard opType == "Upsample" || opset < 11 else { break }
      // From version 11 on there are regions of interest between data and scales.
      node.opType = "Resize"
      node.inputs = [inputs[0], ""] + inputs.dropFirst()
      if case .floats(let values)? = attributes["scales"] {
        node.inputs = [inputs[0], "", constant("\(name).scales", Tensor([values.count], values))]
        node.attributes["scales"] = nil
      }
      node.attributes["coordinate_transformation_mode"] = .string("asymmetric")
      node.attributes["nearest_mode"] = .string("floor")
    default: break
    }
    return node
  }
}
