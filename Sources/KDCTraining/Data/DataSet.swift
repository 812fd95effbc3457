import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Samples for a model: an array per model input, and labels where the file has them.
///
/// Arrays are `[n, …]` where the model's input is `[1, …]` (or `[n, 1, …]`), of any number type; a sample is cast to the
/// input's type when it is taken. Keys are the input names; `label`, or `label:<output>`, are labels.
package struct DataSet: Sendable {
  /// Path as the user gave it.
  package let file: String
  /// Number of samples, at least 1.
  package let count: Int
  /// Labels by output name, `[n]` or `[n, …]`.
  package let labels: [String: Tensor]
  private let arrays: [(input: ValueInfo, values: Tensor)]

  /// Reads an npz file, or an npy file for a model with one input.
  ///
  /// Throws a `DiagnosticList` of all that does not fit: `unreadableData`, `missingData`, `wrongDataShape`,
  /// `nonFiniteData`, `noSamples`, `differentSampleCounts`, `unknownLabel`.
  package init(contentsOf file: String, inputs: [ValueInfo], outputs: [String]) throws {
    let arrays: [(key: String, tensor: Tensor)]
    do {
      arrays = try NumpyFile.read(file)
    } catch {
      throw DiagnosticList([error])
    }
    try self.init(arrays, file: file, inputs: inputs, outputs: outputs)
  }

  /// `init(contentsOf:)` from arrays.
  package init(
    _ found: [(key: String, tensor: Tensor)], file: String, inputs: [ValueInfo], outputs: [String]
  ) throws {
    var faults: [Diagnostic] = []
    var arrays: [(input: ValueInfo, values: Tensor)] = []
    let others = found.map(\.key).filter { !Self.isLabel($0) }
    for input in inputs {
      let isOnly = inputs.count == 1 && found.count == 1 && found[0].key.isEmpty
      guard let values = found.first(where: { $0.key == input.name })?.tensor ?? (isOnly ? found[0].tensor : nil)
      else {
        faults.append(Self.missing(input.name, keys: others, inputs: inputs))
        continue
      }
      if let fault = Self.check(values, for: input) {
        faults.append(fault)
      } else {
        arrays.append((input, values))
      }
    }
    let count = arrays.first?.values.shape[0] ?? 0
    if let other = arrays.first(where: { $0.values.shape[0] != count }) {
      faults.append(
        Diagnostic(
          .differentSampleCounts,
          "'\(arrays[0].input.name)' has \(count) samples and '\(other.input.name)' has \(other.values.shape[0])",
          hint: "sample i of every array belongs together; save arrays of one length"))
    }
    var labels: [String: Tensor] = [:]
    for (key, tensor) in found where Self.isLabel(key) {
      let name = key == "label" ? outputs.first ?? "" : String(key.dropFirst("label:".count))
      if !outputs.contains(name) {
        faults.append(
          Diagnostic(
            .unknownLabel, "'\(key)' labels an output that the model does not have",
            notes: ["the model's outputs: " + outputs.map { "'\($0)'" }.joined(separator: ", ")],
            hint: didYouMean(name, outputs).map { "did you mean 'label:\($0)'?" }))
      } else if faults.isEmpty && (tensor.shape.rank == 0 || tensor.shape[0] != count) {
        faults.append(
          Diagnostic(.differentSampleCounts, "'\(key)' has the shape \(tensor.shape) for \(count) samples"))
      } else if let place = Self.firstNonFinite(tensor) {
        faults.append(Diagnostic(.nonFiniteData, "'\(key)' has NaN or infinity at element \(place)"))
      } else {
        labels[name] = tensor
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults.map { $0.located(at: Place(file: file)) }) }
    self.file = file
    self.count = count
    self.labels = labels
    self.arrays = arrays
  }

  /// Sample `index` in 0 ..< count: a tensor of the model's type and shape for each input.
  package func sample(_ index: Int) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (input, values) in arrays {
      let size = input.type.shape.count
      result[input.name] = values.slice(index * size..<(index + 1) * size, as: input.type.shape)
        .converted(to: input.type.dataType)
    }
    return result
  }

  /// Smallest and largest number of each input over all samples.
  package var ranges: [String: ClosedRange<Float>] {
    var result: [String: ClosedRange<Float>] = [:]
    for (input, values) in arrays {
      let floats = values.asFloats
      if let low = floats.min(), let high = floats.max() { result[input.name] = low...high }
    }
    return result
  }

  private static func isLabel(_ key: String) -> Bool { key == "label" || key.hasPrefix("label:") }

  private static func missing(_ name: String, keys: [String], inputs: [ValueInfo]) -> Diagnostic {
    let near = didYouMean(name, keys.filter { key in !inputs.contains { $0.name == key } })
    return Diagnostic(
      .missingData, "there is no array for the model's input '\(name)'",
      notes: [
        "the model's inputs: " + inputs.map { "'\($0.name)' \($0.type)" }.joined(separator: ", "),
        "the file's arrays: " + (keys.isEmpty ? "none" : keys.map { "'\($0)'" }.joined(separator: ", ")),
      ],
      hint: near.map { "did you mean '\(name)' by '\($0)'? Rename the key to the input's name" }
        ?? "name each array after its input: numpy.savez(file, \(name)=array)")
  }

  private static func check(_ values: Tensor, for input: ValueInfo) -> Diagnostic? {
    let shape = input.type.shape
    let dims = values.shape.dims
    let perSample = shape.dims.first == 1 ? Array(shape.dims.dropFirst()) : shape.dims
    guard let samples = dims.first, Array(dims.dropFirst()) == perSample || Array(dims.dropFirst()) == shape.dims else {
      return Diagnostic(
        .wrongDataShape, "'\(input.name)' has the shape \(values.shape)",
        notes: [
          "the model's input is \(input.type): an array [n" + perSample.map { ",\($0)" }.joined() + "] of n samples"
        ])
    }
    guard samples > 0 else {
      return Diagnostic(.noSamples, "'\(input.name)' has no samples: its shape is \(values.shape)")
    }
    if let place = firstNonFinite(values) {
      return Diagnostic(
        .nonFiniteData, "'\(input.name)' has NaN or infinity in sample \(place / max(shape.count, 1))",
        hint: "drop or repair such samples: ranges cannot be taken from them")
    }
    return nil
  }

  /// Index of the first NaN or infinity.
  private static func firstNonFinite(_ tensor: Tensor) -> Int? {
    switch tensor.elements {
    case .float32(let v): v.firstIndex { !$0.isFinite }
    case .float64(let v): v.firstIndex { !$0.isFinite }
    case .float16(let v): v.firstIndex { !$0.isFinite }
    default: nil
    }
  }
}
