import Graph

extension Lowering {
  /// Networks that walk along a sequence with a state.
  static let recurrent: [Lowering] = [
    Lowering("RNN", real: RecurrentReference<RNNCell>.self),
    Lowering("GRU", real: RecurrentReference<GRUCell>.self),
    Lowering("LSTM", real: RecurrentReference<LSTMCell>.self),
  ]
}
