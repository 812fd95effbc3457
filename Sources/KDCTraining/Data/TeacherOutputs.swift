import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Outputs that a teacher gave for the training samples, computed elsewhere and kept in npz files.
///
/// Each file has an array `[n, …]` per output; files in a row are shards of the samples in order. Arrays stay mapped.
package struct TeacherOutputs: Sendable {
  package let count: Int
  /// By the student's output name, the shards in order.
  private let shards: [String: [(first: Int, view: ArrayView)]]

  /// - Parameters:
  ///   - outputs: the student's, with batch 1.
  ///   - names: the files' key by the student's output name, where they differ.
  ///   - count: samples that the outputs belong to.
  /// Throws a `DiagnosticList`: `fileNotFound`, `unreadableData`, `teacherOutputsMismatch`, `nonFiniteData`.
  package init(files: [String], outputs: [ValueInfo], names: [String: String], count: Int) throws {
    var faults: [Diagnostic] = []
    var shards: [String: [(first: Int, view: ArrayView)]] = [:]
    var totals: [String: Int] = [:]
    for file in files {
      let arrays: [(key: String, view: ArrayView)]
      do throws(Diagnostic) {
        arrays = try NumpyFile.open(file)
      } catch {
        faults.append(error)
        continue
      }
      for output in outputs {
        let key = names[output.name] ?? output.name
        let isOnly = outputs.count == 1 && arrays.count == 1 && arrays[0].key.isEmpty
        guard let view = arrays.first(where: { $0.key == key })?.view ?? (isOnly ? arrays[0].view : nil) else {
          faults.append(Self.missing(key, of: output, arrays.map(\.key), file))
          continue
        }
        if let fault = Self.check(view, key, output, file) {
          faults.append(fault)
          continue
        }
        // As inputs have it: an array of the output's own shape is that of one sample.
        let isOne = SampleAxis(view.shape.dims, of: output.type.shape) == SampleAxis.none
        let rows = isOne ? view.asOneSample : view
        shards[output.name, default: []].append((totals[output.name, default: 0], rows))
        totals[output.name, default: 0] += rows.shape[0]
      }
    }
    for output in outputs {
      guard let total = totals[output.name], total != count, faults.isEmpty else { continue }
      faults.append(
        Diagnostic(
          .teacherOutputsMismatch, "'\(output.name)' has outputs for \(total) samples, and there are \(count) samples",
          at: Place(file: files.joined(separator: ", ")),
          hint: "teacher outputs belong to the --train samples (without --train, the --data samples), in their order"))
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    self.count = count
    self.shards = shards
  }

  /// The outputs for sample `index` in 0 ..< count as float32, by the student's output name; [1, …].
  package func sample(_ index: Int) -> [String: Tensor] {
    shards.compactMapValues { shards in
      guard let (first, view) = shards.last(where: { $0.first <= index }) else { return nil }
      let dims = view.shape.dims.dropFirst()
      let size = dims.reduce(1, *)
      let row = index - first
      return view.slice(row * size..<(row + 1) * size, as: Shape([1] + dims)).converted(to: .float32)
    }
  }

  private static func missing(_ key: String, of output: ValueInfo, _ keys: [String], _ file: String) -> Diagnostic {
    Diagnostic(
      .teacherOutputsMismatch, "there are no teacher outputs '\(key)' for the student's output '\(output.name)'",
      at: Place(file: file),
      notes: ["the file's arrays: " + (keys.isEmpty ? "none" : keys.map { "'\($0)'" }.joined(separator: ", "))],
      hint: didYouMean(key, keys).map { "did you mean --match \($0)=\(output.name)?" }
        ?? "name the array after the student's output, or say --match KEY=\(output.name)")
  }

  private static func check(_ view: ArrayView, _ key: String, _ output: ValueInfo, _ file: String) -> Diagnostic? {
    let wanted = output.type.shape.dims
    let perSample = wanted.first == 1 ? Array(wanted.dropFirst()) : wanted
    guard SampleAxis(view.shape.dims, of: output.type.shape) != nil else {
      let found = view.shape.dims.dropFirst()
      let classes = perSample.count == 1 && found.count == 1 ? " classes" : ""
      return Diagnostic(
        .teacherOutputsMismatch, "'\(key)' has the shape \(view.shape)", at: Place(file: file),
        notes: [
          "the student's '\(output.name)' has \(perSample.map(String.init).joined(separator: "x"))\(classes) a sample"
        ])
    }
    if let place = view.firstNonFinite {
      return Diagnostic(
        .nonFiniteData, "'\(key)' has NaN or infinity at element \(place)", at: Place(file: file))
    }
    return nil
  }
}
