extension OperatorSchema {
  /// Operators of the domain `ai.onnx.ml`.
  static let classicalLearning: [OperatorSchema] = [
    OperatorSchema(
      "LabelEncoder", domain: "ai.onnx.ml", versions: [2, 4], inputs: 1...1,
      attributes: [
        "default_float", "default_int64", "default_string", "default_tensor", "keys_floats", "keys_int64s",
        "keys_strings", "keys_tensor", "values_floats", "values_int64s", "values_strings", "values_tensor",
      ]
    ) { context throws(GraphError) in
      let keys = try context.labels("keys")
      let found = try context.dataType(0)
      guard found == keys.dataType else {
        throw .typeMismatch(node: context.name, input: "0", expected: "\(keys.dataType)", found: "\(found)")
      }
      return [.tensor(try context.labels("values").dataType, try context.shape(0))]
    },
    OperatorSchema("ArrayFeatureExtractor", domain: "ai.onnx.ml", versions: [1], inputs: 2...2) {
      context throws(GraphError) in
      let type = try context.dataType(0)
      _ = try context.dataType(1, in: [.int64])
      let count = try context.shape(1)?.count
      guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
      let leading = shape.rank == 1 ? [1] : Array(shape.dimensions.dropLast())
      return [.tensor(type, Shape(leading + [count.map(Dimension.known) ?? .unknown]))]
    },
    OperatorSchema("Binarizer", domain: "ai.onnx.ml", versions: [1], inputs: 1...1, attributes: ["threshold"]) {
      context throws(GraphError) in try context.sameAsInput(in: .numbers)
    },
    OperatorSchema(
      "TreeEnsemble", domain: "ai.onnx.ml", versions: [5], inputs: 1...1,
      attributes: [
        "aggregate_function", "leaf_targetids", "leaf_weights", "membership_values", "n_targets", "nodes_falseleafs",
        "nodes_falsenodeids", "nodes_featureids", "nodes_hitrates", "nodes_missing_value_tracks_true", "nodes_modes",
        "nodes_splits", "nodes_trueleafs", "nodes_truenodeids", "post_transform", "tree_roots",
      ]
    ) { context throws(GraphError) in
      let type = try context.dataType(0, in: [.float32, .float64, .float16])
      let rows = try context.shape(0, rank: 2)?[0] ?? .unknown
      let targets = try context.int("n_targets", default: 1)
      guard targets >= 1 else {
        throw .invalidAttribute(node: context.name, attribute: "n_targets", expected: "1 or more", found: "\(targets)")
      }
      return [.tensor(type, Shape([rows, .known(targets)]))]
    },
  ]
}

extension NodeContext {
  /// The keys or values of a `LabelEncoder`, whichever attribute holds them.
  package func labels(_ prefix: String) throws(GraphError) -> Tensor {
    if let tensor = try tensor("\(prefix)_tensor") { return tensor.reshaped([tensor.count]) }
    if let strings = try strings("\(prefix)_strings") { return Tensor(shape: [strings.count], strings: strings) }
    if let integers = try ints("\(prefix)_int64s") { return Tensor(shape: [integers.count], integers.map(Int64.init)) }
    if let floats = try floats("\(prefix)_floats") { return Tensor(shape: [floats.count], floats) }
    throw .invalidAttribute(node: name, attribute: "\(prefix)_tensor", expected: "labels", found: "nothing")
  }
}
