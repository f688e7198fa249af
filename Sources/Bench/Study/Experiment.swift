import Zoo

/// What is done to a model before it is deployed.
public enum DeploymentOperator: String, Codable, Sendable, CaseIterable {
  /// Nothing: FP32 as it is.
  case identity
  /// A smaller model of the same family, trained on the large one's outputs, takes its place.
  case distilled

  /// The name in tables.
  public var title: String {
    switch self {
    case .identity: "Identity"
    case .distilled: "Distilled"
    }
  }
}

/// One cell of the study: a model, and what stands for it.
public struct Experiment: Sendable, Equatable {
  /// The subject.
  public let model: ModelReference
  /// What was done to it.
  public let deploymentOperator: DeploymentOperator
  /// What runs.
  public let deployed: ModelReference

  /// The models that the study is about, and two that everybody knows.
  public static let standardModels: [ZooModel] = [
    .wideResNet101_2, .resNeXt101_64x4d, .bertBase, .robertaBase, .resNet50, .mobileNetV2,
  ]

  /// All cells of some models and operators; models without a student have no distilled one.
  public static func all(
    of models: [ModelReference], operators: [DeploymentOperator] = DeploymentOperator.allCases
  ) -> [Experiment] {
    models.flatMap { model in
      operators.compactMap { deploymentOperator in
        deployed(model, by: deploymentOperator).map {
          Experiment(model: model, deploymentOperator: deploymentOperator, deployed: $0)
        }
      }
    }
  }

  private static func deployed(
    _ model: ModelReference, by deploymentOperator: DeploymentOperator
  ) -> ModelReference? {
    switch (deploymentOperator, model) {
    case (.identity, _): model
    case (.distilled, .zoo(let teacher)): teacher.student.map(ModelReference.zoo)
    case (.distilled, .file): nil
    }
  }

  /// Such as `bert-base, Distilled`.
  public var title: String { "\(model.shortName), \(deploymentOperator.title)" }
}
