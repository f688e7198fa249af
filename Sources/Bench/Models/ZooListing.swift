import Zoo

/// The models of the zoo: what `swiftinfer zoo list` prints.
public struct ZooListing: Encodable, Sendable {
  /// One model.
  public struct Entry: Encodable, Sendable {
    /// Its name.
    public let name: String
    /// Parameters as PyTorch counts them.
    public let parameters: Int
    /// Multiply-accumulate operations of one request.
    public let macs: Int
    /// Names, types and shapes of the inputs.
    public let inputs: String
    /// The distilled model that stands for it.
    public let student: String?
    /// What it is.
    public let summary: String
  }

  /// The models, subject models first.
  public let models: [Entry]

  /// Lists all.
  public init() {
    models = ZooModel.allCases.map { model in
      Entry(
        name: model.name, parameters: model.parameterCount, macs: model.multiplyAccumulates,
        inputs: model.inputDescription,
        student: model.student?.name, summary: model.summary)
    }
  }
}

extension ZooListing: CustomStringConvertible {
  /// A table.
  public var description: String {
    TextTable(
      ["name", "parameters", "MACs", "inputs", "student", "what it is"], alignedRight: [1, 2],
      rows: models.map {
        [$0.name, Figures.count($0.parameters), Figures.count($0.macs), $0.inputs, $0.student ?? "", $0.summary]
      }
    ).description
  }
}
