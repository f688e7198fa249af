import Foundation
import Graph

/// Discrete Fourier transforms of any length: by halves while the length is even, by definition for the odd rest.
struct FourierTransform {
  /// The length.
  let length: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// Prepares the roots of unity.
  init(length: Int, inverse: Bool) {
    self.length = length
    let angle = (inverse ? 2 : -2) * Double.pi / Double(length)
    cosines = (0..<length).map { cos(angle * Double($0)) }
    sines = (0..<length).map { sin(angle * Double($0)) }
  }

  /// Transforms complex numbers, without a factor.
  func callAsFunction(_ real: [Double], _ imaginary: [Double]) -> (real: [Double], imaginary: [Double]) {
    transform(real, imaginary, offset: 0, step: 1, count: length)
  }

  private func transform(
    _ real: [Double], _ imaginary: [Double], offset: Int, step: Int, count: Int
  ) -> (real: [Double], imaginary: [Double]) {
    var (x, y) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    if count % 2 == 0, count > 0 {
      let even = transform(real, imaginary, offset: offset, step: 2 * step, count: count / 2)
      let odd = transform(real, imaginary, offset: offset + step, step: 2 * step, count: count / 2)
      for k in 0..<(count / 2) {
        let (c, s) = (cosines[k * step], sines[k * step])
        let (r, i) = (odd.real[k] * c - odd.imaginary[k] * s, odd.real[k] * s + odd.imaginary[k] * c)
        (x[k], y[k]) = (even.real[k] + r, even.imaginary[k] + i)
        (x[k + count / 2], y[k + count / 2]) = (even.real[k] - r, even.imaginary[k] - i)
      }
      return (x, y)
    }
    for k in 0..<count {
      var place = 0
      for n in 0..<count {
        let (r, i) = (real[offset + n * step], imaginary[offset + n * step])
        let (c, s) = (cosines[place * step], sines[place * step])
        x[k] += r * c - i * s
        y[k] += r * s + i * c
        place = (place + k) % count
      }
    }
    return (x, y)
  }
}

/// `DFT`: along one axis, cut or filled with zeros to a length; one-sided or whole, forward or inverse.
enum FourierReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let (inverse, oneSided) = (
      try node.context.bool("inverse", default: false), try node.context.bool("onesided", default: false)
    )
    guard let axis = try node.context.transformAxis(rank: input.shape.count),
      let length = try node.context.transformLength(size: input.shape[axis]), length > 0
    else { throw node.badValue(1, expected: "a positive length", found: 0) }
    let parts = input.shape[input.shape.count - 1]
    var shape = input.shape
    shape[axis] = oneSided && !inverse ? length / 2 + 1 : length
    shape[shape.count - 1] = inverse && oneSided ? 1 : 2
    var result = try node.filled(R.zero, shape: shape)
    let values = try node.values(0, as: real)
    let transform = FourierTransform(length: length, inverse: inverse)
    let inner = input.shape[(axis + 1)..<(input.shape.count - 1)].reduce(1, *)
    let (size, wanted, outParts) = (input.shape[axis], shape[axis], shape[shape.count - 1])
    for outer in 0..<input.shape[..<axis].reduce(1, *) {
      for column in 0..<inner {
        var (x, y) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
        for n in 0..<min(size, inverse && oneSided ? length / 2 + 1 : length) {
          let place = ((outer * size + n) * inner + column) * parts
          x[n] = values[place].double
          y[n] = parts == 2 ? values[place + 1].double : 0
          // A one-sided spectrum is that of real numbers: the other half is its conjugate.
          if inverse, oneSided, n > 0, n < length - n { (x[length - n], y[length - n]) = (x[n], -y[n]) }
        }
        let spectrum = transform(x, y)
        let factor = inverse ? 1 / Double(length) : 1
        for k in 0..<wanted {
          let place = ((outer * wanted + k) * inner + column) * outParts
          result[place] = R(spectrum.real[k] * factor)
          if outParts == 2 { result[place + 1] = R(spectrum.imaginary[k] * factor) }
        }
      }
    }
    return [try node.result(result, shape: shape, type: input.dataType)]
  }
}

/// `STFT`: the transforms of overlapping frames, each weighted by a window.
enum ShortTimeFourierReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let parts = input.shape.count == 3 ? input.shape[2] : 1
    guard let step = try node.values(1, as: Int64.self).first.map({ Int(clamping: $0) }), step > 0,
      let length = try node.context.frameLength(), length > 0, length <= input.shape[1], parts == 1 || parts == 2
    else {
      throw node.badValue(3, expected: "frames of 1 to \(input.shape[1]) samples, a positive step", found: "others")
    }
    let window = try node.optionalValues(2, as: real)
    guard window.map({ $0.count == length }) ?? true else {
      throw node.badShape(2, expected: "\(length)", found: [window?.count ?? 0])
    }
    let bins = try node.context.bool("onesided", default: true) ? length / 2 + 1 : length
    let frames = (input.shape[1] - length) / step + 1
    let shape = [input.shape[0], frames, bins, 2]
    var result = try node.filled(R.zero, shape: shape)
    let values = try node.values(0, as: real)
    let transform = FourierTransform(length: length, inverse: false)
    for item in 0..<input.shape[0] {
      for frame in 0..<frames {
        var (x, y) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
        for n in 0..<length {
          let place = (item * input.shape[1] + frame * step + n) * parts
          let weight = window?[n].double ?? 1
          x[n] = values[place].double * weight
          if parts == 2 { y[n] = values[place + 1].double * weight }
        }
        let spectrum = transform(x, y)
        for k in 0..<bins {
          let place = ((item * frames + frame) * bins + k) * 2
          result[place] = R(spectrum.real[k])
          result[place + 1] = R(spectrum.imaginary[k])
        }
      }
    }
    return [try node.result(result, shape: shape, type: input.dataType)]
  }
}
