import Graph

/// A model of the zoo: an exact architecture with seeded weights, built without any file.
///
///     let model = try ZooModel(named: "resnet50").build()
///     model.graph.outputNames          // ["output"]
///     ZooModel.wideResNet101_2.student // .wideResNet50_2
///
/// Graphs are those that PyTorch's TorchScript exporter writes (opset 17, evaluation mode): the same nodes in the same
/// order, and the same names of nodes, values and weights, so that a cut such as `/layer3/layer3.16/Add_output_0` is the tensor
/// that the literature means. Batch normalization is folded into convolutions, as in those files. One thing differs: what the
/// files compute by `Constant` nodes are constants of the graph, under the same names.
///
/// Weights are drawn, not trained (`SeededWeights`), with deviations that keep activations of order one and let residual
/// branches end small: a change of 1e-6 in the input stays near 1e-6 at the output, so two correct engines agree, while the
/// outputs differ by class.
public enum ZooModel: String, CaseIterable, Sendable {
  /// Wide ResNet-101-2.
  case wideResNet101_2 = "wide_resnet101_2"
  /// ResNeXt-101, 64 groups of 4 channels.
  case resNeXt101_64x4d = "resnext101_64x4d"
  /// BERT-base: 12 layers of 768.
  case bertBase = "bert-base"
  /// RoBERTa-base: 12 layers of 768.
  case robertaBase = "roberta-base"
  /// Wide ResNet-50-2, the student of `wideResNet101_2`.
  case wideResNet50_2 = "wide_resnet50_2"
  /// ResNeXt-50, 32 groups of 4 channels, the student of `resNeXt101_64x4d`.
  case resNeXt50_32x4d = "resnext50_32x4d"
  /// BERT-small: 4 layers of 512, the student of `bertBase`.
  case bertSmall = "bert-small"
  /// RoBERTa-tiny: 4 layers of 512, the student of `robertaBase`.
  case robertaTiny = "roberta-tiny"
  /// ResNet-50.
  case resNet50 = "resnet50"
  /// MobileNetV2 at width 1.
  case mobileNetV2 = "mobilenet_v2"
  /// A residual network of two blocks, for tests.
  case tinyCNN = "tiny-cnn"
  /// A BERT encoder of two layers of 64, for tests.
  case tinyEncoder = "tiny-encoder"

  /// What a model reads.
  public enum Family: String, Sendable {
    /// An image, [batch x 3 x height x width], and gives a score for each class.
    case image
    /// Tokens, [batch x tokens], and gives a score for each label.
    case text
  }

  /// The model of a name, in which `-` and `_` are the same.
  ///
  /// - Throws: `ZooError.unknownModel`, which lists the known ones.
  public init(named name: String) throws(ZooError) {
    func plain(_ name: String) -> String { String(name.map { $0 == "-" ? "_" : $0 }) }
    guard let model = Self.allCases.first(where: { plain($0.name) == plain(name) }) else {
      throw .unknownModel(name: name)
    }
    self = model
  }

  /// Its name, such as `resnet50` or `bert-base`.
  public var name: String { rawValue }

  /// The distilled model that stands for a large one.
  public var student: ZooModel? {
    switch self {
    case .wideResNet101_2: .wideResNet50_2
    case .resNeXt101_64x4d: .resNeXt50_32x4d
    case .bertBase: .bertSmall
    case .robertaBase: .robertaTiny
    default: nil
    }
  }

  /// What it reads.
  public var family: Family { architecture is TransformerEncoder ? .text : .image }

  /// Parameters as PyTorch counts them, with the scale and the shift of each batch normalization: torchvision's and
  /// transformers' (its sequence classifiers), where those have the model.
  public var parameterCount: Int {
    switch self {
    case .wideResNet101_2: 126_886_696
    case .resNeXt101_64x4d: 83_455_272
    case .bertBase: 109_483_778
    case .robertaBase: 124_647_170
    case .wideResNet50_2: 68_883_240
    case .resNeXt50_32x4d: 25_028_904
    case .bertSmall: 28_764_674
    case .robertaTiny: 38_873_602
    case .resNet50: 25_557_032
    case .mobileNetV2: 3_504_872
    case .tinyCNN: 24_154
    case .tinyEncoder: 172_610
    }
  }

  /// Multiply-accumulate operations of one request with the inputs that are built by default.
  public var multiplyAccumulates: Int {
    switch self {
    case .wideResNet101_2: 22_753_050_624
    case .resNeXt101_64x4d: 15_460_270_080
    case .bertBase: 11_174_217_216
    case .robertaBase: 11_174_217_216
    case .wideResNet50_2: 11_398_021_120
    case .resNeXt50_32x4d: 4_230_479_872
    case .bertSmall: 1_677_984_768
    case .robertaTiny: 1_677_984_768
    case .resNet50: 4_089_184_256
    case .mobileNetV2: 300_774_272
    case .tinyCNN: 1_152_256
    case .tinyEncoder: 3_412_096
    }
  }

  /// One line on what it is.
  public var summary: String {
    switch self {
    case .wideResNet101_2: "Wide ResNet-101-2, 1000 image classes"
    case .resNeXt101_64x4d: "ResNeXt-101 64x4d, 1000 image classes"
    case .bertBase: "BERT-base (12 layers of 768), 2 labels"
    case .robertaBase: "RoBERTa-base (12 layers of 768), 2 labels"
    case .wideResNet50_2: "Wide ResNet-50-2, 1000 image classes"
    case .resNeXt50_32x4d: "ResNeXt-50 32x4d, 1000 image classes"
    case .bertSmall: "BERT-small (4 layers of 512), 2 labels"
    case .robertaTiny: "RoBERTa-tiny (4 layers of 512), 2 labels"
    case .resNet50: "ResNet-50, 1000 image classes"
    case .mobileNetV2: "MobileNetV2, 1000 image classes"
    case .tinyCNN: "a residual network for tests (2 blocks), 10 image classes"
    case .tinyEncoder: "a BERT encoder for tests (2 layers of 64), 2 labels"
    }
  }

  var architecture: any Architecture {
    switch self {
    case .wideResNet101_2: ResNet(blocks: [3, 4, 23, 3], widthPerGroup: 128)
    case .resNeXt101_64x4d: ResNet(blocks: [3, 4, 23, 3], groups: 64, widthPerGroup: 4)
    case .bertBase: TransformerEncoder(.bert)
    case .robertaBase: TransformerEncoder(.roberta)
    case .wideResNet50_2: ResNet(blocks: [3, 4, 6, 3], widthPerGroup: 128)
    case .resNeXt50_32x4d: ResNet(blocks: [3, 4, 6, 3], groups: 32, widthPerGroup: 4)
    case .bertSmall: TransformerEncoder(.bert, layers: 4, hidden: 512, heads: 8)
    case .robertaTiny: TransformerEncoder(.roberta, layers: 4, hidden: 512, heads: 8)
    case .resNet50: ResNet(blocks: [3, 4, 6, 3])
    case .mobileNetV2: MobileNetV2()
    case .tinyCNN: ResNet(blocks: [1, 1], groups: 4, widthPerGroup: 16, stem: 16, imageSize: 32, classes: 10)
    case .tinyEncoder:
      TransformerEncoder(.bert, layers: 2, hidden: 64, heads: 4, vocabulary: 1000, positions: 64, tokens: 32)
    }
  }
}
