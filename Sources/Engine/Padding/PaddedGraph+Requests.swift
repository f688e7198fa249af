// What a padded graph does with the memory of a request.
extension PaddedGraph {
  /// The tokens of a request that must be computed: the longest text's, rounded up.
  ///
  /// - Parameter mask: its elements, of the type for which the graph was made.
  /// - Returns: nil if all must be, since there are as many or since the mask is not, in every row, ones and then zeros.
  func length(of mask: UnsafeRawBufferPointer) -> Int? {
    var longest = leastTokens
    let rowBytes = tokens * one.count
    for row in stride(from: 0, to: mask.count, by: rowBytes) {
      guard let real = realTokens(UnsafeRawBufferPointer(rebasing: mask[row..<row + rowBytes])) else { return nil }
      longest = max(longest, real)
    }
    return length(forTokens: longest)
  }

  /// The length that is computed for so many tokens; nil if it is the whole.
  func length(forTokens count: Int) -> Int? {
    let length = (count + granularity - 1) / granularity * granularity
    return length < tokens ? length : nil
  }

  /// The number of ones that a row starts with, if there are some and the rest are zeros.
  private func realTokens(_ row: UnsafeRawBufferPointer) -> Int? {
    var real = 0
    while real < tokens, one.indices.allSatisfy({ row[real * one.count + $0] == one[$0] }) { real += 1 }
    return real > 0 && row[(real * one.count)...].allSatisfy { $0 == 0 } ? real : nil
  }

  /// Copies the tokens of an input before `length`; an input without tokens whole.
  func copy(input: Int, _ whole: UnsafeRawBufferPointer, cutTo length: Int, into part: UnsafeMutableRawBufferPointer) {
    guard inputAxes[input] != nil, part.count < whole.count else { return part.copyMemory(from: whole) }
    let partBytes = part.count / inputRows[input]
    let wholeBytes = partBytes / length * tokens
    for row in 0..<inputRows[input] {
      UnsafeMutableRawBufferPointer(rebasing: part[row * partBytes..<(row + 1) * partBytes])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: whole[row * wholeBytes..<row * wholeBytes + partBytes]))
    }
  }
}
