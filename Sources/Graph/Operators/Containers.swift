extension OperatorSchema {
  /// Sequences and optional values.
  static let containers: [OperatorSchema] = [
    OperatorSchema("SequenceConstruct", versions: [11], inputs: 1...Int.max) { context throws(GraphError) in
      for index in 1..<max(context.inputCount, 1) { try context.requireSameType(index) }
      return [.sequence(.tensor(try context.dataType(0), nil))]
    },
    OperatorSchema("SequenceEmpty", versions: [11], inputs: 0...0, attributes: ["dtype"]) {
      context throws(GraphError) in
      [.sequence(.tensor(try context.dataType("dtype", default: .float32), nil))]
    },
    OperatorSchema("SequenceAt", versions: [11], inputs: 2...2) { context throws(GraphError) in
      _ = try context.dataType(1, in: .indices)
      return [try context.sequenceElement(0)]
    },
    OperatorSchema("SequenceErase", versions: [11], inputs: 1...2) { context throws(GraphError) in
      [.sequence(try context.sequenceElement(0))]
    },
    OperatorSchema("SequenceInsert", versions: [11], inputs: 2...3) { context throws(GraphError) in
      let (element, inserted) = (try context.sequenceElement(0), try context.dataType(1))
      guard element.dataType == inserted else {
        throw .typeMismatch(node: context.name, input: "1", expected: "\(element)", found: "\(inserted)")
      }
      return [.sequence(.tensor(inserted, nil))]
    },
    OperatorSchema("SequenceLength", versions: [11], inputs: 1...1) { context throws(GraphError) in
      _ = try context.sequenceElement(0)
      return [.tensor(.int64, [])]
    },
    OperatorSchema("SplitToSequence", versions: [11, 24], inputs: 1...2, attributes: ["axis", "keepdims"]) {
      context throws(GraphError) in
      if context.hasInput(1) { _ = try context.dataType(1, in: .indices) }
      return [.sequence(.tensor(try context.dataType(0), nil))]
    },
    OperatorSchema("ConcatFromSequence", versions: [11], inputs: 1...1, attributes: ["axis", "new_axis"]) {
      context throws(GraphError) in
      guard let type = try context.sequenceElement(0).dataType else {
        throw .typeMismatch(node: context.name, input: "0", expected: "a sequence of tensors", found: "others")
      }
      return [.tensor(type, nil)]
    },
    OperatorSchema("Optional", versions: [15, 28], inputs: 0...1, attributes: ["type"]) {
      context throws(GraphError) in
      if context.hasInput(0) { return [.optional(try context.type(0))] }
      guard case .type(let type)? = context.node.attributes["type"] else {
        throw .invalidAttribute(node: context.name, attribute: "type", expected: "a type", found: "nothing")
      }
      return [.optional(type)]
    },
    OperatorSchema("OptionalHasElement", versions: [15, 18, 28], inputs: 0...1) { _ throws(GraphError) in
      [.tensor(.bool, [])]
    },
    OperatorSchema("OptionalGetElement", versions: [15, 18, 28], inputs: 1...1) { context throws(GraphError) in
      let type = try context.type(0)
      if case .optional(let element) = type { return [element] }
      return [type]
    },
  ]
}

extension NodeContext {
  /// The type of the elements of an input that must be a sequence.
  fileprivate func sequenceElement(_ index: Int) throws(GraphError) -> ValueType {
    let type = try type(index)
    guard case .sequence(let element) = type else {
      throw .typeMismatch(node: name, input: "\(index)", expected: "a sequence", found: "\(type)")
    }
    return element
  }
}
