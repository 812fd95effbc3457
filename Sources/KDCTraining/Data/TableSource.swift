import KDCDiagnostics
import KDCGraph
import KDCTensor

/// CSV files for a model with one input of signals.
///
/// - One file: a row per sample with as many cells as the input has elements, in row-major order; a column named
///   `label` (header row needed) holds classes.
/// - A folder: one file per sample; its rows and columns are the input's two dimensions, as [T, C] of a signal.
enum TableSource {
  struct Rows: SampleColumn {
    let input: ValueInfo
    let table: TableFile
    let labelColumn: Int?
    var count: Int { table.count }

    func sample(_ index: Int) throws -> Tensor {
      var values = try table.numbers(index)
      if let labelColumn { values.remove(at: labelColumn) }
      return Tensor(input.type.shape, values).converted(to: input.type.dataType)
    }
  }

  struct Files: SampleColumn {
    let input: ValueInfo
    let tables: [TableFile]
    var count: Int { tables.count }

    func sample(_ index: Int) throws -> Tensor {
      let table = tables[index]
      var values: [Float] = []
      for row in 0..<table.count { values += try table.numbers(row) }
      return Tensor(input.type.shape, values).converted(to: input.type.dataType)
    }
  }

  /// Samples and labels of one file. Throws a `DiagnosticList`.
  static func rows(of path: String, input: ValueInfo) throws -> (source: Rows, labels: Tensor?) {
    let table = try TableFile(path, most: input.type.shape.count + 1)
    let labelColumn = table.header?.firstIndex { $0.lowercased() == "label" }
    let cells = table.columns - (labelColumn == nil ? 0 : 1)
    let place = Place(file: path)
    guard table.count > 0 else { throw DiagnosticList([Diagnostic(.noSamples, "the file has no rows", at: place)]) }
    guard cells == input.type.shape.count else {
      throw DiagnosticList([
        Diagnostic(
          .wrongDataShape, "a row has \(cells) numbers\(labelColumn == nil ? "" : " beside its label")", at: place,
          notes: ["the model's input '\(input.name)' is \(input.type): \(input.type.shape.count) numbers a sample"],
          hint: "one row is one sample; for a file per sample give the folder")
      ])
    }
    if let fault = try unfit(table, input, besides: labelColumn) { throw DiagnosticList([fault]) }
    guard let labelColumn else { return (Rows(input: input, table: table, labelColumn: nil), nil) }
    let labels = try (0..<table.count).map { try table.numbers($0)[labelColumn] }
    let isWhole = labels.allSatisfy { $0 == $0.rounded() && abs($0) < 0x1p24 }
    let tensor = Tensor([labels.count], labels)
    return (
      Rows(input: input, table: table, labelColumn: labelColumn), isWhole ? tensor.converted(to: .int64) : tensor
    )
  }

  /// The fault of the first number that an input of whole numbers cannot hold; column `label` is not the input's.
  private static func unfit(_ table: TableFile, _ input: ValueInfo, besides label: Int? = nil) throws -> Diagnostic? {
    guard !input.type.dataType.isFloat else { return nil }
    for row in 0..<table.count {
      let values = try table.numbers(row)
      let view = ArrayView(Tensor([values.count], values.enumerated().map { $0.offset == label ? 0 : $0.element }))
      if let found = view.firstUnfit(for: input.type.dataType) {
        return .unfit(found.value, at: "row \(row + 1)", for: input).located(at: Place(file: table.path))
      }
    }
    return nil
  }

  /// One file per sample. Throws a `DiagnosticList`.
  static func files(_ paths: [String], input: ValueInfo) throws -> Files {
    var faults: [Diagnostic] = []
    var tables: [TableFile] = []
    let dims = input.type.shape.dims
    let wanted = dims.first == 1 && dims.count > 1 ? Array(dims.dropFirst()) : dims
    for path in paths where faults.count < 20 {
      do {
        let table = try TableFile(path, most: max(input.type.shape.count, 1))
        let found = [table.count, table.columns]
        if let fault = try unfit(table, input) {
          faults.append(fault)
        } else if found == wanted || (wanted.count == 1 && found[0] * found[1] == wanted[0]) {
          tables.append(table)
        } else {
          faults.append(
            Diagnostic(
              .wrongDataShape, "the file has \(table.count) rows of \(table.columns) numbers", at: Place(file: path),
              notes: ["the model's input '\(input.name)' is \(input.type): rows and columns are \(Shape(wanted))"]))
        }
      } catch let list as DiagnosticList {
        faults += list.all
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return Files(input: input, tables: tables)
  }
}
