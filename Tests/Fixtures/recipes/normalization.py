"""Normalization layers and activations in the spellings that exporters and model code use."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .fixture import Function, exported, graph, normal

for opset in (11, 13, 17):
    exported(f"layernorm_opset{opset}", lambda: nn.LayerNorm(24), (2, 5, 24), opset=opset)
exported("layernorm_no_affine", lambda: nn.LayerNorm(10, elementwise_affine=False), (3, 10), opset=13)
exported("layernorm_two_axes", lambda: nn.LayerNorm((5, 7), eps=1e-3), (2, 3, 5, 7), opset=13)
exported("layernorm_first_inputs_offset", lambda: Function(lambda x: F.layer_norm(x + 100, (16,))), (4, 16), opset=17)


def variance_by_product(x, weight, bias):
    centred = x - x.mean(-1, keepdim=True)
    return weight * (centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + 1e-12)) + bias


exported(
    "layernorm_by_hand",
    lambda: Function(variance_by_product, weight=torch.randn(12), bias=torch.randn(12)),
    (2, 6, 12),
)


def tensorflow_layernorm(x, weight, bias):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    scale = torch.rsqrt(variance + 1e-12) * weight
    return x * scale + (bias - mean * scale)


exported(
    "layernorm_as_scale_and_shift",
    lambda: Function(tensorflow_layernorm, weight=torch.randn(12), bias=torch.randn(12)),
    (2, 6, 12),
)
exported("layernorm_dynamo", lambda: nn.LayerNorm(24), (2, 5, 24), opset=18, dynamo=True)
exported(
    "layernorm_residual",
    lambda: Function(lambda a, b, w: F.layer_norm(a + b, (8,), w), w=torch.randn(8)),
    (3, 8),
    (3, 8),
)
exported(
    "rmsnorm",
    lambda: Function(lambda x, w: w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)), w=torch.randn(16)),
    (2, 3, 16),
)
exported("groupnorm", lambda: nn.GroupNorm(3, 12), (2, 12, 5, 4))
exported("groupnorm_opset21", lambda: nn.GroupNorm(3, 12), (2, 12, 5, 4), opset=21, dynamo=True)
exported("instancenorm", lambda: nn.InstanceNorm2d(6, affine=True), (2, 6, 5, 7))
exported("batchnorm_1d", lambda: nn.BatchNorm1d(9), (4, 9), keep_batch_norm=True)
exported("batchnorm_3d", lambda: nn.BatchNorm3d(3), (2, 3, 2, 4, 3), keep_batch_norm=True, opset=13)
exported("l2_normalize", lambda: Function(lambda x: F.normalize(x, dim=-1)), (3, 4, 8))
exported("weight_norm_linear", lambda: torch.nn.utils.parametrizations.weight_norm(nn.Linear(8, 5)), (3, 8))
graph(
    "lrn_and_lp_normalization",
    """g (float[2,9,4,3] x) => (float[2,9,4,3] y, float[2,9,4,3] z) {
         y = LRN <size=5, alpha=0.01, beta=0.75, bias=2.0> (x)
         z = LpNormalization <axis=1, p=1> (x)
       }""",
    lambda random: [(2, 9, 4, 3)],
)

ROOT = math.sqrt(2)
exported("gelu_erf", lambda: nn.GELU(), (3, 40))
exported("gelu_erf_half_first", lambda: Function(lambda x: 0.5 * x * (1 + torch.erf(x / ROOT))), (3, 40))
exported("gelu_erf_reciprocal", lambda: Function(lambda x: x * (torch.erf(x * (1 / ROOT)) + 1) * 0.5), (3, 40))
exported("gelu_erf_half_last", lambda: Function(lambda x: (x * 0.5) * (1.0 + torch.erf(x / ROOT))), (3, 40), opset=11)
exported("gelu_tanh", lambda: nn.GELU(approximate="tanh"), (3, 40))
exported(
    "gelu_tanh_by_pow",
    lambda: Function(lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))),
    (3, 40),
)
exported(
    "gelu_tanh_by_product",
    lambda: Function(lambda x: x * 0.5 * (1 + torch.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x)))),
    (3, 40),
)
exported("gelu_sigmoid", lambda: Function(lambda x: x * torch.sigmoid(1.702 * x)), (3, 40))
exported("gelu_opset20", lambda: nn.GELU(), (3, 40), opset=20, dynamo=True)
exported(
    "activations",
    lambda: Function(
        lambda x, slope: (
            F.silu(x),
            F.hardswish(x),
            F.hardsigmoid(x),
            F.mish(x),
            F.elu(x, 0.7),
            F.selu(x),
            F.celu(x, 1.3),
            F.leaky_relu(x, 0.2),
            F.prelu(x, slope),
            F.softplus(x),
            F.softsign(x),
            F.relu6(x),
            F.hardtanh(x, -0.3, 0.8),
            F.logsigmoid(x),
            F.tanhshrink(x),
            F.hardshrink(x, 0.4),
        ),
        slope=torch.rand(6),
    ),
    (2, 6, 11),
)
exported(
    "softmax_axes",
    lambda: Function(lambda x: (x.softmax(0), x.softmax(1), x.softmax(-1), x.log_softmax(1))),
    (3, 5, 17),
)
exported("softmax_large_values", lambda: Function(lambda x: (x * 200).softmax(-1)), (3, 33))
exported("glu", lambda: nn.GLU(dim=1), (2, 10, 3))
graph(
    "exponentials_at_the_edges",
    """g (float[16] x) => (float[16] e, float[16] t, float[16] s, float[16] f, float[16] l) {
         e = Exp(x) t = Tanh(x) s = Sigmoid(x) f = Erf(x) l = Softplus(x)
       }""",
    lambda random: [
        np.array([0, -0.0, 1e-30, 1e-4, -1e-4, 0.5, -1, 4, -9, 20, -30, 87.9, -87.9, -110, np.inf, -np.inf], np.float32)
    ],
)
graph(
    "linear_layer_spellings",
    """g (float[5,12] x) => (float[5,7] a, float[5,7] b, float[5,7] c, float[5,7] d) {
         m = MatMul(x, w)
         a = Add(bias, m)
         b = Gemm <alpha=1.0, beta=1.0, transB=1> (x, wt, bias)
         c = Gemm <alpha=0.5, beta=2.0> (x, w, column)
         t = Transpose <perm=[1,0]> (wt)
         n = MatMul(x, t)
         d = Relu(n)
       }""",
    lambda random: [(5, 12)],
    weights=lambda random: {
        "w": normal(random, 12, 7),
        "wt": normal(random, 7, 12),
        "bias": normal(random, 7),
        "column": normal(random, 5, 1),
    },
)
