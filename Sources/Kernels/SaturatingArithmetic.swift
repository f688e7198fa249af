/// Sums and products of sizes that end at `Int.max` where they would overflow: such a size is refused before memory is asked for.
extension Int {
  /// The product of three sizes, none of them negative.
  package static func saturatedProduct(_ a: Int, _ b: Int, _ c: Int) -> Int {
    a.multipliedSaturated(by: b).multipliedSaturated(by: c)
  }

  /// The product of four sizes, none of them negative.
  package static func saturatedProduct(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int {
    saturatedProduct(a, b, c).multipliedSaturated(by: d)
  }

  /// The product with another size; neither is negative.
  package func multipliedSaturated(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// The sum with another size; neither is negative.
  package func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
