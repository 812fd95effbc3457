import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Checks of inputs in `outputTypes`. The diagnostics name the operator and input; the caller adds the node.
extension Operator {
  /// The input at `index`, called `name` in ONNX's text. Throws KDC2012 where it is absent.
  package func required(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> OperatorInput {
    guard index < inputs.count, let input = inputs[index] else {
      throw Diagnostic(.missingInput, "'\(Self.onnxName)' needs input \(index) (\(name))")
    }
    return input
  }

  /// A required input that must be float32. Throws KDC2012 or KDC2015.
  package func requiredFloat(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> Shape {
    try floatShape(of: required(inputs, index, name), name)
  }

  /// The type of a required input that must be of a float type. Throws KDC2012 or KDC2015.
  func requiredFloats(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> TensorType {
    let type = try required(inputs, index, name).type
    guard type.dataType.isFloat else { throw typeMismatch("input \(name) is \(type), must be float32") }
    return type
  }

  /// The shape of an optional input that must be float32 if present. Throws KDC2015.
  package func optionalFloat(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> Shape? {
    guard index < inputs.count, let input = inputs[index] else { return nil }
    return try floatShape(of: input, name)
  }

  private func floatShape(of input: OperatorInput, _ name: String) throws(Diagnostic) -> Shape {
    guard input.type.dataType == .float32 else {
      throw typeMismatch("input \(name) is \(input.type), must be float32")
    }
    return input.type.shape
  }

  /// The integers of an input that must be known when compiling; nil where the input is absent.
  /// Throws KDC2016 where it is computed from data, KDC2015 where it is not int64 or int32.
  package func constantInts(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> [Int]? {
    guard let tensor = try constant(inputs, index, name) else { return nil }
    guard let integers = tensor.integers else { throw typeMismatch("input \(name) is \(tensor.type), must be int64") }
    return integers
  }

  /// The value of an input that must be known when compiling; nil where the input is absent. Throws KDC2016.
  package func constant(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> Tensor? {
    guard index < inputs.count, let input = inputs[index] else { return nil }
    guard let value = input.constant else {
      throw Diagnostic(
        .notConstant, "input \(index) (\(name)) of '\(Self.onnxName)' must be known when compiling",
        notes: ["it is computed from the model's inputs"],
        hint: "where it is an input of the model that always has one value, give that: --set NAME=VALUE")
    }
    return value
  }

  /// `axis` counted from the front. Throws KDC2011 where it is not in −rank ..< rank.
  package func normalized(axis: Int, rank: Int) throws(Diagnostic) -> Int {
    guard axis >= -rank, axis < rank else {
      throw Diagnostic(
        .invalidAttribute, "axis \(axis) of '\(Self.onnxName)' is outside \(-rank)...\(rank - 1) (rank \(rank))")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// KDC2014; `problem` continues "'Conv': …".
  package func shapeMismatch(_ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.shapeMismatch, "'\(Self.onnxName)': \(problem)", hint: hint)
  }

  /// KDC2015; `problem` continues "'Conv': …".
  package func typeMismatch(_ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.typeMismatch, "'\(Self.onnxName)': \(problem)", hint: hint)
  }
}

/// Access to inputs in `evaluate`, where `outputTypes` has checked them: a failure here is kdc's own fault.
extension [Tensor?] {
  /// The tensor at `index`, or nil where the optional input is absent.
  package func optional(_ index: Int) -> Tensor? { index < count ? self[index] : nil }

  package func required(_ index: Int) throws -> Tensor {
    guard let tensor = optional(index) else { throw InternalError("input \(index) is absent") }
    return tensor
  }

  /// Shape and elements of a required float32 input.
  package func floats(_ index: Int) throws -> (shape: Shape, values: [Float]) {
    let tensor = try required(index)
    guard let values = tensor.floats else { throw InternalError("input \(index) is \(tensor.type)") }
    return (tensor.shape, values)
  }

  /// Elements of an optional float32 input, or nil where it is absent.
  package func optionalFloats(_ index: Int) throws -> [Float]? {
    try optional(index) == nil ? nil : floats(index).values
  }

  /// Elements of an optional int64 or int32 input, or nil where it is absent.
  package func optionalInts(_ index: Int) throws -> [Int]? {
    guard let tensor = optional(index) else { return nil }
    guard let integers = tensor.integers else { throw InternalError("input \(index) is not integer") }
    return integers
  }
}

extension Tensor {
  /// The elements of an int64 or int32 tensor, which list axes, sizes and indices.
  var integers: [Int]? {
    switch elements {
    case .int64(let values): values.map { Int($0) }
    case .int32(let values): values.map { Int($0) }
    default: nil
    }
  }
}

extension Graph {
  /// The integers of a node's constant input; nil where it is absent or computed.
  package func integers(_ node: Node, _ index: Int) -> [Int]? {
    node.input(index).flatMap { initializers[$0]?.integers }
  }
}
