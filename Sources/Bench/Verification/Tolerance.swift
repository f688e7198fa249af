import Foundation

/// How far a value may lie from the expected one: NumPy's rule of `allclose`.
///
/// An element fits if |found − expected| ≤ absolute + relative · |expected|. Equal infinities fit, and two NaN.
public struct Tolerance: Sendable, Equatable {
  /// The part that grows with the expected value.
  public var relative: Double
  /// The part that is granted to every value.
  public var absolute: Double

  /// What the runner of ONNX's backend tests grants unless a case says otherwise.
  public static let standard = Tolerance(relative: 1e-3, absolute: 1e-7)

  /// Pairs the two parts.
  public init(relative: Double, absolute: Double) {
    self.relative = relative
    self.absolute = absolute
  }

  /// Reads the `tolerance.json` of a case's folder: `{"rtol": 0.001, "atol": 1e-07}`, absent keys and an absent file
  /// meaning the standard.
  ///
  /// - Throws: `BenchError.malformed` if the file is not such an object.
  public init(ofCase folder: URL) throws(BenchError) {
    self = .standard
    let file = folder.appending(path: "tolerance.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let data = try InputFile.read(file)
    guard let object = try? JSONDecoder().decode([String: Double].self, from: data),
      object.allSatisfy({ ["rtol", "atol"].contains($0) && $1 >= 0 })
    else {
      throw .malformed(file: file.path, what: "expected an object of numbers from 0 on under 'rtol' and 'atol'")
    }
    relative = object["rtol"] ?? relative
    absolute = object["atol"] ?? absolute
  }

  /// How far a value lies off, in units of what is allowed: at most 1 for one that fits.
  ///
  /// - Parameters:
  ///   - distance: from the expected value; not finite if one of the two is infinite or NaN, and they are not the same.
  ///   - magnitude: the expected value's.
  func excess(distance: Double, magnitude: Double) -> Double {
    guard distance != 0 else { return 0 }
    let allowed = absolute + relative * magnitude
    guard distance.isFinite, allowed.isFinite, allowed > 0 else { return .infinity }
    return distance / allowed
  }
}
