import Bench
import Foundation
import Graph
import Testing

struct ImagePreprocessingTests {
  @Test(arguments: [(37, 10), (5, 23), (18, 11), (64, 64), (1, 1), (36, 22), (100, 30), (20, 40)])
  func resizingEqualsPillow(width: Int, height: Int) throws {
    let image = try Image(contentsOf: Fixtures.file("images/odd.png"))
    let expected = try Tensor(npyFile: Fixtures.file("resized/\(width)x\(height).npy"))
    #expect(image.resized(width: width, height: height).samples == expected.elements(UInt8.self))
  }

  struct Reference: Decodable {
    let sum: Int
    let elements: [Float]
  }

  /// Every sample of the crop is the same (by their sum), so every float is within the rounding of one division.
  @Test func equalsTorchvision() throws {
    let references: [String: Reference] = try Fixtures.json("preprocessing.json")
    #expect(references.count == 7)
    for (file, reference) in references {
      let image = try Image(contentsOf: Fixtures.model("inputs/\(file)"))
      let preprocessing = ImagePreprocessing()
      let crop = preprocessing.cropped(image)
      #expect(crop.samples.reduce(0) { $0 + Int($1) } == reference.sum, "\(file)")
      let tensor = preprocessing(image)
      #expect(tensor.shape == [1, 3, 224, 224])
      let elements = try #require(tensor.elements(Float.self))
      for (index, expected) in zip(stride(from: 0, to: elements.count, by: 4001), reference.elements) {
        #expect(abs(elements[index] - expected) <= 2 * expected.ulp, "\(file), element \(index)")
      }
    }
  }

  /// A row or a column of pixels, scaled as a whole, would be billions of them.
  @Test(arguments: [(1, 1 << 20), (1 << 20, 1), (3, 500_000)])
  func extremeShapesTakeNoMemory(width: Int, height: Int) throws {
    let image = Image(
      width: width, height: height, samples: (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 / 3) })
    let crop = ImagePreprocessing().cropped(image)
    #expect(crop.width == 224 && crop.height == 224)
  }

  @Test func partsEqualTheWhole() throws {
    let image = try Image(contentsOf: Fixtures.file("images/odd.png"))
    let whole = image.resized(width: 61, height: 17)
    let part = image.resized(width: 61, height: 17, keepingColumns: 7..<40, rows: 3..<16)
    for row in 0..<13 {
      let line = ((row + 3) * 61 + 7) * 3
      #expect(part.samples[row * 99..<(row + 1) * 99] == whole.samples[line..<line + 99])
    }
  }

  @Test func otherCropsScaleTheResize() {
    let small = ImagePreprocessing(cropHeight: 32, cropWidth: 32)
    #expect(small.resizeSide == 33)
    let tensor = small(Image(width: 40, height: 50, samples: Array(repeating: 255, count: 40 * 50 * 3)))
    #expect(tensor.shape == [1, 3, 32, 32])
    #expect(ImagePreprocessing(cropHeight: 224, cropWidth: 224) == ImagePreprocessing())
  }
}
