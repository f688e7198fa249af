import Graph

/// A convolution of 64 channels for images of any size: large ones are computed by Winograd's algorithm, which has packed weights
/// of its own, small ones are not.
enum WideConvolution {
  static let large = ["x": [1, 64, 56, 56]]
  static let small = ["x": [1, 64, 3, 3]]

  static func model() -> Model {
    var graph = Graph(name: "wide")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [.symbol("n"), 64, .symbol("h"), .symbol("w")]))
    let numbers: [Float] = (0..<64 * 64 * 9).map { Float($0 % 13) - 6 }
    let w = graph.addConstant(name: "w", Tensor(shape: [64, 64, 3, 3], numbers))
    let y = graph.append(
      OperatorID("Conv", version: 11), name: "conv", inputs: [x, w], attributes: ["pads": .ints([1, 1, 1, 1])],
      output: "y")
    graph.addOutput(y)
    return Model(graph: graph, source: "wide")
  }
}
