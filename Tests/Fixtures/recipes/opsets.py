"""Operators as old and new opsets define them: attributes that became inputs, rules that changed."""

import numpy as np
import torch
from torch import nn

from .fixture import Function, exported, graph, normal


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU6(),
        nn.Dropout(0.5),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1, groups=4),
        nn.LeakyReLU(0.1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
        nn.LogSoftmax(1),
    )


for opset in (7, 9, 11, 13, 16):
    exported(f"opset{opset}_network", network, (2, 3, 13, 12), opset=opset, keep_batch_norm=True)
for opset in (18, 21, 22):
    exported(f"opset{opset}_network_dynamo", network, (2, 3, 13, 12), opset=opset, dynamo=True)
exported(
    "opset9_shapes",
    lambda: Function(lambda x: (torch.cat([x.squeeze(1), x[:, 0, 1:3]], 1).unsqueeze(0), *x.split(2, 2), x.topk(2)[0])),
    (2, 1, 4, 3),
    opset=9,
)
exported("opset9_upsample", lambda: nn.Upsample(scale_factor=2, mode="nearest"), (1, 2, 3, 4), opset=9, exact=True)
graph(
    "opset7_upsample_bilinear",
    """g (float[1,2,3,4] x) => (float[1,2,6,8] y) { y = Upsample <mode="linear", scales=[1.0,1.0,2.0,2.0]> (x) }""",
    lambda random: [(1, 2, 3, 4)],
    opset=7,
    ir=3,
)
graph(
    "opset7_attributes",
    """g (float[2,3,4] x) => (float[2,3,4] c, float[2,1,4] s, float[2,5,5] p, float[2,2,4] l, float[2,3,2] t, int64[2,3,2] i,
           float[1,2,3,4] u, float[4] r, float[2,3,4] d) {
         c = Clip <min=-0.5, max=0.5> (x)
         s = ReduceSum <axes=[1]> (x)
         p = Pad <pads=[0,1,0,0,1,1], value=2.5> (x)
         l = Slice <axes=[1], starts=[1], ends=[3]> (x)
         t, i = TopK <k=2> (x)
         u = Unsqueeze <axes=[0]> (x)
         r = ReduceMean <axes=[0,1], keepdims=0> (x)
         d = Dropout <ratio=0.4> (x)
       }""",
    lambda random: [(2, 3, 4)],
    opset=7,
    ir=3,
)
graph(
    "opset11_softmax_flattens",
    """g (float[2,3,4] x) => (float[2,3,4] a, float[2,3,4] b, float[2,3,4] c, float[2,3,4] d) {
         a = Softmax(x) b = Softmax <axis=0> (x) c = LogSoftmax <axis=1> (x) d = Hardmax <axis=2> (x)
       }""",
    lambda random: [(2, 3, 4)],
    opset=11,
    ir=6,
)
graph(
    "opset13_softmax_one_axis",
    """g (float[2,3,4] x) => (float[2,3,4] a, float[2,3,4] b, float[2,3,4] c, float[2,3,4] d) {
         a = Softmax(x) b = Softmax <axis=0> (x) c = LogSoftmax <axis=1> (x) d = Hardmax <axis=2> (x)
       }""",
    lambda random: [(2, 3, 4)],
    opset=13,
    ir=7,
)
graph(
    "opset18_axes_as_inputs",
    """g (float[2,3,4] x) => (float[2,1,4] a, float[3] b, float[2,3,4] c, float[2,2,4] s, float[2,1,4] t) {
         a = ReduceMax(x, one)
         b = ReduceL2 <keepdims=0> (x, outer)
         c = ReduceMean <noop_with_empty_axes=1> (x)
         s, t = Split <axis=1, num_outputs=2> (x)
       }""",
    lambda random: [(2, 3, 4)],
    weights=lambda random: {"one": np.array([1], np.int64), "outer": np.array([0, -1], np.int64)},
    opset=18,
)
graph(
    "opset13_squeeze_split_pad_inputs",
    """g (float[2,1,6] x) => (float[2,6] q, float[2,1,2] a, float[2,1,4] b, float[2,1,8] p, float[2,1,6] c) {
         q = Squeeze(x, one)
         a, b = Split <axis=2> (x, sizes)
         p = Pad <mode="reflect"> (x, pads)
         c = Clip(x, , high)
       }""",
    lambda random: [(2, 1, 6)],
    weights=lambda random: {
        "one": np.array([1], np.int64),
        "sizes": np.array([2, 4], np.int64),
        "pads": np.array([0, 0, 1, 0, 0, 1], np.int64),
        "high": np.array(0.25, np.float32),
    },
    opset=13,
    ir=7,
)
graph(
    "opset9_batch_norm_and_gemm",
    """g (float[3,4] x) => (float[3,5] y, float[3,4] n) {
         y = Gemm <transB=1> (x, w, c)
         n = BatchNormalization <epsilon=0.01> (x, scale, bias, mean, variance)
       }""",
    lambda random: [(3, 4)],
    weights=lambda random: {
        "w": normal(random, 5, 4),
        "c": normal(random, 1, 5),
        "scale": normal(random, 4),
        "bias": normal(random, 4),
        "mean": normal(random, 4),
        "variance": np.abs(normal(random, 4)) + 0.5,
    },
    opset=9,
    ir=4,
)
graph(
    "opset22_casts",
    """g (float[7] x) => (int32[7] i, uint8[3] u, int8[3] n, bool[7] b, float16[7] h, double[7] d, float[7] g) {
         i = Cast <to=6> (x)
         small = Slice(x, zero, three)
         u = Cast <to=2> (small)
         n = Cast <to=3> (small)
         b = Cast <to=9> (x)
         h = Cast <to=10> (x)
         d = Cast <to=11> (x)
         w = Cast <to=16> (x)
         g = Cast <to=1> (w)
       }""",
    lambda random: [np.array([0.0, 1.5, 2.5, -1.5, -2.7, 1234.567, 1e-6], np.float32)],
    weights=lambda random: {"zero": np.array([0], np.int64), "three": np.array([3], np.int64)},
    opset=22,
    ir=10,
)
graph(
    "float16_network",
    """g (float16[1,4,6,6] x) => (float16[1,5] y) {
         c = Conv <pads=[1,1,1,1]> (x, w)
         r = Relu(c)
         p = GlobalAveragePool(r)
         f = Flatten(p)
         y = Gemm(f, v, b)
       }""",
    lambda random: [normal(random, 1, 4, 6, 6).astype(np.float16)],
    weights=lambda random: {
        "w": normal(random, 8, 4, 3, 3, scale=0.3).astype(np.float16),
        "v": normal(random, 8, 5).astype(np.float16),
        "b": normal(random, 5).astype(np.float16),
    },
)
graph(
    "double_precision",
    """g (double[3,4] x) => (double[3,5] y, double[3,4] e) { m = MatMul(x, w) y = Relu(m) e = Exp(x) }""",
    lambda random: [random.standard_normal((3, 4))],
    weights=lambda random: {"w": random.standard_normal((4, 5))},
)
