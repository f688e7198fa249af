import Graph

/// From the inputs to what the encoder's first layer reads, step by step as transformers does it and PyTorch exports it.
extension TransformerEncoder {
  /// The embedded texts, and the constant 0 that the classifier takes the first token by.
  struct Embeddings {
    /// Normalized vectors, [batch x tokens x hidden].
    let vectors: ValueID
    /// The whole number 0.
    let firstToken: ValueID
  }

  /// Words, segments and positions; positions count from 0.
  func bertEmbeddings(
    ids: ValueID, types: ValueID, _ sizes: inout TokenSizes, in network: inout NetworkBuilder
  ) -> Embeddings {
    let scope = "/bert/embeddings"
    let firstToken = network.constant(0, in: scope)
    let positions = sizes.range(.tokens, shape: [1, -1], in: scope, of: &network)
    return Embeddings(
      vectors: embed(ids: ids, types: types, positions: positions, in: &network), firstToken: firstToken)
  }

  /// Words, the only segment and positions; positions count tokens other than padding, from behind the padding's own.
  func robertaEmbeddings(
    ids: ValueID, _ sizes: inout TokenSizes, in network: inout NetworkBuilder
  ) -> Embeddings {
    let scope = "/roberta/embeddings"
    let padding = network.constant(Self.paddingToken, in: scope)
    let isPadding = network.apply("Equal", in: scope, ids, padding)
    let isToken = network.apply("Not", in: scope, isPadding)
    let ones = network.cast(isToken, to: .int32, in: scope)
    let axis = network.constant(Tensor(scalar: Int32(1)), in: scope)
    let counts = network.apply("CumSum", in: scope, ones, axis)
    let countsOfTokens = network.cast(network.apply("Mul", in: scope, counts, ones), to: .int64, in: scope)
    let offset = network.constant(Self.paddingToken, in: scope)
    let positions = network.apply("Add", in: scope, countsOfTokens, offset)
    let firstToken = network.constant(0, in: scope)

    // Segments are looked up, by position, in a table of zeros.
    let zeros = [Int64](repeating: 0, count: self.positions)
    // The exporter numbers what it computes, 16 values a layer, before it names this one.
    let table = network.constant(Tensor(shape: [1, zeros.count], zeros), named: "onnx::Expand_\(24 + 16 * layers)")
    let rows = sizes.shape([.batch, .inferred], in: scope, of: &network)
    let tables = network.expand(table, to: rows, rank: 2, in: scope)
    let found = network.apply("GatherElements", in: scope, tables, positions, attributes: ["axis": .int(1)])
    let shape = sizes.shape([.batch, .tokens], in: scope, of: &network)
    let types = network.expand(found, to: shape, rank: 2, in: scope)
    return Embeddings(
      vectors: embed(ids: ids, types: types, positions: positions, in: &network), firstToken: firstToken)
  }

  private func embed(
    ids: ValueID, types: ValueID, positions: ValueID, in network: inout NetworkBuilder
  ) -> ValueID {
    let module = "\(root).embeddings"
    let scope = network.scope(module)
    let words = network.embedding(ids, "\(module).word_embeddings", rows: vocabulary, size: hidden, deviation: 0.04)
    let segments = network.embedding(
      types, "\(module).token_type_embeddings", rows: tokenTypes, size: hidden, deviation: 0.02)
    let wordsAndSegments = network.apply("Add", in: scope, words, segments)
    let places = network.embedding(
      positions, "\(module).position_embeddings", rows: self.positions, size: hidden, deviation: 0.02)
    let sum = network.apply("Add", in: scope, wordsAndSegments, places)
    return network.layerNorm(sum, "\(module).LayerNorm", size: hidden, epsilon: epsilon)
  }

  /// Whether a token may attend to another: [batch x 1 x tokens x tokens], from [batch x tokens] of the input.
  ///
  /// transformers writes this as a rule for any pair of indices (here: query ≥ 0 and mask[text, key]), which the exporter
  /// spells out.
  func attentionMask(
    _ input: ValueID, _ sizes: inout TokenSizes, in network: inout NetworkBuilder
  ) -> ValueID {
    let scope = "/\(root)"
    let mask = network.cast(input, to: .bool, in: scope)
    let allowed = network.apply(
      "ConstantOfShape", in: scope, network.constant([], in: scope),
      attributes: ["value": .tensor(Tensor(shape: [1], [Bool8(true)]))])
    let queries = sizes.range(.tokens, shape: [1, 1, -1, 1], in: scope, of: &network)
    let zero = network.constant(0, in: scope)
    let queryExists = network.cast(
      network.apply("GreaterOrEqual", in: scope, queries, zero), to: .bool, in: scope)
    let allowedQueries = network.apply("And", in: scope, allowed, queryExists)

    // mask[text, key] as an index into the flat mask: text·tokens + key.
    let maskShape = network.apply("Shape", in: scope, mask)
    let tokens = network.apply(
      "Gather", in: scope, maskShape, network.constant([1], in: scope), attributes: ["axis": .int(0)])
    let flat = network.apply("Flatten", in: scope, mask, attributes: ["axis": .int(2)])
    let texts = sizes.range(.batch, shape: [-1, 1, 1, 1], in: scope, of: &network)
    let rowStarts = network.apply("Mul", in: scope, texts, tokens)
    let keys = sizes.range(.tokens, shape: [1, 1, 1, -1], in: scope, of: &network)
    let indices = network.apply("Add", in: scope, keys, rowStarts)
    let gathered = network.apply("Gather", in: scope, flat, indices, attributes: ["axis": .int(0)])
    let indicesShape = network.apply("Shape", in: scope, indices)
    let vector = network.apply(
      "Reshape", in: scope, gathered, network.constant([-1], in: scope), attributes: ["allowzero": .int(0)])
    let shape = network.apply("Concat", in: scope, indicesShape, attributes: ["axis": .int(0)])
    let keyMask = network.cast(
      network.apply("Reshape", in: scope, vector, shape, attributes: ["allowzero": .int(0)]), to: .bool, in: scope)
    let both = network.apply("And", in: scope, allowedQueries, keyMask)
    let pairs = sizes.shape([.batch, .inferred, .tokens, .tokens], in: scope, of: &network)
    return network.expand(both, to: pairs, rank: 4, in: scope)
  }
}

extension NetworkBuilder {
  /// Rows of a table.
  fileprivate mutating func embedding(
    _ indices: ValueID, _ module: String, rows: Int, size: Int, deviation: Double
  ) -> ValueID {
    let table = parameter("\(module).weight", shape: [rows, size], Distribution(deviation: deviation))
    return apply("Gather", in: scope(module), table, indices)
  }

  fileprivate mutating func cast(_ x: ValueID, to type: DataType, in scope: String) -> ValueID {
    apply("Cast", in: scope, x, attributes: ["to": .int(Int(type.rawValue))])
  }

  /// PyTorch's `expand`, in which -1 keeps a dimension: the exporter turns each -1 into the 1 that ONNX wants.
  fileprivate mutating func expand(_ x: ValueID, to shape: ValueID, rank: Int, in scope: String) -> ValueID {
    let ones = apply(
      "ConstantOfShape", in: scope, constant([rank], in: scope),
      attributes: ["value": .tensor(Tensor(shape: [1], [1 as Int64]))])
    let minusOnes = apply("Mul", in: scope, ones, constant(-1, in: scope))
    let isKept = apply("Equal", in: scope, shape, minusOnes)
    return apply("Expand", in: scope, x, apply("Where", in: scope, isKept, ones, shape))
  }
}
