import Graph
import Testing
import Zoo

@Suite struct ZooModelTests {
  @Test(arguments: ZooModel.allCases)
  func isFoundByItsName(model: ZooModel) throws {
    #expect(try ZooModel(named: model.name) == model)
    #expect(try ZooModel(named: String(model.name.map { $0 == "-" ? "_" : $0 })) == model)
    #expect(try ZooModel(named: String(model.name.map { $0 == "_" ? "-" : $0 })) == model)
  }

  @Test func unknownNameListsTheKnown() {
    #expect(throws: ZooError.unknownModel(name: "resnet51")) { try ZooModel(named: "resnet51") }
    #expect(
      ZooError.unknownModel(name: "resnet51").description
        == """
        no model of the zoo is named 'resnet51'; known are wide_resnet101_2, resnext101_64x4d, bert-base, roberta-base, \
        wide_resnet50_2, resnext50_32x4d, bert-small, roberta-tiny, resnet50, mobilenet_v2, tiny-cnn, tiny-encoder
        """)
  }

  @Test func teachersHaveSmallerStudentsOfTheirFamily() throws {
    let teachers = ZooModel.allCases.filter { $0.student != nil }
    #expect(teachers == [.wideResNet101_2, .resNeXt101_64x4d, .bertBase, .robertaBase])
    for teacher in teachers {
      let student = try #require(teacher.student)
      #expect(student.family == teacher.family && student.parameterCount < teacher.parameterCount)
      #expect(student.inputDescription == teacher.inputDescription)
      #expect(student.vocabularySize == teacher.vocabularySize)
    }
  }

  @Test(
    arguments: [
      (ZooModel.resNet50, "input float[1x3x224x224]"), (.mobileNetV2, "input float[1x3x224x224]"),
      (.tinyCNN, "input float[1x3x32x32]"), (.robertaTiny, "input_ids, attention_mask int64[1x128]"),
      (.tinyEncoder, "input_ids, attention_mask, token_type_ids int64[1x32]"),
    ])
  func describesItsInputs(model: ZooModel, description: String) throws {
    #expect(model.inputDescription == description)
    let graph = try model.build().graph
    let types = Set(graph.inputs.compactMap { graph[$0].type?.description })
    #expect(graph.inputs.map { graph[$0].name }.joined(separator: ", ") + " " + types.joined() == description)
  }

  @Test(
    arguments: [
      (ZooModel.tinyEncoder, Dimension.known(1), Dimension.known(65), "tokens", 65, "1 to 64"),
      (.robertaTiny, 1, 513, "tokens", 513, "1 to 512"), (.tinyEncoder, 1, 0, "tokens", 0, "1 to 64"),
      (.tinyCNN, 0, 1, "batch", 0, "1 to 2147483647"),
    ])
  func rejectsImpossibleSizes(
    model: ZooModel, batch: Dimension, tokens: Dimension, dimension: String, found: Int, expected: String
  ) {
    #expect(throws: ZooError.invalidSize(model: model, dimension: dimension, expected: expected, found: found)) {
      try model.build(batch: batch, tokens: tokens)
    }
  }

  /// The encoder's number is transformers' for its configuration; the CNN's was counted in PyTorch, built from torchvision's
  /// `Bottleneck` blocks.
  @Test(arguments: [ZooModel.tinyCNN, .tinyEncoder])
  func countsParametersOfTinyModels(model: ZooModel) throws {
    #expect(try model.build().metadata["parameters"] == "\(model.parameterCount)")
  }

  @Test(arguments: [ZooModel.resNet50, .mobileNetV2, .bertSmall, .robertaTiny, .tinyCNN, .tinyEncoder])
  func leavesSizesOpen(model: ZooModel) throws {
    let fixed = try model.build().graph
    let open = try model.build(batch: .symbol("batch"), tokens: .symbol("sequence")).graph
    try open.checkStructure()
    for input in open.inputs { #expect(open[input].type?.shape?.dimensions.first == .symbol("batch")) }
    // The same network: what was constant may be computed, by nodes of its own, and is called the same.
    let nodes = open.order.map { open[$0] }
    let own = nodes.filter { !$0.name.hasPrefix("/sizes/") }
    #expect(own.map(\.name) == fixed.order.map { fixed[$0].name })
    #expect(own.map(\.op) == fixed.order.map { fixed[$0].op })
    let inputNames = own.map { $0.inputs.map { $0.map { open[$0].name } } }
    #expect(inputNames == fixed.order.map { fixed[$0].inputs.map { $0.map { fixed[$0].name } } })
    #expect(nodes.count == own.count || model.family == .text)
  }
}
