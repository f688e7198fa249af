"""Shapes computed in the graph, which constant folding or the session's input decides."""

import numpy as np
import torch
from torch import nn

from .fixture import Function, exported, graph

BATCH = {0: {0: "batch"}}
ALL = {0: {0: "a", 1: "b", 2: "c"}}

exported(
    "shape_flatten", lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), (2, 3, 4), dynamic=BATCH, more=[[(5, 3, 4)]]
)
exported(
    "shape_view_merges_axes",
    lambda: Function(lambda x: x.view(x.size(0) * x.size(1), -1).t()),
    (2, 3, 4),
    dynamic=ALL,
    more=[[(4, 1, 6)]],
    exact=True,
)
exported(
    "shape_view_splits_axis",
    lambda: Function(lambda x: x.view(x.size(0), x.size(1), 2, x.size(2) // 2).permute(0, 2, 1, 3)),
    (2, 3, 4),
    dynamic=ALL,
    more=[[(1, 5, 8)]],
    exact=True,
)
exported(
    "shape_expand_as",
    lambda: Function(lambda x, y: x.expand_as(y) + y.new_zeros(y.shape) + torch.ones_like(y)),
    (3, 1),
    (3, 4),
    dynamic={0: {0: "n"}, 1: {0: "n", 1: "m"}},
    more=[[(2, 1), (2, 7)]],
)
exported(
    "shape_repeat_and_tile",
    lambda: Function(lambda x: (x.repeat(2, 1, 3), x.repeat_interleave(2, 1), x.tile(2))),
    (2, 3, 4),
    exact=True,
)
exported(
    "shape_arange_positions",
    lambda: Function(lambda x, table: x + table[torch.arange(x.size(1))], table=torch.randn(10, 4)),
    (2, 3, 4),
    dynamic={0: {1: "length"}},
    more=[[(2, 8, 4)]],
)
exported(
    "shape_squeeze_stack",
    lambda: Function(lambda x: torch.stack([x.squeeze(1), x.unsqueeze(-1).sum(1)[..., 0]], 1)),
    (2, 1, 4),
)
exported(
    "shape_cat_of_parts",
    lambda: Function(
        lambda x: torch.cat([x, x[:, :1], x.mean(1, keepdim=True)], 1).transpose(1, 2).reshape(x.size(0), -1)
    ),
    (2, 3, 4),
    dynamic=ALL,
    more=[[(3, 2, 5)]],
)
exported(
    "shape_numel_and_scalars",
    lambda: Function(lambda x: x / x.size(-1) ** 0.5 + x.shape[0] * 2),
    (2, 3, 4),
    dynamic=ALL,
    more=[[(1, 2, 9)]],
)
exported(
    "shape_pad_modes",
    lambda: Function(
        lambda x: (
            tuple(nn.functional.pad(x, (1, 2, 2, 0), mode=mode) for mode in ("constant", "reflect", "replicate"))
            + (nn.functional.pad(x, (-1, 1), value=3.0),)
        )
    ),
    (1, 2, 4, 5),
    exact=True,
)
exported(
    "shape_permute_chain",
    lambda: Function(
        lambda x: x.permute(0, 2, 3, 1).reshape(2, -1, 3).transpose(1, 2).reshape(2, 3, 4, 5).permute(3, 2, 1, 0)
    ),
    (2, 3, 4, 5),
    exact=True,
)
exported("shape_roll", lambda: Function(lambda x: torch.roll(x, (1, -2), (0, 2))), (2, 3, 5), exact=True)
exported(
    "shape_meshgrid",
    lambda: Function(lambda a, b: torch.stack(torch.meshgrid(a, b, indexing="ij"), -1)),
    (3,),
    (4,),
    exact=True,
)
exported(
    "shape_dynamo_dynamic",
    lambda: Function(lambda x: x.reshape(x.shape[0], -1).softmax(-1).sum(0)),
    (2, 3, 4),
    opset=18,
    dynamo=True,
    dynamic=BATCH,
    more=[[(5, 3, 4)]],
)
graph(
    "shape_gather_concat_reshape",
    """g (float[n,c,h,w] x) => (float[p,q,r] y) {
         s = Shape(x)
         zero = Constant <value_int=0> ()
         one = Constant <value_int=1> ()
         n = Gather(s, zero)
         c = Gather(s, one)
         axis = Constant <value_ints=[0]> ()
         n1 = Unsqueeze(n, axis)
         c1 = Unsqueeze(c, axis)
         rest = Constant <value_ints=[-1]> ()
         target = Concat <axis=0> (n1, c1, rest)
         y = Reshape(x, target)
       }""",
    lambda random: [(2, 3, 4, 5)],
    more=[lambda random: [(1, 6, 2, 2)]],
    exact=True,
)
graph(
    "shape_range_of_attributes",
    """g (float[2,3,4,5] x) => (int64[2] a, int64[1] b, int64 c, float[2,0] e, float[6,20] f, float[2,3,20] h) {
         a = Shape <start=1, end=3> (x)
         b = Shape <start=-1> (x)
         c = Size(x)
         e = Reshape <allowzero=1> (none, empty)
         f = Flatten <axis=2> (x)
         h = Reshape(x, keep)
       }""",
    lambda random: [(2, 3, 4, 5)],
    weights=lambda random: {
        "none": np.zeros((0, 3), np.float32),
        "empty": np.array([2, 0], np.int64),
        "keep": np.array([0, 0, -1], np.int64),
    },
    exact=True,
)
graph(
    "shape_range_expand_tile",
    """g (float[3,1] x, int64 n) => (float[a,b] y, float[c,d] z, int64[m] r) {
         zero = Constant <value_int=0> ()
         one = Constant <value_int=1> ()
         r = Range(zero, n, one)
         axis = Constant <value_ints=[0]> ()
         n1 = Unsqueeze(n, axis)
         three = Constant <value_ints=[3]> ()
         target = Concat <axis=0> (three, n1)
         y = Expand(x, target)
         z = Tile(x, target)
       }""",
    lambda random: [(3, 1), np.array(4, np.int64)],
    more=[lambda random: [(3, 1), np.array(0, np.int64)]],
    exact=True,
)
graph(
    "shape_empty_tensors",
    """g (float[n,4] x) => (float[n,3] y, float[m,4] c, float[4] s, float[n,4] r) {
         y = MatMul(x, w)
         c = Concat <axis=0> (x, v)
         s = ReduceSum <keepdims=0> (x, axes)
         r = Softmax <axis=1> (x)
       }""",
    lambda random: [np.zeros((0, 4), np.float32)],
    more=[lambda random: [(2, 4)]],
    weights=lambda random: {
        "w": random.standard_normal((4, 3)).astype(np.float32),
        "v": random.standard_normal((1, 4)).astype(np.float32),
        "axes": np.array([0], np.int64),
    },
)
