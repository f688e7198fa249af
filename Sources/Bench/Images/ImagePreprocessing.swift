import Foundation
import Graph

/// How an image becomes the input of a model: resize, crop, normalise.
///
/// The standard is that of torchvision's second ImageNet weights (`ImageClassification(crop_size=224, resize_size=232)`),
/// on Pillow images. See also torchvision, "Models and pre-trained weights".
public struct ImagePreprocessing: Sendable, Equatable {
  /// Pixels of the shorter side after resizing; the other side follows in proportion, rounded down.
  public private(set) var resizeSide = 232
  /// Rows that are cut from the centre.
  public private(set) var cropHeight = 224
  /// Columns that are cut from the centre.
  public private(set) var cropWidth = 224
  /// What is subtracted from each channel, scaled to 0…1.
  public private(set) var mean: [Float] = [0.485, 0.456, 0.406]
  /// What each channel is divided by then.
  public private(set) var deviation: [Float] = [0.229, 0.224, 0.225]

  /// The standard.
  public init() {}

  /// Pixels that a side of the crop may have.
  public static let cropSides = 1...8192

  /// The standard for a crop of another size, both sides within `cropSides`: the shorter side is resized in proportion.
  public init(cropHeight: Int, cropWidth: Int) {
    precondition(Self.cropSides.contains(cropHeight) && Self.cropSides.contains(cropWidth))
    resizeSide = Int((Double(min(cropHeight, cropWidth)) * 232 / 224).rounded())
    resizeSide = max(resizeSide, max(cropHeight, cropWidth))
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
  }

  /// Makes the input, a float tensor of shape 1 x 3 x `cropHeight` x `cropWidth`.
  public func callAsFunction(_ image: Image) -> Tensor {
    let crop = cropped(image)
    let area = cropHeight * cropWidth
    return Tensor(shape: [1, Image.channels, cropHeight, cropWidth], of: Float.self) { output in
      for channel in 0..<Image.channels {
        for pixel in 0..<area {
          let sample = Float(crop.samples[pixel * Image.channels + channel]) / 255
          output[channel * area + pixel] = (sample - mean[channel]) / deviation[channel]
        }
      }
    }
  }

  /// The image resized and cropped.
  package func cropped(_ image: Image) -> Image {
    let short = min(image.width, image.height)
    let long = resizeSide * max(image.width, image.height) / short
    let isWide = image.width > image.height
    let (width, height) = isWide ? (long, resizeSide) : (resizeSide, long)
    // Python's round(): half to even.
    let column = Int((Double(width - cropWidth) / 2).rounded(.toNearestOrEven))
    let row = Int((Double(height - cropHeight) / 2).rounded(.toNearestOrEven))
    return image.resized(
      width: width, height: height, keepingColumns: column..<column + cropWidth, rows: row..<row + cropHeight)
  }
}
