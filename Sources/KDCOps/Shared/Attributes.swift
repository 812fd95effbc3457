import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Reading of attributes: a missing one gives nil or the default, one of the wrong type throws KDC2011 with the node.
extension Node {
  /// The node as diagnostics name it: "node 'up2' (Resize, opset 13)". The file is filled in by callers.
  package var place: Place {
    let called = name.isEmpty ? "node with output '\(outputs.first ?? "")'" : "node '\(name)'"
    return Place(file: "", detail: "\(called) (\(opType), opset \(opset))")
  }

  package func optionalInt(_ name: String) throws(Diagnostic) -> Int? {
    switch attributes[name] {
    case nil: nil
    case .int(let value): Int(value)
    default: throw wrongType(name, "an integer")
    }
  }

  package func int(_ name: String, default fallback: Int) throws(Diagnostic) -> Int {
    try optionalInt(name) ?? fallback
  }

  /// An integer attribute that means false (0) or true (1).
  package func flag(_ name: String, default fallback: Bool) throws(Diagnostic) -> Bool {
    switch try optionalInt(name) {
    case nil: fallback
    case 0: false
    case 1: true
    case .some(let value): throw invalid(name, "is \(value), must be 0 or 1")
    }
  }

  package func requiredInt(_ name: String) throws(Diagnostic) -> Int {
    guard let value = try optionalInt(name) else { throw invalid(name, "is missing") }
    return value
  }

  package func optionalFloat(_ name: String) throws(Diagnostic) -> Float? {
    switch attributes[name] {
    case nil: nil
    case .float(let value): value
    default: throw wrongType(name, "a float")
    }
  }

  package func float(_ name: String, default fallback: Float) throws(Diagnostic) -> Float {
    try optionalFloat(name) ?? fallback
  }

  package func optionalString(_ name: String) throws(Diagnostic) -> String? {
    switch attributes[name] {
    case nil: nil
    case .string(let value): value
    default: throw wrongType(name, "a string")
    }
  }

  /// A string attribute that must be one of `allowed` (KDC2011), of which only `supported` work (KDC2013).
  package func choice(
    _ name: String, default fallback: String, of allowed: [String], supported: [String]? = nil
  ) throws(Diagnostic) -> String {
    let value = try optionalString(name) ?? fallback
    guard allowed.contains(value) else {
      let near = didYouMean(value, allowed)
      throw Diagnostic(
        .invalidAttribute, "attribute '\(name)' of '\(opType)' is \"\(value)\", which ONNX does not define", at: place,
        notes: ["defined: " + allowed.joined(separator: ", ")], hint: near.map { "did you mean \"\($0)\"?" })
    }
    if let supported, !supported.contains(value) {
      throw unsupported(
        "'\(opType)' with \(name) \"\(value)\"", notes: ["supported: " + supported.joined(separator: ", ")])
    }
    return value
  }

  package func optionalInts(_ name: String) throws(Diagnostic) -> [Int]? {
    switch attributes[name] {
    case nil: nil
    case .ints(let values): values.map { Int($0) }
    default: throw wrongType(name, "a list of integers")
    }
  }

  package func optionalFloats(_ name: String) throws(Diagnostic) -> [Float]? {
    switch attributes[name] {
    case nil: nil
    case .floats(let values): values
    default: throw wrongType(name, "a list of floats")
    }
  }

  package func optionalStrings(_ name: String) throws(Diagnostic) -> [String]? {
    switch attributes[name] {
    case nil: nil
    case .strings(let values): values
    default: throw wrongType(name, "a list of strings")
    }
  }

  package func optionalTensor(_ name: String) throws(Diagnostic) -> Tensor? {
    switch attributes[name] {
    case nil: nil
    case .tensor(let value): value
    default: throw wrongType(name, "a tensor")
    }
  }

  /// KDC2011 about attribute `name`; `problem` continues "attribute 'axis' of 'Softmax' …".
  package func invalid(_ name: String, _ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.invalidAttribute, "attribute '\(name)' of '\(opType)' \(problem)", at: place, hint: hint)
  }

  /// KDC2013; `what` is followed by "is not supported".
  package func unsupported(_ what: String, notes: [String] = [], hint: String? = nil) -> Diagnostic {
    Diagnostic(.unsupportedAttribute, "\(what) is not supported", at: place, notes: notes, hint: hint)
  }

  private func wrongType(_ name: String, _ wanted: String) -> Diagnostic {
    let found =
      switch attributes[name] {
      case nil: "nothing"
      case .int: "an integer"
      case .float: "a float"
      case .string: "a string"
      case .tensor: "a tensor"
      case .ints: "a list of integers"
      case .floats: "a list of floats"
      case .strings: "a list of strings"
      case .graph: "a graph"
      }
    return invalid(name, "is \(found), must be \(wanted)")
  }
}
