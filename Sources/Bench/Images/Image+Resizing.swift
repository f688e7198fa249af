extension Image {
  /// Scales to a size by bilinear interpolation, antialiased: each new pixel is the mean of all old ones under a
  /// triangle as wide as two new pixels.
  ///
  /// Columns first, then rows, with weights of 22 bits and 8 bits between the two: equal to Pillow's
  /// `Image.resize(size, BILINEAR)` bit for bit where that has the same order. Pillow 13 takes rows first when the
  /// height shrinks much more than the width, which proportional resizing never does.
  public func resized(width: Int, height: Int) -> Image {
    let narrowed = width == self.width ? self : resizedColumns(to: width)
    return height == self.height ? narrowed : narrowed.resizedRows(to: height)
  }

  private func resizedColumns(to newWidth: Int) -> Image {
    let windows = ResamplingWindow.windows(from: width, to: newWidth)
    var result = [UInt8](repeating: 0, count: newWidth * height * Self.channels)
    for row in 0..<height {
      for (column, window) in windows.enumerated() {
        let source = (row * width + window.start) * Self.channels
        for channel in 0..<Self.channels {
          result[(row * newWidth + column) * Self.channels + channel] =
            window.mean { samples[source + $0 * Self.channels + channel] }
        }
      }
    }
    return Image(width: newWidth, height: height, samples: result)
  }

  private func resizedRows(to newHeight: Int) -> Image {
    let pitch = width * Self.channels
    var result = [UInt8](repeating: 0, count: newHeight * pitch)
    for (row, window) in ResamplingWindow.windows(from: height, to: newHeight).enumerated() {
      for offset in 0..<pitch {
        result[row * pitch + offset] = window.mean { samples[(window.start + $0) * pitch + offset] }
      }
    }
    return Image(width: width, height: newHeight, samples: result)
  }
}

/// The old samples that one new sample is made of.
private struct ResamplingWindow {
  /// Bits of a weight behind the point.
  static let precision = 22

  let start: Int
  let weights: [Int]

  @inline(__always)
  func mean(_ sample: (Int) -> UInt8) -> UInt8 {
    var sum = 1 << (Self.precision - 1)
    for index in weights.indices { sum += Int(sample(index)) * weights[index] }
    return UInt8(clamping: sum >> Self.precision)
  }

  /// One window for each new sample.
  static func windows(from oldSize: Int, to newSize: Int) -> [ResamplingWindow] {
    let scale = Double(oldSize) / Double(newSize)
    let support = max(scale, 1)
    let inverse = 1 / support
    return (0..<newSize).map { index in
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
