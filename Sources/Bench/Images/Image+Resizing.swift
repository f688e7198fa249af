extension Image {
  /// Scales to a size by bilinear interpolation, antialiased: each new pixel is the mean of all old ones under a
  /// triangle as wide as two new pixels.
  ///
  /// Columns first, then rows, with weights of 22 bits and 8 bits between the two: equal to Pillow's
  /// `Image.resize(size, BILINEAR)` bit for bit where that has the same order. Pillow 13 takes rows first when the
  /// height shrinks much more than the width, which proportional resizing never does.
  public func resized(width: Int, height: Int) -> Image {
    resized(width: width, height: height, keepingColumns: 0..<width, rows: 0..<height)
  }

  /// A part of the image scaled to a size; only what the part is made of is computed.
  ///
  /// - Parameters:
  ///   - width: of the whole image when scaled.
  ///   - height: of the whole image when scaled.
  ///   - columns: of the scaled image that are kept; at least one.
  ///   - rows: of the scaled image that are kept; at least one.
  package func resized(width: Int, height: Int, keepingColumns columns: Range<Int>, rows: Range<Int>) -> Image {
    let columnWindows = ResamplingWindow.windows(columns, from: self.width, to: width)
    let rowWindows = ResamplingWindow.windows(rows, from: self.height, to: height)
    let firstRow = rowWindows.map(\.start).min() ?? 0
    let endRow = rowWindows.map(\.end).max() ?? 0
    let narrowed = resizedColumns(columnWindows, rows: firstRow..<endRow)

    let pitch = columns.count * Self.channels
    var result = [UInt8](repeating: 0, count: rows.count * pitch)
    for (row, window) in rowWindows.enumerated() {
      for offset in 0..<pitch {
        result[row * pitch + offset] = window.mean { narrowed[(window.start - firstRow + $0) * pitch + offset] }
      }
    }
    return Image(width: columns.count, height: rows.count, samples: result)
  }

  /// The samples of some rows, a new column for each window.
  private func resizedColumns(_ windows: [ResamplingWindow], rows: Range<Int>) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: windows.count * rows.count * Self.channels)
    for (line, row) in rows.enumerated() {
      for (column, window) in windows.enumerated() {
        let source = (row * width + window.start) * Self.channels
        for channel in 0..<Self.channels {
          result[(line * windows.count + column) * Self.channels + channel] =
            window.mean { samples[source + $0 * Self.channels + channel] }
        }
      }
    }
    return result
  }
}

/// The old samples that one new sample is made of.
private struct ResamplingWindow {
  /// Bits of a weight behind the point.
  static let precision = 22

  let start: Int
  let weights: [Int]
  var end: Int { start + weights.count }

  @inline(__always)
  func mean(_ sample: (Int) -> UInt8) -> UInt8 {
    var sum = 1 << (Self.precision - 1)
    for index in weights.indices { sum += Int(sample(index)) * weights[index] }
    return UInt8(clamping: sum >> Self.precision)
  }

  /// One window for each of some new samples.
  ///
  /// At equal sizes a window has the sample itself with weight 1, which changes nothing.
  static func windows(_ samples: Range<Int>, from oldSize: Int, to newSize: Int) -> [ResamplingWindow] {
    let scale = Double(oldSize) / Double(newSize)
    let support = max(scale, 1)
    let inverse = 1 / support
    return samples.map { index in
      let center = (Double(index) + 0.5) * scale
      let start = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), oldSize)
      let triangle = (start..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) * inverse)) }
      let sum = triangle.reduce(0, +)
      let weights = triangle.map { Int(($0 / sum * Double(1 << precision)).rounded(.toNearestOrAwayFromZero)) }
      return ResamplingWindow(start: start, weights: weights)
    }
  }
}
