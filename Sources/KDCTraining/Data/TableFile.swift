import Glibc
import KDCDiagnostics

/// A CSV file of numbers: cells separated by commas, semicolons or tabs, one row a line, an optional first row of names.
///
/// The file stays mapped; a row's numbers are read when they are asked for. Source: RFC 4180 without line breaks in
/// cells.
struct TableFile: Sendable {
  let path: String
  /// Names of the columns, where the first row has a cell that is no number.
  let header: [String]?
  /// Cells of every row.
  let columns: Int
  private let bytes: ByteView
  private let separator: UInt8
  /// Start and end of every row in the file, without its line's end, and its line number.
  private let lines: [(range: Range<Int>, number: Int)]

  var count: Int { lines.count }

  /// Reads the whole file once. A row has at most `most` cells, of 1000 bytes on average: others are reported before they are
  /// taken apart. Throws a `DiagnosticList` of `fileNotFound`, or `invalidTable` for every row that is ragged or has a cell
  /// that is no number (the first 20), `nonFiniteData`, `tooLarge`, `wrongDataShape`.
  init(_ path: String, most: Int) throws {
    let bytes: ByteView
    do throws(Diagnostic) {
      bytes = ByteView(try Blob(mapping: path))
    } catch {
      throw DiagnosticList([error])
    }
    guard var lines = Self.split(bytes) else {
      throw DiagnosticList([
        Diagnostic(
          .tooLarge, "the table has more than \(Self.mostLines) rows, too many for this machine's memory",
          at: Place(file: path), hint: "save the samples as npz")
      ])
    }
    if let long = lines.first(where: { $0.range.count / 1000 > most }) {
      throw DiagnosticList([
        Diagnostic(
          .invalidTable, "the row is \(long.range.count) bytes long, too long for \(most) numbers",
          at: Place(file: "\(path):\(long.number)"),
          hint: "every row needs one cell for each number of the model's input")
      ])
    }
    let first = lines.first.map { line in bytes.withBytes { Array($0[line.range]) } } ?? []
    let separator = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].first { first.contains($0) } ?? 44
    let width = 1 + first.count { $0 == separator }
    guard width <= most else {
      throw DiagnosticList([
        Diagnostic(
          .wrongDataShape, "a row has \(width) cells, more than \(most)", at: Place(file: path),
          hint: "every row needs one cell for each number of the model's input")
      ])
    }
    if let byte = first.first(where: { $0 < 32 && $0 != 9 || $0 == 127 }) {
      throw DiagnosticList([
        Diagnostic(
          .invalidTable, "the first row has the control character \(byte)", at: Place(file: "\(path):1"),
          hint: "tables are text: save it as CSV in UTF-8")
      ])
    }
    let names = Self.cells(first, separator)
    let hasHeader = names.contains { Self.number($0) == nil }
    if hasHeader, !lines.isEmpty { lines.removeFirst() }
    self.path = path
    self.bytes = bytes
    self.separator = separator
    header = hasHeader ? names.map { String(decoding: $0, as: UTF8.self) } : nil
    columns = names.count
    self.lines = lines
    var faults: [Diagnostic] = []
    for row in lines.indices where faults.count < 20 {
      do throws(Diagnostic) {
        _ = try numbers(row)
      } catch {
        faults.append(error)
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  /// The numbers of a row, `columns` of them.
  func numbers(_ row: Int) throws(Diagnostic) -> [Float] {
    let (range, number) = lines[row]
    let cells = Self.cells(bytes.withBytes { Array($0[range]) }, separator)
    let place = Place(file: "\(path):\(number)")
    guard cells.count == columns else {
      throw Diagnostic(
        .invalidTable, "the row has \(cells.count) cells, the first row has \(columns)", at: place,
        hint: "every row needs one cell for each column")
    }
    var result: [Float] = []
    result.reserveCapacity(columns)
    for (column, cell) in cells.enumerated() {
      guard let value = Self.number(cell) else {
        let text = String(decoding: cell.prefix(40), as: UTF8.self)
        let name = header.map { " '\($0[column])'" } ?? " \(column + 1)"
        throw Diagnostic(
          .invalidTable, "'\(text)' in column\(name) is not a number", at: place,
          hint: "write numbers as 1.5 or -2e3; leave out or fill in missing values")
      }
      guard value.isFinite else {
        throw Diagnostic(.nonFiniteData, "column \(column + 1) holds NaN or infinity", at: place)
      }
      result.append(value)
    }
    return result
  }

  /// An eighth of the memory.
  private static let mostLines = MachineMemory.bytes / 8 / MemoryLayout<(range: Range<Int>, number: Int)>.stride

  /// Lines that are not empty; nil where they are too many.
  private static func split(_ bytes: ByteView) -> [(range: Range<Int>, number: Int)]? {
    bytes.withBytes { bytes in
      var lines: [(range: Range<Int>, number: Int)] = []
      // A byte order mark is no part of the first cell.
      var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var number = 1
      while start < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        let end =
          rest.baseAddress.flatMap { memchr($0, 10, rest.count) }.map {
            start + (UnsafeRawPointer($0) - (rest.baseAddress ?? UnsafeRawPointer($0)))
          } ?? bytes.count
        var last = end
        while last > start, bytes[last - 1] == 13 || bytes[last - 1] == 32 { last -= 1 }
        if last > start { lines.append((start..<last, number)) }
        guard lines.count <= mostLines else { return nil }
        start = end + 1
        number += 1
      }
      return lines
    }
  }

  /// Cells without spaces around them and without quotes.
  private static func cells(_ line: [UInt8], _ separator: UInt8) -> [ArraySlice<UInt8>] {
    line.split(separator: separator, omittingEmptySubsequences: false).map { cell in
      var cell = cell.drop { $0 == 32 }
      while cell.last == 32 { cell.removeLast() }
      return cell.count >= 2 && cell.first == 34 && cell.last == 34 ? cell.dropFirst().dropLast() : cell
    }
  }

  /// A number in C's form, whatever the locale; nil for anything else. What is no visible character ends a text for C, and
  /// would hide what follows it.
  private static func number(_ cell: ArraySlice<UInt8>) -> Float? {
    guard cell.allSatisfy({ (33...126).contains($0) }) else { return nil }
    return Float(String(decoding: cell, as: UTF8.self))
  }
}
