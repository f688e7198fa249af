/// A colour image: 8 bits each of red, green and blue, row by row.
public struct Image: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Samples as [height][width][3].
  public let samples: [UInt8]

  /// Red, green, blue.
  public static let channels = 3
  /// Pixels that a file may have: beyond any camera's, and what a file of a few bytes may not make us allocate.
  public static let largestPixelCount = 1 << 28

  /// Makes an image of samples, `width * height * 3` of them.
  public init(width: Int, height: Int, samples: [UInt8]) {
    precondition(width > 0 && height > 0 && samples.count == width * height * Self.channels)
    self.width = width
    self.height = height
    self.samples = samples
  }
}
