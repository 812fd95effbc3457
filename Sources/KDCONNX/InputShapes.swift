import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Gives every graph input a static shape: from the model, from `--input-shape`, and 1 for a batch dimension.
///
/// A batch dimension is dimension 0 where it alone is dynamic. A symbol that one input binds counts for the others:
/// `--input-shape input:1x576` also settles a `state` of [2, batch, 128].
struct InputShapes {
  let file: String
  let overrides: [String: [Int]]

  /// The inputs in order, or the faults of all of them.
  func resolve(_ protos: [Onnx_ValueInfoProto], widensHalf: Bool) -> (inputs: [ValueInfo], faults: [Diagnostic]) {
    var inputs: [ValueInfo] = []
    var faults = unknownNames(protos)
    var bound: [String: Int] = [:]
    for proto in protos { bind(proto, into: &bound) }
    for proto in protos {
      do throws(Diagnostic) {
        let type = try elementType(of: proto)
        let dims = try dims(of: proto, bound: bound)
        let shape = Shape(dims)
        guard let count = shape.checkedCount(limit: 1 << 31) else {
          throw Diagnostic(
            .shapeOverflow, "input '\(proto.name)' of shape \(shape) has more elements than can be addressed",
            at: place(proto), hint: "give a smaller shape: --input-shape \(proto.name):1x…")
        }
        _ = count
        inputs.append(
          ValueInfo(name: proto.name, type: TensorType(widensHalf && type == .float16 ? .float32 : type, shape)))
      } catch { faults.append(error) }
    }
    return (inputs, faults)
  }

  private func place(_ proto: Onnx_ValueInfoProto) -> Place { Place(file: file, detail: "input '\(proto.name)'") }

  private func unknownNames(_ protos: [Onnx_ValueInfoProto]) -> [Diagnostic] {
    let known = protos.map(\.name)
    return overrides.keys.sorted().filter { !known.contains($0) }.map {
      Diagnostic(
        .invalidInputShape, "--input-shape names '\($0)', which is not an input of the model",
        at: Place(file: file), notes: ["inputs: " + known.joined(separator: ", ")])
    }
  }

  private func elementType(of proto: Onnx_ValueInfoProto) throws(Diagnostic) -> DataType {
    guard case .tensorType(let tensor)? = proto.type.value else {
      let kind =
        switch proto.type.value {
        case .sequenceType: "a sequence"
        case .mapType: "a map"
        case .optionalType: "an optional"
        case .sparseTensorType: "a sparse tensor"
        case .opaqueType: "an opaque type"
        default: "without a type"
        }
      throw Diagnostic(
        .unsupportedDataType, "input '\(proto.name)' is \(kind); only dense tensors are supported", at: place(proto))
    }
    let number = Onnx_TensorProto.DataType(rawValue: Int(tensor.elemType))
    guard let type = number?.dataType else {
      throw Diagnostic.unsupportedDataType(
        number?.onnxName ?? "number \(tensor.elemType)", of: "input '\(proto.name)'", at: place(proto))
    }
    return type
  }

  /// Dimensions of `proto` as the model has them, nil for the dynamic ones; nil where it says nothing at all.
  private func declared(_ proto: Onnx_ValueInfoProto) -> [(value: Int?, symbol: String?)]? {
    guard proto.type.tensorType.hasShape else { return nil }
    return proto.type.tensorType.shape.dim.map { dim in
      switch dim.value {
      case .dimValue(let value)? where value > 0: (Int(value), nil)
      case .dimParam(let name)?: (nil, name.isEmpty ? nil : name)
      default: (nil, nil)
      }
    }
  }

  private func bind(_ proto: Onnx_ValueInfoProto, into bound: inout [String: Int]) {
    guard let dims = declared(proto) else { return }
    if let given = overrides[proto.name] {
      for (dim, value) in zip(dims, given) { if let symbol = dim.symbol { bound[symbol] = value } }
    } else if let symbol = dims.first?.symbol, dims.dropFirst().allSatisfy({ $0.value != nil }) {
      bound[symbol] = bound[symbol] ?? 1
    }
  }

  private func dims(of proto: Onnx_ValueInfoProto, bound: [String: Int]) throws(Diagnostic) -> [Int] {
    let declared = declared(proto)
    if let given = overrides[proto.name] {
      let fits = declared.map { dims in
        dims.count == given.count && zip(dims, given).allSatisfy { $0.value == nil || $0.value == $1 }
      }
      guard fits ?? true else {
        throw Diagnostic(
          .invalidInputShape,
          "--input-shape \(proto.name):\(given.map(String.init).joined(separator: "x")) "
            + "does not fit the model's \(text(declared ?? []))", at: place(proto))
      }
      return given
    }
    guard let declared else {
      throw Diagnostic(
        .dynamicInputShape, "input '\(proto.name)' has no shape in the model", at: place(proto),
        hint: "give one: --input-shape \(proto.name):1x3x224x224")
    }
    var dims: [Int] = []
    for (axis, dim) in declared.enumerated() {
      let isBatch = axis == 0 && declared.dropFirst().allSatisfy { $0.value != nil }
      guard let value = dim.value ?? dim.symbol.flatMap({ bound[$0] }) ?? (isBatch ? 1 : nil) else {
        let symbols = declared.compactMap { $0.value == nil ? $0.symbol ?? "?" : nil }
        throw Diagnostic(
          .dynamicInputShape,
          "input '\(proto.name)' has the shape \(text(declared)), whose dimensions "
            + symbols.joined(separator: ", ") + " are known only when it runs; kdc compiles for one shape",
          at: place(proto),
          hint: "give one: --input-shape \(proto.name):"
            + declared.map { $0.value.map(String.init) ?? "1" }.joined(separator: "x") + ", with your sizes")
      }
      dims.append(value)
    }
    return dims
  }

  private func text(_ dims: [(value: Int?, symbol: String?)]) -> String {
    "[" + dims.map { $0.value.map(String.init) ?? $0.symbol ?? "?" }.joined(separator: ",") + "]"
  }
}

extension InputShapes {
  /// Reads the argument of `--input-shape`: "name:1x3x320x320"; "name:" is a scalar. The name may contain colons.
  static func parse(_ argument: String) throws(Diagnostic) -> (name: String, dims: [Int]) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let dims = parts.last.map { $0.isEmpty ? [] : $0.split(separator: "x", omittingEmptySubsequences: false) } ?? []
    let numbers = dims.compactMap { Int($0) }.filter { $0 > 0 }
    guard parts.count >= 2, numbers.count == dims.count else {
      throw Diagnostic(
        .invalidInputShape, "'\(argument)' is not an input shape", hint: "write it as --input-shape name:1x3x320x320")
    }
    return (parts.dropLast().joined(separator: ":"), numbers)
  }
}
