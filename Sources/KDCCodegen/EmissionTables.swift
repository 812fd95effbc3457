import KDCDiagnostics
import KDCGraph
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor

extension Emission {
  /// Limits of kdc_model.h.
  private static let maximumBuffers = 8
  private static let maximumConstants = 9
  private static let maximumRank = 8

  static func stepTable(of program: Program, _ input: Input, _ constants: ConstantTable, owners: [Int]) throws -> String
  {
    let choices = input.selection.choices
    guard !choices.isEmpty else { return "" }
    var text = "static const kdc_step steps[] = {\n"
    for call in input.selection.calls {
      let index = call.steps.lowerBound
      let buffers = call.chain.map { $0.reads + $0.writes } ?? program.steps[index].reads + program.steps[index].writes
      var offsets = buffers.map { input.plan.offsets[$0.index] }
      if call.partBytes > 0 {
        guard let workspace = input.plan.workspaceOffsets[index] else {
          throw InternalError("step \(index) has no place for its workspace")
        }
        offsets.append(workspace)
      }
      let used = call.steps.flatMap { constants.indices[$0] }
      guard offsets.count <= maximumBuffers, used.count <= maximumConstants else {
        throw InternalError("step \(index) has more buffers or constants than kdc_step holds")
      }
      guard call.units >= 1, call.units <= Int(Int32.max) else {
        throw InternalError("step \(index) has \(call.units) units")
      }
      let kernel = call.chain == nil ? "k\(owners[index])" : chainName(index)
      let name = call.steps.map { program.steps[$0].name }.joined(separator: " + ")
      let family = call.steps.map { choices[$0].family }.joined(separator: " + ")
      text += CText.element([
        "run": kernel, "units": "\(call.units)", "buffer_count": "\(offsets.count)", "constant_count": "\(used.count)",
        "most_parts": "\(call.parts)", "buffers": "{\(list(offsets))}", "constants": "{\(list(used))}",
        "part_bytes": "\(call.partBytes)", "name": CText.literal(name), "kernel": CText.literal(family),
      ])
    }
    return text + "};\n"
  }

  static func constantTable(_ table: ConstantTable, of program: Program) throws -> String {
    guard !table.placed.isEmpty else { return "" }
    // Where each constant is: the number of its stream and the place in it.
    var places: [ConstantID: (stream: Int, from: Int)] = [:]
    for (stream, ids) in program.constantStreams.enumerated() {
      var from = 0
      for id in ids {
        places[id] = (stream, from)
        from += program.constants[id.index].storedByteCount
      }
    }
    var text = "\nstatic const kdc_constant constants[] = {\n"
    for item in table.placed {
      guard let place = places[item.constant] else {
        throw InternalError("constant \(item.constant.index) has no place")
      }
      let (packing, constant) = (item.packing, program.constants[item.constant.index])
      let stored = constant.isInt4 ? " | KDC_STREAM_INT4" : constant.isStoredInPlanes ? " | KDC_STREAM_PLANES" : ""
      text += CText.element([
        "stream": "\(place.stream)", "packing": packing.layout.name + stored, "rows": "\(packing.rows)",
        "runs": "\(packing.runs)", "length": "\(packing.length)", "nr": "\(packing.nr)", "kr": "\(packing.kr)",
        "from": "\(place.from)", "offset": "\(item.offset)", "bytes": "\(item.bytes)",
      ])
    }
    return text + "};\n"
  }

  static func portTable(_ name: String, _ ports: [Port], _ program: Program, _ plan: MemoryPlan) throws -> String {
    guard !ports.isEmpty else { return "" }
    var text = "\nstatic const kdc_port \(name)[] = {\n"
    for port in ports {
      try checkRank(port)
      let bytes = port.shape.count * port.dataType.byteCount
      text += CText.element([
        "name": CText.literal(port.name), "dtype": try portType(port), "rank": "\(port.shape.rank)",
        "shape": "{\(list(port.shape.dims))}", "offset": "\(plan.offsets[port.buffer.index])", "bytes": "\(bytes)",
      ])
    }
    return text + "};\n"
  }

  private static func checkRank(_ port: Port) throws {
    guard port.shape.rank <= maximumRank else {
      throw Diagnostic(
        .cannotLower, "'\(port.name)' has \(port.shape.rank) dimensions",
        notes: ["at most \(maximumRank) are supported"])
    }
  }

  /// What no bundle can take of the inputs and outputs of a graph with types, as `portTable` finds it.
  package static func portFaults(of graph: Graph) -> [Diagnostic] {
    let names = graph.inputs.filter { graph.initializers[$0.name] == nil }.map(\.name) + graph.outputs
    return names.compactMap { name in
      guard let type = graph.types[name] else { return nil }
      let port = Port(name: name, dataType: type.dataType, shape: type.shape, buffer: BufferID(0))
      do {
        try checkRank(port)
        _ = try portType(port)
        return nil
      } catch {
        return (error as? Diagnostic)?.located(at: Place(file: graph.file))
      }
    }
  }

  /// The `kdc_variant` itself, the only symbol that leaves the file.
  static func variantTable(of program: Program, _ variant: CodeVariant) -> String {
    let parts = variant.targets.flatMap(\.cpuParts).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
    let names = variant.targets.map(\.name).joined(separator: " ")
    func table(_ name: String, _ count: Int) -> String { count == 0 ? "0" : name }
    return """
      extern const kdc_variant \(variant.symbol);
      const kdc_variant \(variant.symbol) = {
          .name = \(CText.literal(variant.name)),
          .targets = \(CText.literal(names)),
          .cpu_parts = {\((parts.prefix(7) + [0]).map { $0 == 0 ? "0" : "0x" + String($0, radix: 16) }.joined(separator: ", "))},
          .required = \(required(by: variant.targets[0])),
          .arena_bytes = \(variant.arenaBytes),
          .weights_bytes = \(variant.weightsBytes),
          .step_count = \(variant.selection.calls.count),
          .constant_count = \(variant.constants.count),
          .steps = \(table("steps", program.steps.count)),
          .constants = \(table("constants", variant.constants.count)),
          .inputs = \(table("inputs", program.inputs.count)),
          .outputs = \(table("outputs", program.outputs.count)),
      };

      """
  }

  /// What the code needs of a core besides the architecture's baseline.
  private static func required(by target: Target) -> String {
    let bits = target.instructionSets.compactMap(\.bit)
    return bits.isEmpty ? "0" : bits.joined(separator: " | ")
  }

  private static func portType(_ port: Port) throws -> String {
    switch port.dataType {
    case .float32: return "KDC_FLOAT32"
    case .int8: return "KDC_INT8"
    case .uint8: return "KDC_UINT8"
    case .int32: return "KDC_INT32"
    case .int64: return "KDC_INT64"
    case .bool: return "KDC_BOOL"
    default:
      throw Diagnostic(
        .cannotLower, "'\(port.name)' has the type \(port.dataType.rawValue), which no bundle can take",
        notes: ["supported at inputs and outputs: float32, int8, uint8, int32, int64, bool"])
    }
  }

  static func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ", ") }
}
