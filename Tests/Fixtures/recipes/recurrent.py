"""Recurrent layers: as PyTorch exports them, and with what only ONNX has."""

import numpy as np
from torch import nn

from .fixture import Function, exported, graph, normal


def outputs_of(layer: nn.Module):
    def flat(*values):
        found = layer(values[0], *values[1:])
        hidden = found[1] if isinstance(found[1], tuple) else (found[1],)
        return (found[0], *hidden)

    module = Function(flat)
    module.layer = layer
    return module


exported("lstm", lambda: outputs_of(nn.LSTM(5, 6)), (4, 2, 5))
exported("lstm_batch_first_two_layers", lambda: outputs_of(nn.LSTM(5, 6, 2, batch_first=True)), (2, 4, 5))
exported("lstm_bidirectional", lambda: outputs_of(nn.LSTM(5, 4, bidirectional=True)), (4, 2, 5))
exported(
    "lstm_dynamic",
    lambda: outputs_of(nn.LSTM(5, 6, batch_first=True)),
    (2, 4, 5),
    dynamic={0: {0: "batch", 1: "time"}},
    more=[[(1, 7, 5)]],
)
exported("gru", lambda: outputs_of(nn.GRU(5, 6)), (4, 2, 5))
exported("gru_bidirectional", lambda: outputs_of(nn.GRU(5, 4, 2, bidirectional=True)), (4, 2, 5))
exported("rnn_tanh", lambda: outputs_of(nn.RNN(5, 6)), (4, 2, 5))
exported("rnn_relu_reverse", lambda: outputs_of(nn.RNN(5, 4, bidirectional=True, nonlinearity="relu")), (4, 2, 5))
graph(
    "lstm_peepholes_lengths_states",
    """g (float[5,3,4] x, int32[3] lengths, float[1,3,6] h, float[1,3,6] c)
         => (float[5,1,3,6] y, float[1,3,6] yh, float[1,3,6] yc) {
         y, yh, yc = LSTM <hidden_size=6, clip=2.5> (x, w, r, b, lengths, h, c, p)
       }""",
    lambda random: [(5, 3, 4), np.array([5, 2, 4], np.int32), (1, 3, 6), (1, 3, 6)],
    weights=lambda random: {
        "w": normal(random, 1, 24, 4, scale=0.5),
        "r": normal(random, 1, 24, 6, scale=0.5),
        "b": normal(random, 1, 48, scale=0.5),
        "p": normal(random, 1, 18, scale=0.5),
    },
)
graph(
    "gru_linear_before_reset_zero",
    """g (float[5,3,4] x) => (float[5,1,3,6] y, float[1,3,6] yh) {
         y, yh = GRU <hidden_size=6, linear_before_reset=0, direction="reverse"> (x, w, r, b)
       }""",
    lambda random: [(5, 3, 4)],
    weights=lambda random: {
        "w": normal(random, 1, 18, 4, scale=0.5),
        "r": normal(random, 1, 18, 6, scale=0.5),
        "b": normal(random, 1, 36, scale=0.5),
    },
)
graph(
    "gru_other_activations",
    """g (float[5,3,4] x) => (float[5,1,3,6] y) {
         y = GRU <hidden_size=6, activations=["HardSigmoid","Softsign"]> (x, w, r)
       }""",
    lambda random: [(5, 3, 4)],
    weights=lambda random: {"w": normal(random, 1, 18, 4, scale=0.5), "r": normal(random, 1, 18, 6, scale=0.5)},
)
