import CJPEG
import CPNG
import Foundation

extension Image {
  /// Reads a JPEG or PNG file, whichever its first bytes say.
  ///
  /// Grey images become colour, CMYK is converted as Pillow does, an alpha channel is dropped, 16 bits become 8, the gamma
  /// that a PNG may state is corrected to sRGB's. An EXIF orientation is ignored: pixels stay as they are stored, as
  /// `PIL.Image.open` gives them, and so as the pre-processing of torchvision's models sees them.
  ///
  /// - Throws: `BenchError` if the file cannot be read, is of another format, damaged, cut short, or larger than
  ///   `largestPixelCount`.
  public init(contentsOf file: URL) throws(BenchError) {
    try self.init(encoded: Array(try InputFile.read(file)), source: file.path)
  }

  /// Decodes the bytes of a JPEG or PNG file.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - source: how messages call it.
  public init(encoded bytes: [UInt8], source: String) throws(BenchError) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = try JPEGDecoder(bytes, source: source).decode()
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = try PNGDecoder(bytes, source: source).decode()
    } else {
      throw .malformed(file: source, what: "neither a JPEG nor a PNG image")
    }
  }

  /// Checks the size that a file claims before memory is taken for it.
  fileprivate static func checkSize(_ width: Int, _ height: Int, source: String) throws(BenchError) {
    guard width > 0, height > 0, width <= largestPixelCount / height else {
      throw .malformed(
        file: source, what: "\(width)x\(height) pixels, expected one at least and \(largestPixelCount) at most")
    }
  }
}

// This file and no other touches the decoders' C interfaces. Both report errors by return value: no jump crosses Swift.

/// TurboJPEG, the interface of libjpeg-turbo without callbacks.
///
/// Accurate DCT and smooth upsampling: its defaults, and Pillow's.
private final class JPEGDecoder {
  private let bytes: [UInt8]
  private let source: String
  private let handle: tjhandle?

  init(_ bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
    handle = tjInitDecompress()
  }

  deinit {
    if let handle { _ = tjDestroy(handle) }
  }

  private var message: String { String(cString: tjGetErrorStr2(handle)) }
  private var error: BenchError { .malformed(file: source, what: "not a valid JPEG image: \(message)") }

  func decode() throws(BenchError) -> Image {
    guard handle != nil else { throw error }
    var (width, height, subsampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
    guard tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &space) == 0 else {
      throw error
    }
    // A file that ends before its sizes has none, which the decoder lets pass.
    guard width > 0, height > 0 else { throw .malformed(file: source, what: "a JPEG image that ends early") }
    try Image.checkSize(Int(width), Int(height), source: source)
    let isCMYK = space == TJCS_CMYK.rawValue || space == TJCS_YCCK.rawValue
    let format = isCMYK ? TJPF_CMYK : TJPF_RGB
    let pixelSize = isCMYK ? 4 : 3
    var samples = [UInt8](repeating: 0, count: Int(width) * Int(height) * pixelSize)
    let status = tjDecompress2(
      handle, bytes, UInt(bytes.count), &samples, width, 0, height, Int32(format.rawValue), TJFLAG_LIMITSCANS)
    guard status == 0 || isHarmless else { throw error }
    return Image(
      width: Int(width), height: Int(height), samples: isCMYK ? Self.colour(fromInvertedCMYK: samples) : samples)
  }

  /// Whether the decoder only skipped bytes between two segments, as many cameras leave them; no pixel is lost then.
  private var isHarmless: Bool {
    tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) && message.contains("extraneous bytes")
      && bytes.suffix(1 << 16).reversed().elementsPair(0xD9, 0xFF)
  }

  /// Pillow's conversion; JPEG files hold CMYK inverted, as Adobe defined it.
  private static func colour(fromInvertedCMYK samples: [UInt8]) -> [UInt8] {
    var colour: [UInt8] = []
    colour.reserveCapacity(samples.count / 4 * 3)
    for pixel in stride(from: 0, to: samples.count, by: 4) {
      let light = Int(samples[pixel + 3])
      for channel in pixel..<pixel + 3 {
        let product = (255 - Int(samples[channel])) * light + 128
        colour.append(UInt8(clamping: light - ((product >> 8) + product) >> 8))
      }
    }
    return colour
  }
}

extension Sequence<UInt8> {
  /// Whether the two values stand side by side.
  fileprivate func elementsPair(_ first: UInt8, _ second: UInt8) -> Bool {
    var previous: UInt8?
    for value in self {
      if previous == first, value == second { return true }
      previous = value
    }
    return false
  }
}

/// libpng's simplified interface.
private struct PNGDecoder {
  let bytes: [UInt8]
  let source: String

  init(_ bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  func decode() throws(BenchError) -> Image {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    let result = bytes.withUnsafeBytes { bytes in decode(bytes, into: &image) }
    return try result.get()
  }

  private func decode(_ bytes: UnsafeRawBufferPointer, into image: inout png_image) -> Result<Image, BenchError> {
    guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
      return .failure(error(image))
    }
    let (width, height) = (Int(image.width), Int(image.height))
    do throws(BenchError) { try Image.checkSize(width, height, source: source) } catch { return .failure(error) }
    // Where there is alpha it must be asked for: without it, libpng would blend with a background.
    let hasAlpha = image.format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) != 0
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR) | (hasAlpha ? png_uint_32(PNG_FORMAT_FLAG_ALPHA) : 0)
    image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    var samples = [UInt8](repeating: 0, count: width * height * (Image.channels + (hasAlpha ? 1 : 0)))
    guard png_image_finish_read(&image, nil, &samples, 0, nil) != 0, image.warning_or_error < 2 else {
      return .failure(error(image))
    }
    return .success(Image(width: width, height: height, samples: hasAlpha ? Self.withoutAlpha(samples) : samples))
  }

  private static func withoutAlpha(_ samples: [UInt8]) -> [UInt8] {
    var colour = [UInt8](repeating: 0, count: samples.count / (Image.channels + 1) * Image.channels)
    for pixel in 0..<samples.count / (Image.channels + 1) {
      for channel in 0..<Image.channels {
        colour[pixel * Image.channels + channel] = samples[pixel * (Image.channels + 1) + channel]
      }
    }
    return colour
  }

  private func error(_ image: png_image) -> BenchError {
    let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return .malformed(file: source, what: "not a valid PNG image: \(message)")
  }
}
