import Bench
import Foundation
import Graph
import TestSupport
import Testing

struct ImageDecodingTests {
  static let files = [
    "baseline.jpg", "full_chroma.jpg", "progressive.jpg", "restarts.jpg", "grey.jpg", "cmyk.jpg", "odd.png", "grey.png",
    "alpha.png", "grey_alpha.png", "palette.png", "bilevel.png", "grey16.png", "interlaced.png", "colour16.png",
    "transparent.png",
  ]

  /// Both are libjpeg-turbo with the accurate DCT, and PNG is lossless, so samples are equal to Pillow's.
  @Test(arguments: files)
  func equalsPillow(file: String) throws {
    let image = try Image(contentsOf: Fixtures.file("images/\(file)"))
    let expected = try Tensor(npyFile: Fixtures.file("images/\(file).npy"))
    #expect([image.height, image.width, Image.channels] == expected.shape)
    #expect(image.samples == expected.elements(UInt8.self))
  }

  @Test(arguments: files)
  func everyTruncationIsAnError(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Fixtures.file("images/\(file)")))
    // PNG's last chunk, IEND with 12 bytes, and JPEG's last marker hold no pixels.
    let tail = file.hasSuffix("png") ? 12 : 2
    for length in 0..<bytes.count - tail {
      #expect(throws: BenchError.self) { try Image(encoded: Array(bytes.prefix(length)), source: file) }
    }
  }

  /// Whatever a damaged file gives, it gives an image or an error.
  @Test(arguments: files)
  func damageNeverCrashes(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Fixtures.file("images/\(file)")))
    var random = SplitMix64(seed: UInt64(bytes.count))
    for _ in 0..<500 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      _ = try? Image(encoded: damaged, source: file)
    }
  }

  @Test func sizesThatLieTakeNoMemory() throws {
    var png = [UInt8](try Data(contentsOf: Fixtures.file("images/odd.png")))
    // Width and height of the header; its checksum then fails, or the size does.
    png.replaceSubrange(16..<24, with: [0, 0x0F, 0x42, 0x40, 0, 0x0F, 0x42, 0x40])
    #expect(throws: BenchError.self) { try Image(encoded: png, source: "lying.png") }
    var jpeg = [UInt8](try Data(contentsOf: Fixtures.file("images/baseline.jpg")))
    let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(
      throws: BenchError.malformed(
        file: "lying.jpg", what: "65500x65500 pixels, expected one at least and 268435456 at most")
    ) {
      try Image(encoded: jpeg, source: "lying.jpg")
    }
  }

  @Test func aJPEGWithoutItsHeaderEndsEarly() throws {
    let bytes = [UInt8](try Data(contentsOf: Fixtures.file("images/baseline.jpg")))
    for length in [4, 10, 100] {
      #expect(throws: BenchError.malformed(file: "cut.jpg", what: "a JPEG image that ends early")) {
        try Image(encoded: Array(bytes.prefix(length)), source: "cut.jpg")
      }
    }
  }

  @Test func saysWhatIsNoImage() {
    #expect(throws: BenchError.malformed(file: "a.jpg", what: "neither a JPEG nor a PNG image")) {
      try Image(encoded: Array("GIF89a".utf8), source: "a.jpg")
    }
    #expect(throws: BenchError.unreadable(file: "/absent.png", reason: "No such file or directory")) {
      try Image(contentsOf: URL(filePath: "/absent.png"))
    }
  }
}
