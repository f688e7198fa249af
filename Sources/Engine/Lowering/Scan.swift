import Graph

/// Runs a graph on each slice of its inputs, handing states on from one run to the next.
enum Scan {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let layout = try node.context.scanLayout()
    var (states, inputs) = ([RuntimeValue](), [Tensor]())
    for index in 0..<layout.stateCount { states.append(node.inputs[layout.firstInput + index] ?? .none) }
    for index in 0..<layout.scanCount {
      inputs.append(try node.tensor(layout.firstInput + layout.stateCount + index))
    }
    guard layout.isBatched else {
      return try run(node, layout, states, inputs, count: nil).enumerated().map { place, result in result }
    }
    return try batched(node, layout, states, inputs)
  }

  /// Version 8: all inputs have a batch dimension, and each sequence of the batch its own length.
  private static func batched(
    _ node: Evaluation, _ layout: ScanLayout, _ states: [RuntimeValue], _ inputs: [Tensor]
  ) throws(GraphError) -> [RuntimeValue] {
    guard let batch = inputs[0].shape.first, inputs.allSatisfy({ $0.shape.count >= 2 && $0.shape[0] == batch }),
      states.allSatisfy({ $0.tensor?.shape.first == batch })
    else {
      throw .shapeMismatch(node: node.context.name, input: "1", expected: "one batch size", found: "\(inputs)")
    }
    let length = inputs[0].shape[1]
    let lengths = try node.optionalTensor(0)?.integers ?? [Int](repeating: length, count: batch)
    guard lengths.count == batch, lengths.allSatisfy({ (0...length).contains($0) }) else {
      throw node.invalid(0, expected: "\(batch) lengths of at most \(length)", found: "\(lengths)")
    }
    var results: [[Tensor]] = []
    for index in 0..<batch {
      var ownStates: [RuntimeValue] = []
      for state in states {
        ownStates.append(
          try state.tensor.map { tensor throws(GraphError) in .tensor(try tensor.slice(index, axis: 0)) } ?? .none)
      }
      var ownInputs: [Tensor] = []
      for input in inputs { ownInputs.append(try input.slice(index, axis: 0)) }
      let outputs = try run(node, layout, ownStates, ownInputs, count: lengths[index])
      var tensors: [Tensor] = []
      for (place, output) in outputs.enumerated() {
        guard let tensor = output.tensor else { throw node.bodyMismatch(outputs.count) }
        tensors.append(place < layout.stateCount ? tensor : try padded(tensor, to: length))
      }
      results.append(tensors)
    }
    var stacked: [RuntimeValue] = []
    for place in (results.first ?? []).indices {
      stacked.append(.tensor(try node.stacked(results.map { $0[place] }, axis: 0, declared: nil, output: place)))
    }
    return stacked
  }

  private static func padded(_ tensor: Tensor, to length: Int) throws(GraphError) -> Tensor {
    guard tensor.shape[0] < length else { return tensor }
    let shape = [length] + tensor.shape.dropFirst()
    let strides = StridedWalk.rowMajorStrides(shape)
    let view = StridedView(shape: tensor.shape, strides: strides)
    return try .assembled(shape: shape, dataType: tensor.dataType, [(tensor, view, view)])
  }

  private static func run(
    _ node: Evaluation, _ layout: ScanLayout, _ states: [RuntimeValue], _ inputs: [Tensor], count: Int?
  ) throws(GraphError) -> [RuntimeValue] {
    var states = states
    var axes: [Int] = []
    for (place, input) in inputs.enumerated() {
      let axis = layout.isBatched ? 0 : layout.inputAxis(place)
      axes.append(try node.context.axis(axis, rank: input.shape.count, attribute: "scan_input_axes"))
    }
    let length = count ?? inputs[0].shape[axes[0]]
    for (input, axis) in zip(inputs, axes)
    where input.shape[axis] < length || (count == nil && input.shape[axis] != length) {
      throw .shapeMismatch(
        node: node.context.name, input: "scan", expected: "\(length) slices along axis \(axis)", found: "\(input)")
    }
    let body = try node.context.graph("body").body
    guard body.outputs.count >= states.count else { throw node.bodyMismatch(body.outputs.count) }
    var scans = [[Tensor]](repeating: [], count: body.outputs.count - states.count)
    for step in 0..<length {
      var slices: [RuntimeValue] = []
      for (place, input) in inputs.enumerated() {
        let index = layout.isReversed(input: place) ? length - 1 - step : step
        slices.append(.tensor(try input.slice(index, axis: axes[place])))
      }
      let outputs = try node.runSubgraph("body", states + slices)
      guard outputs.count == states.count + scans.count else { throw node.bodyMismatch(outputs.count) }
      for place in scans.indices {
        guard let tensor = outputs[states.count + place].tensor else { throw node.bodyMismatch(outputs.count) }
        scans[place].append(tensor)
      }
      states = Array(outputs.prefix(states.count))
    }
    var results = states
    for (place, tensors) in scans.enumerated() {
      let ordered = layout.isReversed(output: place) ? tensors.reversed() : tensors
      let declared = body[body.outputs[states.count + place]].type
      results.append(
        .tensor(
          try node.stacked(
            ordered, axis: layout.outputAxis(place), declared: declared, output: states.count + place)))
    }
    return results
  }
}
