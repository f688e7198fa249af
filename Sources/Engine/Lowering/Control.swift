import Graph

extension Lowering {
  /// Operators that run graphs.
  static let control: [Lowering] = [
    Lowering("If") { node throws(GraphError) in
      guard let condition = try node.tensor(0).elements(Bool8.self)?.first else {
        throw node.invalid(0, expected: "one truth value", found: "\(try node.tensor(0))")
      }
      return try node.runSubgraph(condition.value ? "then_branch" : "else_branch", [])
    },
    Lowering("Loop", evaluate: loop),
    Lowering("Scan", evaluate: Scan.evaluate),
    Lowering("SequenceMap", evaluate: map),
  ]

  private static func loop(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let limit = try node.single(0)?.integers?.first ?? .max
    var goesOn = try node.single(1)?.elements(Bool8.self)?.first?.value ?? true
    var states = node.inputs.dropFirst(2).map { $0 ?? .none }
    let body = try node.context.graph("body").body
    let scanCount = body.outputs.count - 1 - states.count
    var scans = [[Tensor]](repeating: [], count: max(scanCount, 0))
    var iteration = 0
    while goesOn && iteration < limit {
      let counters: [RuntimeValue] = [
        .tensor(Tensor(scalar: Int64(iteration))), .tensor(Tensor(scalar: Bool8(goesOn))),
      ]
      let outputs = try node.runSubgraph("body", counters + states)
      guard outputs.count == 1 + states.count + scans.count, let condition = outputs[0].tensor else {
        throw node.bodyMismatch(outputs.count)
      }
      guard condition.count == 1, let next = condition.elements(Bool8.self)?.first else {
        throw node.invalid(1, expected: "one truth value from its body", found: "\(condition)")
      }
      goesOn = next.value
      states = Array(outputs[1..<1 + states.count])
      for place in scans.indices {
        guard let tensor = outputs[1 + states.count + place].tensor else { throw node.bodyMismatch(outputs.count) }
        scans[place].append(tensor)
      }
      iteration += 1
    }
    var results = states
    for (place, tensors) in scans.enumerated() {
      let declared = body[body.outputs[1 + states.count + place]].type
      results.append(
        .tensor(try node.stacked(tensors, axis: 0, declared: declared, output: states.count + place)))
    }
    return results
  }

  private static func map(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    guard case .sequence(let elements, _)? = node.inputs[0] else {
      throw .typeMismatch(node: node.context.name, input: "0", expected: "a sequence", found: "a tensor")
    }
    let body = try node.context.graph("body").body
    var results = [[Tensor]](repeating: [], count: body.outputs.count)
    for (index, element) in elements.enumerated() {
      var arguments: [RuntimeValue] = [.tensor(element)]
      for (place, input) in node.inputs.enumerated().dropFirst() {
        guard case .sequence(let others, _)? = input else {
          arguments.append(input ?? .none)
          continue
        }
        guard index < others.count else {
          throw node.invalid(place, expected: "\(elements.count) elements", found: "\(others.count)")
        }
        arguments.append(.tensor(others[index]))
      }
      for (place, output) in try node.runSubgraph("body", arguments).enumerated() {
        guard let tensor = output.tensor, place < results.count else { throw node.bodyMismatch(place) }
        results[place].append(tensor)
      }
    }
    return zip(results, body.outputs).map { tensors, output in
      .sequence(tensors, of: tensors.first?.dataType ?? body[output].type?.dataType ?? .float32)
    }
  }
}

extension Evaluation {
  /// An optional input of one element.
  fileprivate func single(_ index: Int) throws(GraphError) -> Tensor? {
    guard let tensor = try optionalTensor(index) else { return nil }
    guard tensor.count == 1 else { throw invalid(index, expected: "one element", found: "\(tensor)") }
    return tensor
  }

  func bodyMismatch(_ count: Int) -> GraphError {
    .invalidGraph(node: context.name, what: "its body gave \(count) outputs, or others than tensors where they must be")
  }

  /// Tensors of one shape along a new axis.
  ///
  /// - Parameters:
  ///   - declared: what the graph says of one of them, in case there are none.
  ///   - output: the output that they become, whose inferred element type goes before the declared one.
  func stacked(
    _ tensors: [Tensor], axis: Int, declared: ValueType?, output: Int = 0
  ) throws(GraphError) -> Tensor {
    guard let first = tensors.first else {
      var shape = declared?.shape?.dimensions.map { $0.size ?? 0 } ?? []
      shape.insert(0, at: min(max(axis < 0 ? axis + shape.count + 1 : axis, 0), shape.count))
      let inferred = outputTypes.indices.contains(output) ? outputTypes[output]?.dataType : nil
      return try .assembled(shape: shape, dataType: inferred ?? declared?.dataType ?? .float32, [])
    }
    for tensor in tensors where tensor.shape != first.shape || tensor.dataType != first.dataType {
      throw .shapeMismatch(node: context.name, input: "body", expected: "\(first) each time", found: "\(tensor)")
    }
    let place = try context.axis(axis, rank: first.shape.count + 1, attribute: "scan_output_axes")
    var shape = first.shape
    shape.insert(1, at: place)
    return try .concatenated(tensors.map { $0.reshaped(shape) }, axis: place, in: self)
  }
}

extension Tensor {
  /// The slice at an index of an axis, without that axis.
  func slice(_ index: Int, axis: Int) throws(GraphError) -> Tensor {
    var strides = StridedWalk.rowMajorStrides(shape)
    var rest = shape
    let offset = index * strides[axis]
    strides.remove(at: axis)
    rest.remove(at: axis)
    return try copied(StridedView(shape: rest, strides: strides, offset: offset))
  }
}
