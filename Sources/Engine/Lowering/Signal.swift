import Foundation
import Graph

extension Lowering {
  /// Transforms to frequencies, and the windows and weights that go with them.
  static let signal: [Lowering] = [
    Lowering("DFT", real: FourierReference.self),
    Lowering("STFT", real: ShortTimeFourierReference.self),
    Lowering("MelWeightMatrix") { node throws(GraphError) in try SignalReference.melWeights(node) },
    Lowering("HannWindow") { node throws(GraphError) in
      try SignalReference.window(node) { 0.5 - 0.5 * cos($0) }
    },
    Lowering("HammingWindow") { node throws(GraphError) in
      try SignalReference.window(node) { 25 / 46.0 - 21 / 46.0 * cos($0) }
    },
    Lowering("BlackmanWindow") { node throws(GraphError) in
      try SignalReference.window(node) { 0.42 - 0.5 * cos($0) + 0.08 * cos(2 * $0) }
    },
  ]
}

/// Tables of signal processing.
enum SignalReference {
  /// A symmetric or periodic window; the shape is a function of the phase, 2 pi over the window.
  static func window(_ node: Evaluation, _ shape: (Double) -> Double) throws(GraphError) -> [RuntimeValue] {
    let size = try scalar(node, 0)
    let type = try node.context.dataType("output_datatype", default: .float32)
    try node.checkedCount([size], of: .float64)
    let periodic = try node.context.bool("periodic", default: true)
    let steps = Double(periodic ? size : size - 1)
    let values = (0..<size).map { shape(2 * .pi * Double($0) / steps) }
    return [try node.result(values, shape: [size], type: type)]
  }

  /// Triangles, evenly spaced on the mel scale, that sum the bins of a spectrum.
  static func melWeights(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let bands = try scalar(node, 0), length = try scalar(node, 1), rate = try scalar(node, 2)
    let low = try node.values(3, as: Double.self).first ?? 0, high = try node.values(4, as: Double.self).first ?? 0
    let type = try node.context.dataType("output_datatype", default: .float32)
    let bins = length / 2 + 1
    guard rate > 0 else { throw node.badValue(2, expected: "a positive rate", found: rate) }
    var weights = try node.filled(0.0, shape: [bins, bands])
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let step = (mel(high) - mel(low)) / Double(bands + 2)
    let edges = try (0..<(bands + 2)).map { index throws(GraphError) in
      let frequency = 700 * (pow(10, (mel(low) + Double(index) * step) / 2595) - 1)
      let bin = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
      guard bin >= 0, bin <= Double(bins) else {
        throw node.badValue(4, expected: "edges within the spectrum", found: high)
      }
      return Int(bin)
    }
    for band in 0..<bands {
      let (first, middle, last) = (edges[band], edges[band + 1], edges[band + 2])
      if middle == first, middle < bins { weights[middle * bands + band] = 1 }
      if middle > first {
        for bin in first...min(middle, bins - 1) {
          weights[bin * bands + band] = Double(bin - first) / Double(middle - first)
        }
      }
      if last > middle {
        for bin in middle..<min(last, bins) { weights[bin * bands + band] = Double(last - bin) / Double(last - middle) }
      }
    }
    return [try node.result(weights, shape: [bins, bands], type: type)]
  }

  private static func scalar(_ node: Evaluation, _ input: Int) throws(GraphError) -> Int {
    guard let value = try node.values(input, as: Int64.self).first, value >= 0, value < 1 << 40 else {
      throw node.badValue(input, expected: "a number of 0 and more", found: "another")
    }
    return Int(value)
  }
}
