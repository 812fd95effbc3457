import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Gives every graph input a static shape: from the model, from `--input-shape`, and 1 for a batch dimension. Inputs that have a
/// value by `--set` become constants.
///
/// A batch dimension is dimension 0 where it alone is dynamic. A symbol that one input binds counts for the others:
/// `--input-shape input:1x576` also settles a `state` of [2, batch, 128].
struct InputShapes {
  let file: String
  let settings: InputSettings

  private var overrides: [String: [Int]] { settings.shapes }

  /// What the inputs are.
  struct Resolved {
    /// In order, those with a value left out.
    var inputs: [ValueInfo] = []
    var constants: [String: Tensor] = [:]
    var faults: [Diagnostic]
  }

  /// The inputs, and the faults of all of them.
  func resolve(_ protos: [Onnx_ValueInfoProto]) -> Resolved {
    var result = Resolved(faults: unknownNames(protos))
    let bound = symbols(protos, &result.faults)
    for proto in protos {
      do throws(Diagnostic) {
        let type = try elementType(of: proto)
        if let value = settings.values[proto.name] {
          let dims = overrides[proto.name].map { $0.map(Optional.some) } ?? declared(proto)?.map(\.value)
          do throws(Diagnostic) {
            result.constants[proto.name] = try InputSettings.tensor(value, for: proto.name, as: type, dims: dims)
          } catch { throw error.located(at: place(proto)) }
          continue
        }
        let dims = try dims(of: proto, bound: bound)
        let shape = Shape(dims)
        guard shape.checkedCount(limit: 1 << 31) != nil else {
          throw Diagnostic(
            .shapeOverflow, "input '\(proto.name)' of shape \(shape) has more elements than can be addressed",
            at: place(proto), hint: "give a smaller shape: --input-shape \(proto.name):1x…")
        }
        result.inputs.append(ValueInfo(name: proto.name, type: TensorType(type, shape)))
      } catch { result.faults.append(error) }
    }
    return result
  }

  private func place(_ proto: Onnx_ValueInfoProto) -> Place { Place(file: file, detail: "input '\(proto.name)'") }

  private func unknownNames(_ protos: [Onnx_ValueInfoProto]) -> [Diagnostic] {
    let known = protos.map(\.name)
    func faults(_ id: DiagnosticID, _ option: String, _ names: some Collection<String>) -> [Diagnostic] {
      names.sorted().filter { !known.contains($0) }.map {
        Diagnostic(
          id, "\(option) names '\($0)', which is not an input of the model", at: Place(file: file),
          notes: ["inputs: " + known.joined(separator: ", ")],
          hint: didYouMean($0, known).map { "did you mean '\($0)'?" })
      }
    }
    return faults(.invalidInputShape, "--input-shape", overrides.keys)
      + faults(.invalidInputValue, "--set", settings.values.keys)
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
    guard let type = number?.computed else {
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
      case .dimParam(let name)?: (nil, Self.isSymbol(name) ? name : nil)
      default: (nil, nil)
      }
    }
  }

  /// Exporters write "?" or "None" for any size that is not known: such dimensions are not one.
  private static func isSymbol(_ name: String) -> Bool {
    name != "None" && name.contains { $0.isLetter || $0 == "_" }
  }

  /// Sizes of symbols: what the user says of one goes before the batch of 1, and must be one size.
  private func symbols(_ protos: [Onnx_ValueInfoProto], _ faults: inout [Diagnostic]) -> [String: Int] {
    var bound: [String: Int] = [:]
    for proto in protos {
      let values = settings.values[proto.name].map { [$0.count] }
      for (dim, size) in zip(declared(proto) ?? [], overrides[proto.name] ?? values ?? []) {
        guard let symbol = dim.symbol else { continue }
        if let other = bound.updateValue(size, forKey: symbol), other != size {
          let problem = "dimension '\(symbol)' is given as \(other) and, by input '\(proto.name)', as \(size)"
          faults.append(Diagnostic(.invalidInputShape, problem, at: place(proto)))
        }
      }
    }
    for proto in protos where overrides[proto.name] == nil && settings.values[proto.name] == nil {
      guard let dims = declared(proto), let symbol = dims.first?.symbol else { continue }
      if bound[symbol] == nil, dims.dropFirst().allSatisfy({ $0.value != nil }) { bound[symbol] = 1 }
    }
    return bound
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
