import KernelTemplates

extension Convolution.Algorithm {
  /// Whether it sums the products as the definition does, so that whole numbers stay exact.
  public var isDirectSum: Bool {
    switch self {
    case .positionsInLanes, .channelsInLanes, .direct: true
    case .winograd2, .winograd4, .strassen: false
    }
  }

  /// Whether it computes convolutions of these sizes by a table's kernels.
  public func supports(_ shape: ConvolutionShape, table: KernelTable) -> Bool {
    guard !isDirectSum else { return true }
    if self == .strassen { return Strassen.supports(shape, table: table) }
    let isPlane = shape.input.depth == 1 && shape.output.depth == 1 && shape.kernel.depth == 1
    return isPlane && (shape.kernel.height, shape.kernel.width) == (3, 3)
      && (shape.stride.height, shape.stride.width) == (1, 1)
      && (shape.dilation.height, shape.dilation.width) == (1, 1) && shape.padsBegin.width <= 4
      && shape.groupInputChannels > 0 && shape.groupOutputChannels > 0 && shape.output.product > 0
      // The tiles of one row of them must have a size.
      && shape.groupInputChannels.multipliedSaturated(by: shape.output.width) < 1 << 48
  }
}

extension Convolution {
  /// Grows with each change of the kernels after which measured times no longer hold.
  public static let timingVersion = 8

  /// The algorithms that could be the fastest for a shape: those worth measuring.
  ///
  /// - Parameters:
  ///   - shape: sizes.
  ///   - allowed: algorithms to choose from.
  ///   - table: the kernels.
  public static func candidates(
    _ shape: ConvolutionShape, among allowed: [Algorithm], table: KernelTable
  ) -> [Algorithm] {
    allowed.filter { algorithm in
      guard algorithm.supports(shape, table: table) else { return false }
      // A group is one thread's and few channels at a time: many groups or nothing, and few channels.
      if algorithm == .direct { return shape.groups > 1 && shape.groupOutputChannels <= 32 }
      // The least that the additions cost is an eighth of the products of so many channels.
      if algorithm == .strassen && min(shape.reduction, shape.outputChannels) < 64 { return false }
      // Products of single channels leave the other lanes or rows idle.
      return shape.groupOutputChannels > 1 || shape.groups == 1
    }
  }

  /// The algorithm that should be fastest, by arithmetic alone.
  ///
  /// - Parameters:
  ///   - shape: sizes.
  ///   - allowed: algorithms to choose from; one that sums directly must be among them.
  ///   - table: the kernels.
  public static func choice(_ shape: ConvolutionShape, among allowed: [Algorithm], table: KernelTable) -> Algorithm {
    var best = directChoice(shape, table: table)
    var least = directCost(shape, best, table: table)
    for (algorithm, outputs) in [(Algorithm.winograd4, 4), (.winograd2, 2)]
    where allowed.contains(algorithm) && algorithm.supports(shape, table: table) {
      let cost = winogradCost(shape, outputs: outputs, table: table)
      if cost < least { (best, least) = (algorithm, cost) }
    }
    if allowed.contains(.strassen), Algorithm.strassen.supports(shape, table: table),
      strassenCost(shape, table: table) < least
    {
      best = .strassen
    }
    return best
  }

  /// Narrow groups go direct.
  ///
  /// Otherwise the axis that leaves fewer lanes idle lies in lanes; in doubt the positions, whose sums need no transposition,
  /// but the channels if the weights come from beyond the second-level cache: as B they are fetched ahead.
  private static func directChoice(_ shape: ConvolutionShape, table: KernelTable) -> Algorithm {
    func used(_ count: Int) -> Double { Double(count) / Double(max(1, count.roundedUp(to: table.lanes))) }
    // Up to 32 channels packing costs more than it saves; up to 16 where strides keep vectors within rows, or 4 in short rows.
    let strided = used(shape.output.width) > 0.6 ? 16 : 4
    let narrowest = shape.stride.width == 1 ? 32 : strided
    if shape.groups > 1 && shape.groupOutputChannels <= narrowest { return .direct }
    let weightBytes = shape.groupOutputChannels.multipliedSaturated(by: shape.reduction).multipliedSaturated(by: 4)
    let gain = weightBytes >= CacheSizes.current.l2 && shape.output.product <= 256 ? -0.03 : 0.03
    return used(shape.groupOutputChannels) > used(shape.output.product) + gain ? .channelsInLanes : .positionsInLanes
  }

  /// Time of a direct sum in vector multiply-adds.
  private static func directCost(_ shape: ConvolutionShape, _ algorithm: Algorithm, table: KernelTable) -> Double {
    func vectors(_ count: Int) -> Int { (count + table.lanes - 1) / table.lanes }
    let (output, channels) = (shape.output, shape.groupOutputChannels)
    let (products, share) =
      switch algorithm {
      case .direct: (channels * vectors(output.product), 0.8)
      case .positionsInLanes: (channels * vectors(output.product), 0.88)
      default: (output.product * vectors(channels), 0.88)
      }
    return Double(shape.batch * shape.groups) * Double(shape.reduction) * Double(products) / share
  }

  /// Time of Winograd's algorithm in vector multiply-adds.
  ///
  /// The products run at 85 % of the peak, those of narrow groups at less; a vector of filters, of input tiles and of output
  /// tiles costs as many instructions as stand here.
  private static func winogradCost(_ shape: ConvolutionShape, outputs: Int, table: KernelTable) -> Double {
    let (inputs, channels) = (Double(shape.groupInputChannels), Double(shape.groupOutputChannels))
    let width = (shape.output.width + outputs - 1) / outputs * outputs
    let rows = (shape.output.height + outputs - 1) / outputs
    let tiles = WinogradTiles(products: outputs + 2, tileRows: rows, width: width, lanes: table.lanes)
    let vectors = Double(tiles.vectors)
    let (filter, input, output) = outputs == 4 ? (110.0, 520.0, 350.0) : (55.0, 150.0, 110.0)
    let share = shape.groups > 1 && shape.groupOutputChannels <= 32 ? 0.4 : 0.85
    let products = Double(tiles.components) * inputs * channels * vectors / share
    let blocks = Double(Winograd.blocks(tileRows: rows, tilesPerRow: width / outputs))
    let transforms =
      blocks * inputs * channels / Double(table.lanes) * filter + vectors * (inputs * input + channels * output)
    return Double(shape.batch * shape.groups) * (products + transforms)
  }

  /// Time of Strassen's algorithm in vector multiply-adds.
  ///
  /// The products run at 92 % of the peak; besides, a vector of a quarter of the input costs 90 to combine, a vector of output
  /// 40 to store and a vector of weights 2 to be brought from memory for each block of positions (the least loss over the subject
  /// models' layers on Zen 5, 0.2 %; Zen 4, whose products take twice the time, was nearer to 64, 20 and 5).
  private static func strassenCost(_ shape: ConvolutionShape, table: KernelTable) -> Double {
    let lanes = Double(table.lanes)
    let (positions, depth) = (Double((shape.output.product + 1) / 2), Double(shape.reduction / 2))
    let channels = Double(shape.outputChannels / 2)
    let weights = 7 * depth * channels / lanes
    let transforms = positions * depth / lanes * 90 + 4 * positions * channels / lanes * 40
    let blocks = StrassenProduct.blocks(
      rows: (shape.output.product + 1) / 2, depth: shape.reduction / 2, table: table)
    let fetches = 2 * weights * Double(blocks)
    return Double(shape.batch) * (weights * positions / 0.92 + transforms + fetches)
  }
}
