import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Samples for a model: a source per model input, and labels where there are some.
///
/// - npz or npy: arrays are `[n, …]` where the model's input is `[1, …]` (see `SampleAxis`), of any number type; a sample
///   is cast to the input's type when it is taken. Keys are the input names; `label`, or `label:<output>`, are labels.
/// - A folder of pictures, of recordings (`AudioSource`), or of CSV files, for a model with one input; class sub-folders give
///   labels.
/// - A folder of images as the frames of a scene, for a model with several inputs (`FrameSource`).
/// - A CSV file with a row per sample.
/// - An IDX file of images (`…-images-idx3-ubyte.gz`), with the labels from the file beside it.
///
/// Nothing but labels is held in memory: files are mapped, images decoded as they are asked for.
package struct DataSet: Sendable {
  /// Path as the user gave it.
  package let file: String
  /// Number of samples, at least 1.
  package let count: Int
  /// Labels by output name, `[n]` or `[n, …]`.
  package let labels: [String: Tensor]
  /// Whether samples came along a first dimension of their own; false where one came in the shape of the model's inputs.
  package private(set) var hasSampleAxis = true
  /// What is noteworthy about the data, though it can be used.
  package private(set) var warnings: [Diagnostic] = []
  private let sources: [(name: String, source: any SampleColumn)]
  /// Which samples of the sources these are; nil: all in order.
  private var indices: [Int]?

  /// Opens a file or folder and checks it as a whole.
  ///
  /// Throws a `DiagnosticList` of all that does not fit: `unreadableData`, `missingData`, `wrongDataShape`,
  /// `nonFiniteData`, `numbersDoNotFit`, `noSamples`, `differentSampleCounts`, `unknownLabel`, `tooLarge`, and those of
  /// images and tables.
  package init(
    contentsOf file: String, inputs: [ValueInfo], outputs: [String], images: ImageOptions = ImageOptions(),
    threads: Threads = 1
  ) throws {
    do {
      if SampleFolder.isFolder(file) {
        try self.init(folder: file, inputs: inputs, outputs: outputs, images: images, threads: threads)
      } else if IDXFile.isOne(file) {
        let input = try Self.only(inputs, of: file)
        try self.init(IDXFile.arrays(file, input: input), file: file, inputs: inputs, outputs: outputs)
        noteUnused(images, on: "IDX files")
      } else if AudioSource.endings.contains(where: file.lowercased().hasSuffix) {
        let input = try Self.only(inputs, of: file)
        let source = try AudioSource([file], folder: file, input: input)
        self.init(file: file, source: source, input: input, labels: nil, outputs: outputs)
        noteUnused(images, on: "recordings")
      } else if file.lowercased().hasSuffix(".csv") {
        let (source, labels) = try TableSource.rows(of: file, input: Self.only(inputs, of: file))
        self.init(file: file, source: source, input: inputs[0], labels: labels, outputs: outputs)
        noteUnused(images, on: "tables")
      } else {
        let names = Set(inputs.map(\.name))
        let found = try NumpyFile.open(file) { $0.isEmpty || names.contains($0) || Self.isLabel($0) }
        try self.init(found.arrays, keys: found.keys, file: file, inputs: inputs, outputs: outputs)
        noteUnused(images, on: "npz and npy")
      }
    } catch let error as Diagnostic {
      throw DiagnosticList([error])
    }
  }

  /// The files that are read for the samples at `path`, those of labels too: for comparing them with outputs.
  package static func files(of path: String) -> [String] {
    if SampleFolder.isFolder(path) { return (try? SampleFolder(path))?.files ?? [] }
    return [path] + (IDXFile.isOne(path) ? [IDXFile.labels(of: path)].compactMap { $0 } : [])
  }

  private mutating func noteUnused(_ images: ImageOptions, on kind: String) {
    guard !images.given.isEmpty else { return }
    let (options, verb) = (images.given.joined(separator: ", "), images.given.count == 1 ? "has" : "have")
    warnings.append(
      Diagnostic(
        .optionWithoutEffect, severity: .warning, "\(options) \(verb) no effect on \(kind)", at: Place(file: file),
        hint: "such samples are taken as they are: scale them before they are saved"))
  }

  private init(
    folder: String, inputs: [ValueInfo], outputs: [String], images: ImageOptions, threads: Threads
  ) throws {
    let found = try SampleFolder(folder)
    if inputs.count > 1, found.kind == .images, found.labels == nil {
      let columns = try FrameSource.columns(
        found.files, folder: folder, inputs: inputs, options: images, threads: threads)
      self.init(file: folder, count: found.files.count, labels: [:], sources: columns)
      warnings = [found.warning?.located(at: Place(file: folder))].compactMap { $0 }
      return
    }
    let input = try Self.only(inputs, of: folder)
    let labels = found.labels.map { Tensor([$0.count], $0) }
    switch found.kind {
    case .images:
      let source = try ImageSource(found.files, folder: folder, input: input, options: images, threads: threads)
      self.init(file: folder, source: source, input: input, labels: labels, outputs: outputs)
    case .tables:
      let source = try TableSource.files(found.files, input: input)
      self.init(file: folder, source: source, input: input, labels: labels, outputs: outputs)
      noteUnused(images, on: "tables")
    case .recordings:
      let source = try AudioSource(found.files, folder: folder, input: input)
      let labels = found.labels.map { labels in source.fileOfSample.map { labels[$0] } }.map { Tensor([$0.count], $0) }
      self.init(file: folder, source: source, input: input, labels: labels, outputs: outputs)
      noteUnused(images, on: "recordings")
    }
    warnings += [found.warning?.located(at: Place(file: folder))].compactMap { $0 }
  }

  private init(file: String, source: some SampleColumn, input: ValueInfo, labels: Tensor?, outputs: [String]) {
    self.file = file
    count = source.count
    sources = [(input.name, source)]
    self.labels = outputs.first.flatMap { output in labels.map { [output: $0] } } ?? [:]
  }

  /// `init(contentsOf:)` from arrays in memory.
  package init(
    _ found: [(key: String, tensor: Tensor)], file: String, inputs: [ValueInfo], outputs: [String]
  ) throws {
    try self.init(
      found.map { (key: $0.key, view: ArrayView($0.tensor)) }, keys: found.map(\.key), file: file, inputs: inputs,
      outputs: outputs)
  }

  private init(
    _ found: [(key: String, view: ArrayView)], keys: [String], file: String, inputs: [ValueInfo], outputs: [String]
  ) throws {
    var faults: [Diagnostic] = []
    var arrays: [ArraySource] = []
    let others = keys.filter { !Self.isLabel($0) }
    var hasSampleAxis = inputs.isEmpty
    for input in inputs {
      let isOnly = inputs.count == 1 && keys == [""]
      guard let values = found.first(where: { $0.key == input.name })?.view ?? (isOnly ? found[0].view : nil)
      else {
        faults.append(Self.missing(input.name, keys: others, inputs: inputs))
        continue
      }
      if let fault = Self.check(values, for: input) {
        faults.append(fault)
      } else if SampleAxis(values.shape.dims, of: input.type.shape) == SampleAxis.none {
        arrays.append(ArraySource(input: input, view: values.asOneSample))
      } else {
        arrays.append(ArraySource(input: input, view: values))
        hasSampleAxis = true
      }
    }
    let count = arrays.first?.count ?? 0
    if let other = arrays.first(where: { $0.count != count }) {
      faults.append(
        Diagnostic(
          .differentSampleCounts,
          "'\(arrays[0].input.name)' has \(count) samples and '\(other.input.name)' has \(other.count)",
          hint: "sample i of every array belongs together; save arrays of one length"))
    }
    var labels: [String: Tensor] = [:]
    func output(of key: String) -> String {
      key == "label" ? outputs.first ?? "" : String(key.dropFirst("label:".count))
    }
    // Samples may serve several models: labels of other outputs are no slip where none is missing.
    let labelled = Set(found.map(\.key).filter(Self.isLabel).map(output))
    let isComplete = !outputs.isEmpty && labelled.isSuperset(of: outputs)
    for (key, view) in found where Self.isLabel(key) {
      // What goes with one sample in its own shape may be in its own shape too.
      let view = !hasSampleAxis && view.shape.dims.first != 1 ? view.asOneSample : view
      let name = output(of: key)
      if !outputs.contains(name) {
        guard !isComplete else { continue }
        faults.append(
          Diagnostic(
            .unknownLabel, "'\(key)' labels an output that the model does not have",
            notes: ["the model's outputs: " + outputs.map { "'\($0)'" }.joined(separator: ", ")],
            hint: didYouMean(name, outputs).map { "did you mean 'label:\($0)'?" }))
      } else if faults.isEmpty && (view.shape.rank == 0 || view.shape[0] != count) {
        faults.append(
          Diagnostic(.differentSampleCounts, "'\(key)' has the shape \(view.shape) for \(count) samples"))
      } else if let place = view.firstNonFinite {
        faults.append(Diagnostic(.nonFiniteData, "'\(key)' has NaN or infinity at element \(place)"))
      } else {
        labels[name] = view.tensor
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults.map { $0.located(at: Place(file: file)) }) }
    self.file = file
    self.count = count
    self.labels = labels
    self.hasSampleAxis = hasSampleAxis
    sources = arrays.map { ($0.input.name, $0) }
  }

  /// Sample `index` in 0 ..< count: a tensor of the model's type and shape for each input.
  /// Throws a `Diagnostic` where a file changed since it was opened.
  package func sample(_ index: Int) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, source) in sources { result[name] = try source.sample(indices.map { $0[index] } ?? index) }
    return result
  }

  /// The samples with these indices, in this order, with their labels; at least one.
  package func selecting(_ chosen: [Int]) -> DataSet {
    DataSet(
      file: file, count: chosen.count,
      labels: labels.mapValues { tensor in
        let size = tensor.count / max(tensor.shape[0], 1)
        let rows = chosen.map {
          tensor.slice($0 * size..<($0 + 1) * size, as: Shape([1] + tensor.shape.dims.dropFirst()))
        }
        let bytes = rows.flatMap(\.littleEndianBytes)
        return Tensor(
          Shape([chosen.count] + tensor.shape.dims.dropFirst()), .init(littleEndian: bytes, as: tensor.dataType))
      },
      sources: sources, hasSampleAxis: hasSampleAxis, warnings: warnings,
      indices: chosen.map { index in indices.map { $0[index] } ?? index })
  }

  private init(
    file: String, count: Int, labels: [String: Tensor], sources: [(name: String, source: any SampleColumn)],
    hasSampleAxis: Bool = true, warnings: [Diagnostic] = [], indices: [Int]? = nil
  ) {
    self.hasSampleAxis = hasSampleAxis
    self.warnings = warnings
    self.file = file
    self.count = count
    self.labels = labels
    self.sources = sources
    self.indices = indices
  }

  /// Smallest and largest number of each input over all samples. Throws as `sample` does.
  package func ranges(threads: Threads = 1) throws -> [String: ClosedRange<Float>] {
    var result: [String: ClosedRange<Float>] = [:]
    let found = try parallelMap(count, threads: threads) { index in
      try sample(index).mapValues { tensor in
        let floats = tensor.asFloats
        return (floats.min() ?? 0)...(floats.max() ?? 0)
      }
    }
    for sample in found {
      for (name, range) in sample {
        let old = result[name] ?? range
        result[name] = min(old.lowerBound, range.lowerBound)...max(old.upperBound, range.upperBound)
      }
    }
    return result
  }

  /// The input of a model that has one. Throws `unsuitableInput`.
  private static func only(_ inputs: [ValueInfo], of file: String) throws(Diagnostic) -> ValueInfo {
    guard inputs.count == 1 else {
      throw Diagnostic(
        .unsuitableInput, "tables and images with labels are for models with one input; this one has \(inputs.count)",
        at: Place(file: file), notes: ["the model's inputs: " + inputs.map { "'\($0.name)'" }.joined(separator: ", ")],
        hint: "save the samples as npz, one array per input")
    }
    return inputs[0]
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

  private static func check(_ values: ArrayView, for input: ValueInfo) -> Diagnostic? {
    let shape = input.type.shape
    guard let axis = SampleAxis(values.shape.dims, of: shape) else {
      let rest = shape.dims.first == 1 ? Array(shape.dims.dropFirst()) : shape.dims
      let stacked = "an array [n" + rest.map { ",\($0)" }.joined() + "] of n samples"
      return Diagnostic(
        .wrongDataShape, "'\(input.name)' has the shape \(values.shape)",
        notes: [
          "the model's input is \(input.type): \(stacked)" + (shape.dims.first == 1 ? "" : ", or \(shape) for one")
        ])
    }
    guard axis == .none || values.shape[0] > 0 else {
      return Diagnostic(.noSamples, "'\(input.name)' has no samples: its shape is \(values.shape)")
    }
    if let found = values.firstUnfit(for: input.type.dataType) {
      return .unfit(found.value, at: "sample \(found.element / max(shape.count, 1))", for: input)
    }
    if let place = values.firstNonFinite {
      return Diagnostic(
        .nonFiniteData, "'\(input.name)' has NaN or infinity in sample \(place / max(shape.count, 1))",
        hint: "drop or repair such samples: ranges cannot be taken from them")
    }
    return nil
  }
}
