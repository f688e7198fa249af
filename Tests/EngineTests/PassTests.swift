import Engine
import TestSupport
import Testing

/// What the passes make of the spellings that exporters emit.
///
/// That the results stay the same is for `ReferenceCaseTests` to show, which runs each case with passes and without.
struct PassTests {
  private static func operations(of fixture: String, shapes: [String: [Int]] = [:]) throws -> [String] {
    let session = try Session(CompiledModel(contentsOf: Fixture.model(fixture)))
    return try session.plan(forShapes: shapes).operations
  }

  @Test(arguments: [
    "gelu_erf", "gelu_erf_half_first", "gelu_erf_half_last", "gelu_erf_reciprocal", "gelu_opset20", "gelu_tanh",
    "gelu_tanh_by_pow", "gelu_tanh_by_product",
  ])
  func geluIsOneStepInEverySpelling(fixture: String) throws {
    #expect(try Self.operations(of: fixture).filter { $0 != "FusedMatMul" } == ["Gelu"])
  }

  @Test(arguments: ["layernorm_opset11", "layernorm_opset13", "layernorm_opset17", "layernorm_dynamo"])
  func layerNormalizationIsOneStep(fixture: String) throws {
    #expect(try Self.operations(of: fixture) == ["LayerNormalization"])
  }

  @Test(arguments: [
    "attention_eager", "attention_eager_scaled_first", "attention_sdpa", "attention_sdpa_opset13",
    "attention_sdpa_dynamo",
    "attention_additive_mask", "attention_extended_mask", "bert_eager_opset13", "bert_eager_opset17",
    "bert_sdpa_opset14",
    "bert_sdpa_opset17", "bert_dynamo", "distilbert",
  ])
  func attentionIsOneStep(fixture: String) throws {
    let operations = try Self.operations(of: fixture)
    #expect(operations.contains("FusedAttention"))
    #expect(!operations.contains("Softmax"))
  }

  @Test(arguments: [
    "bert_eager_opset13", "bert_eager_opset17", "bert_sdpa_opset14", "bert_sdpa_opset17", "bert_dynamo", "distilbert",
  ])
  func projectionsOfAttentionAreOneStep(fixture: String) throws {
    let operations = try Self.operations(of: fixture)
    #expect(operations.count { $0 == "FusedProjections" } == operations.count { $0 == "FusedAttention" })
  }

  @Test(arguments: ["conv_residual_block", "conv_residual_block_opset11", "conv_residual_block_dynamo"])
  func residualBlocksAreConvolutionsOnly(fixture: String) throws {
    #expect(Set(try Self.operations(of: fixture)) == ["FusedConv"])
  }

  @Test func batchNormalizationsAreFolded() throws {
    #expect(!(try Self.operations(of: "conv_residual_block_with_batch_norms")).contains("BatchNormalization"))
  }

  @Test func shapeComputationsDisappear() throws {
    let left: Set = ["Shape", "Gather", "Concat", "Unsqueeze", "ConstantOfShape"]
    #expect(left.isDisjoint(with: try Self.operations(of: "shape_gather_concat_reshape", shapes: ["x": [2, 3, 4, 5]])))
  }

  @Test func aKnownConditionTakesItsBranch() throws {
    #expect(!(try Self.operations(of: "if_constant_condition")).contains("If"))
  }
}
