import Graph
import Testing

struct SlidingWindowTests {
  private func context(_ attributes: [String: Attribute]) -> NodeContext {
    NodeContext(
      node: Node(OperatorID("MaxPool", version: 22), name: "pool", inputs: [], outputs: [], attributes: attributes),
      inputTypes: [])
  }

  /// Sizes that PyTorch's MaxPool1d(kernel, stride, padding, dilation, ceil_mode) gives, by its documented formula.
  @Test(arguments: [
    (size: 8, kernel: 3, stride: 2, pad: 0, dilation: 1, ceil: false, output: 3),
    (size: 8, kernel: 3, stride: 2, pad: 0, dilation: 1, ceil: true, output: 4),
    (size: 7, kernel: 3, stride: 2, pad: 1, dilation: 1, ceil: true, output: 4),
    // Of three positions the last would start in the padding at the end.
    (size: 4, kernel: 2, stride: 3, pad: 1, dilation: 1, ceil: true, output: 2),
    (size: 2, kernel: 1, stride: 2, pad: 0, dilation: 1, ceil: true, output: 1),
    (size: 9, kernel: 3, stride: 1, pad: 0, dilation: 3, ceil: false, output: 3),
  ])
  func explicitPadding(
    size: Int, kernel: Int, stride: Int, pad: Int, dilation: Int, ceil: Bool, output: Int
  ) throws {
    let window = try context([
      "kernel_shape": .ints([kernel]), "strides": .ints([stride]), "pads": .ints([pad, pad]),
      "dilations": .ints([dilation]), "ceil_mode": .int(ceil ? 1 : 0),
    ]).slidingWindow().window(over: [size], node: "pool")
    #expect(window.output == [output])
  }

  /// `SAME` gives ceil(size / stride) positions; the odd element of padding goes where the name says.
  @Test func automaticPadding() throws {
    let common: [String: Attribute] = ["kernel_shape": .ints([2, 3]), "strides": .ints([1, 2])]
    let upper = try context(common.merging(["auto_pad": .string("SAME_UPPER")]) { $1 }).slidingWindow()
      .window(over: [5, 6], node: "pool")
    #expect(upper.output == [5, 3] && upper.padsBegin == [0, 0] && upper.padsEnd == [1, 1])
    let lower = try context(common.merging(["auto_pad": .string("SAME_LOWER")]) { $1 }).slidingWindow()
      .window(over: [5, 6], node: "pool")
    #expect(lower.output == [5, 3] && lower.padsBegin == [1, 1] && lower.padsEnd == [0, 0])
  }

  /// A size with a name keeps it through a window that preserves sizes, and becomes unknown otherwise.
  @Test func symbolicSizes() throws {
    let attributes = try context(["kernel_shape": .ints([3, 3]), "pads": .ints([1, 0, 1, 0])]).slidingWindow()
    #expect(try attributes.output(over: [.symbol("h"), .symbol("w")], node: "pool") == [.symbol("h"), .unknown])
  }

  @Test func windowLargerThanItsImage() throws {
    let attributes = try context(["kernel_shape": .ints([5])]).slidingWindow()
    #expect(
      throws: GraphError.shapeMismatch(
        node: "pool", input: "0",
        expected: "spatial axis 0 to have room for a window of 5 positions, padding included", found: "4")
    ) { try attributes.window(over: [4], node: "pool") }
  }

  /// Numbers so large that sizes computed from them would overflow are refused.
  @Test(arguments: ["kernel_shape", "strides", "dilations"]) func hostileNumbers(key: String) {
    var attributes: [String: Attribute] = ["kernel_shape": .ints([2])]
    attributes[key] = .ints([Int.max])
    #expect(throws: GraphError.self) { try context(attributes).slidingWindow() }
    attributes[key] = .ints([0])
    #expect(throws: GraphError.self) { try context(attributes).slidingWindow() }
  }
}

struct EinsumEquationTests {
  @Test func namesAndEllipses() throws {
    let product = try EinsumEquation("...ij, ...jk -> ...ik", ranks: [4, 3])
    #expect(product.operands == [[0, 1, 2, 3], [1, 3, 4]] && product.output == [0, 1, 2, 4])
    let implicit = try EinsumEquation("ba,a", ranks: [2, 1])
    #expect(implicit.operands == [[1, 0], [0]] && implicit.output == [1])
    #expect(try EinsumEquation("ii", ranks: [2]).output == [])
  }

  @Test(arguments: [("ij,jk", [2]), ("ij", [3]), ("i->j", [1]), ("i..->i", [3]), ("ij->ii", [2]), ("i1", [2])])
  func malformed(equation: String, ranks: [Int]) {
    #expect(throws: EinsumEquation.Malformed.self) { try EinsumEquation(equation, ranks: ranks) }
  }
}
