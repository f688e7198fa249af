import Foundation
import Graph

/// Scores of classes, as a classifier gives them, and what they mean.
public struct Classification: Sendable, Equatable {
  /// A class and how probable it is.
  public struct Candidate: Codable, Sendable, Equatable {
    /// The number of the class.
    public let label: Int
    /// Its probability, 0…1.
    public let probability: Double
  }

  /// The most probable classes, the most probable first.
  public let top: [Candidate]

  /// Applies softmax to the scores of the first input of a batch.
  ///
  /// - Returns: nil if the tensor is not one of floats with a row of scores.
  public init?(_ scores: Tensor, keeping count: Int = 5) {
    guard let width = scores.shape.last, width > 0, scores.shape.count <= 2,
      let elements = scores.elements(Float.self), elements.count >= width
    else { return nil }
    let row = elements[..<width]
    let largest = row.max() ?? 0
    let exponentials = row.map { exp(Double($0 - largest)) }
    let sum = exponentials.reduce(0, +)
    top = exponentials.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(count)
      .map { Candidate(label: $0.offset, probability: $0.element / sum) }
  }
}
