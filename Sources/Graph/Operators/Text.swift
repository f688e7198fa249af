extension OperatorSchema {
  /// Functions of text.
  static let text: [OperatorSchema] = [
    OperatorSchema(
      "StringNormalizer", versions: [10], inputs: 1...1,
      attributes: ["case_change_action", "is_case_sensitive", "locale", "stopwords"]
    ) { context throws(GraphError) in
      _ = try context.dataType(0, in: [.string])
      guard let shape = try context.shape(0) else { return [.tensor(.string, nil)] }
      guard shape.rank == 1 || (shape.rank == 2 && shape[0].size ?? 1 == 1) else {
        throw .shapeMismatch(node: context.name, input: "0", expected: "C or 1xC", found: "\(shape)")
      }
      return [.tensor(.string, shape.rank == 1 ? [.unknown] : [1, .unknown])]
    },
    OperatorSchema("StringConcat", versions: [20], inputs: 2...2) { context throws(GraphError) in
      for index in 0...1 { _ = try context.dataType(index, in: [.string]) }
      return [.tensor(.string, try context.broadcastShape(of: 0...1))]
    },
    OperatorSchema(
      "StringSplit", versions: [20], inputs: 1...1, outputs: 1...2, attributes: ["delimiter", "maxsplit"]
    ) { context throws(GraphError) in
      _ = try context.dataType(0, in: [.string])
      let shape = try context.shape(0)
      return [.tensor(.string, shape.map { Shape($0.dimensions + [.unknown]) }), .tensor(.int64, shape)]
    },
    OperatorSchema("RegexFullMatch", versions: [20], inputs: 1...1, attributes: ["pattern"]) {
      context throws(GraphError) in
      _ = try context.dataType(0, in: [.string])
      return [.tensor(.bool, try context.shape(0))]
    },
    OperatorSchema(
      "TfIdfVectorizer", versions: [9], inputs: 1...1,
      attributes: [
        "max_gram_length", "max_skip_count", "min_gram_length", "mode", "ngram_counts", "ngram_indexes", "pool_int64s",
        "pool_strings", "weights",
      ]
    ) { context throws(GraphError) in
      _ = try context.dataType(0, in: [.string, .int32, .int64])
      let indexes = try context.ints("ngram_indexes") ?? []
      guard let greatest = indexes.max(), indexes.allSatisfy({ (0..<(1 << 32)).contains($0) }) else {
        throw .invalidAttribute(
          node: context.name, attribute: "ngram_indexes", expected: "places in the output", found: "\(indexes)")
      }
      guard let shape = try context.shape(0) else { return [.tensor(.float32, nil)] }
      return [.tensor(.float32, Shape(shape.dimensions.dropLast() + [.known(greatest + 1)]))]
    },
  ]
}
