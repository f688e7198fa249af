import Foundation
import Graph
import Testing
import Zoo

/// A file that PyTorch exported, as `models/fingerprints.py` describes it.
struct ExportedModel: Sendable, CustomTestStringConvertible {
  let model: ZooModel
  let nodes: Int
  let fingerprint: UInt64
  /// As PyTorch counts them: `sum(p.numel() for p in model.parameters())`.
  let parameters: Int

  var testDescription: String { model.name }

  /// From torch 2.13.0, torchvision 0.28.0, transformers 5.23.0 and `models/export.py`.
  static let all = [
    ExportedModel(
      model: .wideResNet101_2, nodes: 241, fingerprint: 0xBAD2_10A3_3338_E8B5, parameters: 126_886_696),
    ExportedModel(
      model: .resNeXt101_64x4d, nodes: 241, fingerprint: 0x71FE_881D_33F0_FE24, parameters: 83_455_272),
    ExportedModel(model: .bertBase, nodes: 500, fingerprint: 0x4DA1_D220_8C0B_E654, parameters: 109_483_778),
    ExportedModel(model: .robertaBase, nodes: 518, fingerprint: 0xE341_B44C_234C_C7DF, parameters: 124_647_170),
    ExportedModel(model: .wideResNet50_2, nodes: 122, fingerprint: 0x9872_D2C9_B246_ED0D, parameters: 68_883_240),
    ExportedModel(model: .resNeXt50_32x4d, nodes: 122, fingerprint: 0xF67E_7400_358E_581E, parameters: 25_028_904),
    ExportedModel(model: .bertSmall, nodes: 188, fingerprint: 0x2781_5093_21D4_9872, parameters: 28_764_674),
    ExportedModel(model: .robertaTiny, nodes: 206, fingerprint: 0xF76B_FA77_78A3_0B25, parameters: 38_873_602),
    ExportedModel(model: .resNet50, nodes: 122, fingerprint: 0xDB48_3E7F_FE52_60F9, parameters: 25_557_032),
    ExportedModel(model: .mobileNetV2, nodes: 100, fingerprint: 0xC2AB_880B_F853_246C, parameters: 3_504_872),
  ]
}

/// Nodes, attributes, names, inputs, outputs, shapes of parameters and contents of all other constants are those of the
/// exported file, and so is the number of parameters.
@Test(arguments: ExportedModel.all)
func equalsExport(_ export: ExportedModel) throws {
  let model = try export.model.build()
  try model.graph.checkStructure()
  #expect(model.graph.order.count == export.nodes)
  let text = GraphText.describe(model)
  if GraphText.fingerprint(text) != export.fingerprint {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(export.model.name).txt")
    try text.write(to: file, atomically: true, encoding: .utf8)
    Issue.record("differs from the export: diff \(file.path) with `models/fingerprints.py --text`")
  }
  #expect(model.metadata["parameters"] == "\(export.parameters)")
  #expect(export.model.parameterCount == export.parameters)
  #expect(parameterCount(of: model) == export.parameters)
}

/// Parameters counted in the graph alone: each bias of a convolution was a scale and a shift.
private func parameterCount(of model: Model) -> Int {
  let graph = model.graph
  let parameters = graph.valueIDs.compactMap { graph[$0].constant }.filter { $0.dataType == .float32 && $0.count > 1 }
  let foldedBiases = graph.order.map { graph[$0] }.filter { $0.op.name == "Conv" }
    .compactMap { node in node.inputs[2].flatMap { graph[$0].constant?.count } }
  return (parameters.map(\.count) + foldedBiases).reduce(0, +)
}

/// Where the literature cuts the image models.
@Test(arguments: [ZooModel.wideResNet101_2, .resNeXt101_64x4d])
func hasCutOfLiterature(model: ZooModel) throws {
  let graph = try model.build().graph
  let cut = try #require(graph.valueIDs.first { graph[$0].name == "/layer3/layer3.16/Add_output_0" })
  let writer = try #require(graph.producer(of: cut))
  #expect(graph[writer].op.name == "Add")
}

/// Where it cuts the text models: hidden states and attention mask cross, and nothing else.
@Test(arguments: [ZooModel.bertSmall, .robertaTiny, .tinyEncoder])
func onlyVectorsAndMaskCrossBehindEmbeddings(model: ZooModel) throws {
  let graph = try model.build().graph
  let isBehind = { (node: Node) in
    node.name.contains("/encoder/") || node.name.contains("/classifier/") || node.name.contains("/pooler/")
  }
  let crossing = graph.valueIDs.filter { value in
    graph.producer(of: value).map { !isBehind(graph[$0]) } == true
      && graph.consumers(of: value).contains { isBehind(graph[$0]) }
  }
  #expect(
    Set(crossing.map { graph[$0].name.split(separator: "/").suffix(2).joined(separator: "/") })
      == [
        "LayerNorm/LayerNormalization_output_0",
        model == .robertaTiny ? "roberta/Expand_output_0" : "bert/Expand_output_0",
      ])
}
