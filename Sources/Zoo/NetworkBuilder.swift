import Graph

/// Builds a network into a graph, with names as PyTorch's TorchScript exporter gives them.
///
/// A node stands in the scope of the module that runs it: `/layer1/layer1.0/conv1/Conv` is the convolution of module
/// `layer1.0.conv1`. Equal operators of a scope are numbered `Relu`, `Relu_1`, … in the order of the program, and a node's
/// value is the node's name with `_output_0`. Constants of the program are numbered alike but are values here, not
/// `Constant` nodes. So a network written down in the order of its program gets the names of the exported file.
struct NetworkBuilder {
  /// The operator set in which networks are written.
  static let opset = 17

  /// What was built so far.
  private(set) var graph = Graph(name: "main_graph")
  /// Parameters that the network has in PyTorch, with those that the exporter folds away.
  private(set) var parameterCount = 0
  /// The number in the name of the next weight that the exporter computes (folds or transposes): `onnx::Conv_497`.
  var nextWeightNumber: Int
  private let weights: SeededWeights
  private var namesUsed: [String: Int] = [:]

  /// Starts with nothing.
  init(weights: SeededWeights, firstWeightNumber: Int) {
    self.weights = weights
    self.nextWeightNumber = firstWeightNumber
  }
}

// MARK: - Graph

extension NetworkBuilder {
  /// Adds an input of the network.
  mutating func input(_ name: String, _ type: DataType, _ shape: Shape) -> ValueID {
    graph.addInput(name: name, type: .tensor(type, shape))
  }

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - op: the operator of ONNX.
  ///   - scope: the module that runs it, such as `/layer1/layer1.0/conv1`; empty for the network itself.
  ///   - inputs: what it reads.
  ///   - attributes: its configuration.
  ///   - output: the name of what it writes, if it is not the name of the node with `_output_0`.
  mutating func apply(
    _ op: String, in scope: String, _ inputs: ValueID..., attributes: [String: Attribute] = [:], output: String? = nil
  ) -> ValueID {
    apply(op, in: scope, inputs, attributes: attributes, output: output)
  }

  /// Adds a node with a list of inputs.
  mutating func apply(
    _ op: String, in scope: String, _ inputs: [ValueID], attributes: [String: Attribute] = [:], output: String? = nil
  ) -> ValueID {
    let name = uniqueName(op, in: scope)
    return graph.append(
      OperatorID(op, version: Self.opset), name: name, inputs: inputs, attributes: attributes,
      output: output ?? name + "_output_0")
  }

  /// Adds a constant of the program.
  mutating func constant(_ tensor: Tensor, in scope: String) -> ValueID {
    graph.addConstant(name: constantName(in: scope), tensor)
  }

  /// Adds whole numbers as a constant of the program: a vector, or a scalar.
  mutating func constant(_ numbers: [Int], in scope: String) -> ValueID {
    constant(Tensor(shape: [numbers.count], numbers.map(Int64.init)), in: scope)
  }

  /// Adds a whole number as a constant of the program: a scalar.
  mutating func constant(_ number: Int, in scope: String) -> ValueID {
    constant(Tensor(scalar: Int64(number)), in: scope)
  }

  /// Adds a constant under a given name.
  mutating func constant(_ tensor: Tensor, named name: String) -> ValueID { graph.addConstant(name: name, tensor) }

  /// The name that the next constant of a scope has.
  mutating func constantName(in scope: String) -> String { uniqueName("Constant", in: scope) + "_output_0" }

  /// Makes a value the network's output.
  mutating func output(_ value: ValueID, _ shape: Shape) {
    graph.setType(.tensor(.float32, shape), of: value)
    graph.addOutput(value)
  }

  private mutating func uniqueName(_ op: String, in scope: String) -> String {
    let name = "\(scope)/\(op)"
    let number = namesUsed[name, default: 0]
    namesUsed[name] = number + 1
    return number == 0 ? name : "\(name)_\(number)"
  }
}

// MARK: - Weights

extension NetworkBuilder {
  /// Adds a parameter of normally distributed numbers.
  ///
  /// - Parameters:
  ///   - parameter: its name in PyTorch.
  ///   - value: its name in the file, if that is another.
  ///   - shape: its shape.
  ///   - distribution: what it is drawn from.
  mutating func parameter(
    _ parameter: String, named value: String? = nil, shape: [Int], _ distribution: Distribution
  ) -> ValueID {
    parameterCount += shape.reduce(1, *)
    return graph.addConstant(name: value ?? parameter, weights.draw(parameter, shape: shape, from: distribution))
  }

  /// A bias: small numbers around zero.
  mutating func bias(_ parameter: String, named value: String? = nil, count: Int) -> ValueID {
    self.parameter(parameter, named: value, shape: [count], Distribution(deviation: 0.05))
  }

  /// The layer normalization of a module, over the last axis.
  mutating func layerNorm(_ x: ValueID, _ module: String, size: Int, epsilon: Float) -> ValueID {
    let weight = parameter("\(module).weight", shape: [size], Distribution(mean: 1, deviation: 0.1))
    let bias = bias("\(module).bias", count: size)
    return apply(
      "LayerNormalization", in: scope(module), x, weight, bias,
      attributes: ["axis": .int(-1), "epsilon": .float(epsilon)])
  }

  /// A linear layer that PyTorch exports as `Gemm`: over a matrix, [rows x inputs] to [rows x outputs].
  ///
  /// - Parameters:
  ///   - gain: root mean square of the result (bias apart) for inputs whose is 1.
  ///   - isCentred: see `Distribution`.
  mutating func gemm(
    _ x: ValueID, _ module: String, inputs: Int, outputs: Int, gain: Double, isCentred: Bool = false,
    output: String? = nil
  ) -> ValueID {
    let weight = parameter(
      "\(module).weight", shape: [outputs, inputs],
      Distribution(deviation: gain / Double(inputs).squareRoot(), isCentred: isCentred))
    let bias = bias("\(module).bias", count: outputs)
    return apply(
      "Gemm", in: scope(module), x, weight, bias,
      attributes: ["alpha": .float(1), "beta": .float(1), "transB": .int(1)], output: output)
  }

  /// Counts parameters that the exported file does not have.
  mutating func countFolded(_ parameters: Int) { parameterCount += parameters }

  /// The scope of a module: `/layer1/layer1.0/conv1` for `layer1.0.conv1`.
  ///
  /// A module is called by its attribute's name; an element of a sequence by the path within the sequence's owner
  /// (`layer1.0`, `conv.0.0`). A `ModuleList` does not run itself, so it has no scope of its own: the encoders' lists, all
  /// named `layer`, are such.
  func scope(_ module: String) -> String {
    var scope = ""
    var element = ""
    for part in module.split(separator: ".") {
      element = part.allSatisfy(\.isNumber) ? "\(element).\(part)" : String(part)
      if element != "layer" { scope += "/" + element }
    }
    return scope
  }
}
