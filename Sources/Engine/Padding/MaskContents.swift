import Graph

/// What a value holds that follows from the mask alone: one number wherever the mask is 1, another wherever it is 0.
struct MaskContents {
  /// The axis along which the mask lies.
  let axis: Int
  /// The number where the mask is 1, as a tensor of one element.
  let visible: Tensor
  /// The number where the mask is 0.
  let hidden: Tensor

  /// Follows a mask through a graph.
  ///
  /// - Returns: the contents of the mask, and of all values that it and uniform constants alone decide.
  static func follow(
    _ mask: ValueID, along axis: Int, flows: [(id: NodeID, flow: AxisFlow)], in graph: Graph
  ) -> [ValueID: MaskContents] {
    guard let type = graph[mask].type?.dataType, let one = Tensor(one: 1, of: type), let zero = Tensor(one: 0, of: type)
    else { return [:] }
    var contents = [mask: MaskContents(axis: axis, visible: one, hidden: zero)]
    for (id, flow) in flows {
      let node = graph[id]
      guard node.inputs.contains(where: { $0.map { contents[$0] != nil } ?? false }), node.outputs.count == 1,
        let output = node.outputs[0], let result = through(flow, contents)
      else { continue }
      contents[output] = result
    }
    return contents
  }

  private static func through(_ flow: AxisFlow, _ contents: [ValueID: MaskContents]) -> MaskContents? {
    let node = flow.node
    guard node.op.domain.isEmpty else { return nil }
    func outputAxis(_ input: Int, _ axis: Int) -> Int? {
      flow.carries.first { $0.input == input && $0.axis == axis }?.outputAxis
    }
    if flow.elements == .moved {
      guard let source = node.inputs[0].flatMap({ contents[$0] }), let axis = outputAxis(0, source.axis) else {
        return nil
      }
      return MaskContents(axis: axis, visible: source.visible, hidden: source.hidden)
    }
    guard flow.elements == .computedApart else { return nil }
    var axes: Set<Int?> = []
    var (visible, hidden): ([RuntimeValue?], [RuntimeValue?]) = ([], [])
    for (index, input) in node.inputs.enumerated() {
      guard let input else { return nil }
      if let source = contents[input] {
        axes.insert(outputAxis(index, source.axis))
        visible.append(.tensor(source.visible))
        hidden.append(.tensor(source.hidden))
      } else if let number = flow.graph[input].constant?.uniformElement {
        visible.append(.tensor(number))
        hidden.append(.tensor(number))
      } else {
        return nil
      }
    }
    guard axes.count == 1, case let axis?? = axes.first, let visible = evaluate(node, visible),
      let hidden = evaluate(node, hidden)
    else { return nil }
    return MaskContents(axis: axis, visible: visible, hidden: hidden)
  }

  private static func evaluate(_ node: Node, _ inputs: [RuntimeValue?]) -> Tensor? {
    do throws(GraphError) {
      let lowering = try LoweringRegistry.standard.lowering(for: node)
      let results = try lowering.evaluate(Evaluation(node: node, inputs: inputs))
      return results.first?.tensor.flatMap { $0.count == 1 ? $0.reshaped([1]) : nil }
    } catch {
      return nil  // what cannot be told is not followed
    }
  }
}

extension MaskContents {
  /// Up to this, a number that is added to a score leaves a share of exactly zero, whatever the scores: they would have to come
  /// within a tenth of the largest number.
  private static let leastHiddenScore: Float = -3e38

  /// Whether, added to the scores of attention, it leaves scores as they are where the mask is 1 and hides them where it is 0.
  var hidesScores: Bool {
    guard let visible = visible.elements(Float.self)?.first, let hidden = hidden.elements(Float.self)?.first else {
      return false
    }
    return visible == 0 && hidden <= Self.leastHiddenScore
  }
}

extension Tensor {
  /// A tensor of one element, 0 or 1, of a type that masks have; nil for others.
  init?(one number: Int, of type: DataType) {
    switch type {
    case .int64: self.init(shape: [1], [Int64(number)])
    case .int32: self.init(shape: [1], [Int32(number)])
    case .uint8: self.init(shape: [1], [UInt8(number)])
    case .float32: self.init(shape: [1], [Float(number)])
    case .bool: self.init(shape: [1], [Bool8(number != 0)])
    default: return nil
    }
  }

  /// The number that all elements are, bit for bit, as a tensor of one element.
  fileprivate var uniformElement: Tensor? {
    guard count > 0, dataType.bitWidth >= 8 else { return nil }
    let size = dataType.bitWidth / 8
    let element = withBytes { bytes -> [UInt8]? in
      for i in size..<max(size, bytes.count) where bytes[i] != bytes[i - size] { return nil }
      return (0..<size).map { bytes[$0] }
    }
    guard case let element?? = element else { return nil }
    return Tensor(dataType: dataType, shape: [1]) { bytes in
      for i in element.indices { bytes[i] = element[i] }
    }
  }
}
