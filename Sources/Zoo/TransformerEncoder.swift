import Graph

/// A BERT or RoBERTa encoder that classifies a sequence into two labels, as transformers builds and PyTorch exports them.
///
/// Devlin et al., "BERT: pre-training of deep bidirectional transformers for language understanding" (2019); Liu et al.,
/// "RoBERTa: a robustly optimized BERT pretraining approach" (2019). Attention is written out as the exporter writes
/// `scaled_dot_product_attention`; GELU as its formula with `Erf`; layer normalization as an operator.
struct TransformerEncoder {
  /// What the two differ in: embeddings, and the head behind the encoder.
  enum Kind {
    case bert
    case roberta
  }

  let kind: Kind
  /// Blocks of attention and feed-forward network.
  var layers = 12
  /// Length of a token's vector.
  var hidden = 768
  /// Heads of attention; they share the vector.
  var heads = 12
  /// Known tokens.
  var vocabulary: Int
  /// Known positions; RoBERTa's first two stand for no token.
  var positions: Int
  /// Tokens of an input, unless another number is asked for.
  var tokens: Int

  /// Describes an encoder; the defaults are those of the base model.
  init(
    _ kind: Kind, layers: Int = 12, hidden: Int = 768, heads: Int = 12, vocabulary: Int? = nil, positions: Int? = nil,
    tokens: Int = 128
  ) {
    self.kind = kind
    self.layers = layers
    self.hidden = hidden
    self.heads = heads
    self.vocabulary = vocabulary ?? (kind == .bert ? 30522 : 50265)
    self.positions = positions ?? (kind == .bert ? 512 : 514)
    self.tokens = tokens
  }

  /// Labels that the classifier tells apart.
  static let labels = 2
  /// The token that fills a short text up, for RoBERTa; its positions count from here.
  static let paddingToken = 1
  /// Root mean square of what a linear layer makes of normalized vectors: branches stay smaller than what they are added to.
  static let gain = 0.55
  /// The same for queries and keys, for attention scores of order one.
  static let scoreGain = 1.1

  /// Length of the feed-forward network's vectors.
  var intermediate: Int { 4 * hidden }
  /// The module that everything but the classifier is part of.
  var root: String { kind == .bert ? "bert" : "roberta" }
  /// Added to a variance before its root is taken.
  var epsilon: Float { kind == .bert ? 1e-12 : 1e-5 }
  /// Kinds of segments.
  var tokenTypes: Int { kind == .bert ? 2 : 1 }
  /// Longest input.
  var maximumTokens: Int { kind == .bert ? positions : positions - Self.paddingToken - 1 }
  /// Names of the inputs, in order.
  var inputNames: [String] {
    ["input_ids", "attention_mask"] + (kind == .bert ? ["token_type_ids"] : [])
  }

  /// Number of the first weight that the exporter transposes: it numbers what it computes, 119 values a layer.
  private var firstWeightNumber: Int { (kind == .bert ? 79 : 130) + 119 * layers }
}

extension TransformerEncoder: Architecture {
  func build(batch: Dimension, tokens: Dimension, weights: SeededWeights) -> NetworkBuilder {
    var network = NetworkBuilder(weights: weights, firstWeightNumber: firstWeightNumber)
    let inputs = inputNames.map { network.input($0, .int64, [batch, tokens]) }
    var sizes = TokenSizes(batch: batch, tokens: tokens, input: inputs[0])
    let embeddings =
      switch kind {
      case .bert: bertEmbeddings(ids: inputs[0], types: inputs[2], &sizes, in: &network)
      case .roberta: robertaEmbeddings(ids: inputs[0], &sizes, in: &network)
      }
    let mask = attentionMask(inputs[1], &sizes, in: &network)
    var x = embeddings.vectors
    for layer in 0..<layers {
      let module = "\(root).encoder.layer.\(layer)"
      x = attention(x, mask: mask, "\(module).attention", &sizes, in: &network)
      x = feedForward(x, module, in: &network)
    }
    let logits = classifier(x, firstToken: embeddings.firstToken, in: &network)
    network.output(logits, [batch, .known(Self.labels)])
    return network
  }
}

// MARK: - Blocks

extension TransformerEncoder {
  /// Softmax(q·kᵀ/√d + mask)·v for each head, a linear layer, the input added, normalized.
  private func attention(
    _ x: ValueID, mask: ValueID, _ module: String, _ sizes: inout TokenSizes, in network: inout NetworkBuilder
  ) -> ValueID {
    let scope = network.scope("\(module).self")
    let size = hidden / heads
    let query = network.linear(x, "\(module).self.query", inputs: hidden, outputs: hidden, gain: Self.scoreGain)
    network.nextWeightNumber += 15  // the exporter numbers what it computes between
    let split = (0..<3).map { _ in
      sizes.reshaping([.batch, .tokens, .inferred, .known(size)], in: scope, of: &network)
    }
    let queryHeads = network.transpose(network.reshape(query, split[0], in: scope), [0, 2, 1, 3], in: scope)
    let key = network.linear(x, "\(module).self.key", inputs: hidden, outputs: hidden, gain: Self.scoreGain)
    let keyHeads = network.reshape(key, split[1], in: scope)
    let value = network.linear(x, "\(module).self.value", inputs: hidden, outputs: hidden, gain: Self.gain)
    network.nextWeightNumber += 13
    let valueHeads = network.transpose(network.reshape(value, split[2], in: scope), [0, 2, 1, 3], in: scope)
    let keysTransposed = network.transpose(keyHeads, [0, 2, 3, 1], in: scope)
    // The exporter scales queries and keys by the root of 1/√d each.
    let scale = (1 / Float(size).squareRoot()).squareRoot()
    let scaledQueries = network.apply("Mul", in: scope, queryHeads, network.constant(Tensor(scalar: scale), in: scope))
    let scaledKeys = network.apply("Mul", in: scope, keysTransposed, network.constant(Tensor(scalar: scale), in: scope))
    let scores = network.apply("MatMul", in: scope, scaledQueries, scaledKeys)
    let attended = network.constant(Tensor(shape: [1], [0 as Float]), in: scope)
    let ignored = network.constant(Tensor(shape: [1], [-Float.infinity]), in: scope)
    let bias = network.apply("Where", in: scope, mask, attended, ignored)
    let masked = network.apply("Add", in: scope, scores, bias)
    let softmax = network.apply("Softmax", in: scope, masked, attributes: ["axis": .int(-1)])
    // A row that attends to nothing is 0/0.
    let undefined = network.apply("IsNaN", in: scope, softmax)
    let zero = network.constant(Tensor(shape: [1], [0 as Float]), in: scope)
    let shares = network.apply("Where", in: scope, undefined, zero, softmax)
    let context = network.apply("MatMul", in: scope, shares, valueHeads)
    let perHead = sizes.reshaping([.batch, .inferred, .tokens, .known(size)], in: scope, of: &network)
    let contextHeads = network.transpose(network.reshape(context, perHead, in: scope), [0, 2, 1, 3], in: scope)
    let joined = sizes.reshaping([.batch, .tokens, .inferred], in: scope, of: &network)
    let vectors = network.reshape(contextHeads, joined, in: scope)
    return output(vectors, addedTo: x, "\(module).output", inputs: hidden, in: &network)
  }

  /// Two linear layers with GELU between, the input added, normalized.
  private func feedForward(_ x: ValueID, _ module: String, in network: inout NetworkBuilder) -> ValueID {
    let inner = network.linear(
      x, "\(module).intermediate.dense", inputs: hidden, outputs: intermediate, gain: Self.gain)
    let activated = network.gelu(inner, in: network.scope("\(module).intermediate.intermediate_act_fn"))
    return output(activated, addedTo: x, "\(module).output", inputs: intermediate, in: &network)
  }

  /// How each block ends: a linear layer, the block's input added, normalized.
  private func output(
    _ x: ValueID, addedTo input: ValueID, _ module: String, inputs: Int, in network: inout NetworkBuilder
  ) -> ValueID {
    let dense = network.linear(x, "\(module).dense", inputs: inputs, outputs: hidden, gain: Self.gain)
    let sum = network.apply("Add", in: network.scope(module), dense, input)
    return network.layerNorm(sum, "\(module).LayerNorm", size: hidden, epsilon: epsilon)
  }

  /// The first token's vector through a hyperbolic tangent to the logits.
  private func classifier(_ x: ValueID, firstToken: ValueID, in network: inout NetworkBuilder) -> ValueID {
    let (scope, dense, tanh, last) =
      switch kind {
      case .bert: ("/bert/pooler", "bert.pooler.dense", "/bert/pooler/activation", "classifier")
      case .roberta: ("/classifier", "classifier.dense", "/classifier", "classifier.out_proj")
      }
    let first = network.apply("Gather", in: scope, x, firstToken, attributes: ["axis": .int(1)])
    let pooled = network.gemm(first, dense, inputs: hidden, outputs: hidden, gain: 1)
    let activated = network.apply("Tanh", in: tanh, pooled)
    return network.gemm(activated, last, inputs: hidden, outputs: Self.labels, gain: 2, output: "logits")
  }
}

// MARK: - Layers

extension NetworkBuilder {
  /// A linear layer that PyTorch exports as `MatMul` and `Add`, its weights transposed: over [batch x tokens x inputs].
  ///
  /// - Parameter gain: root mean square of the result (bias apart) for inputs whose is 1.
  fileprivate mutating func linear(
    _ x: ValueID, _ module: String, inputs: Int, outputs: Int, gain: Double
  ) -> ValueID {
    let bias = bias("\(module).bias", count: outputs)
    let weight = parameter(
      "\(module).weight", named: "onnx::MatMul_\(nextWeightNumber)", shape: [inputs, outputs],
      Distribution(deviation: gain / Double(inputs).squareRoot()))
    nextWeightNumber += 1
    let product = apply("MatMul", in: scope(module), x, weight)
    return apply("Add", in: scope(module), bias, product)
  }

  fileprivate mutating func reshape(_ x: ValueID, _ shape: ValueID, in scope: String) -> ValueID {
    apply("Reshape", in: scope, x, shape, attributes: ["allowzero": .int(0)])
  }

  fileprivate mutating func transpose(_ x: ValueID, _ permutation: [Int], in scope: String) -> ValueID {
    apply("Transpose", in: scope, x, attributes: ["perm": .ints(permutation)])
  }

  /// x·(1 + erf(x/√2))/2.
  fileprivate mutating func gelu(_ x: ValueID, in scope: String) -> ValueID {
    let scaled = apply("Div", in: scope, x, constant(Tensor(scalar: Float(2).squareRoot()), in: scope))
    let erf = apply("Erf", in: scope, scaled)
    let cumulative = apply("Add", in: scope, erf, constant(Tensor(scalar: 1 as Float), in: scope))
    let doubled = apply("Mul", in: scope, x, cumulative)
    return apply("Mul", in: scope, doubled, constant(Tensor(scalar: 0.5 as Float), in: scope))
  }
}
