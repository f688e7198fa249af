/// Rows in columns as wide as their widest cell.
public struct TextTable: CustomStringConvertible, Sendable {
  private let header: [String]
  private let alignedRight: Set<Int>
  private let rows: [[String]]

  /// Collects rows, each of as many cells as the header.
  ///
  /// - Parameters:
  ///   - header: names of the columns.
  ///   - alignedRight: columns of numbers.
  ///   - rows: the cells, row by row.
  public init(_ header: [String], alignedRight: Set<Int> = [], rows: [[String]]) {
    self.header = header
    self.alignedRight = alignedRight
    self.rows = rows
  }

  /// The lines, header and a rule first.
  public var description: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, pair in
        let space = String(repeating: " ", count: pair.1 - pair.0.count)
        return alignedRight.contains(column) ? space + pair.0 : pair.0 + space
      }
      let text = padded.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
  }
}
