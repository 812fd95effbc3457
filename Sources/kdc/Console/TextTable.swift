/// Rows of cells as lines for a terminal.
enum TextTable {
  /// Columns padded to their widest cell, two spaces apart, with no trailing spaces; `numbers` are the columns that are
  /// right-aligned. Rows have the same number of cells.
  static func aligned(_ rows: [[String]], numbers: (Int) -> Bool) -> [String] {
    let rows = rows.map { $0.map(\.printable) }
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return numbers(column) ? padding + cell : cell + padding
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}
