"""Gathering, scattering, slicing, sorting and reducing."""

import numpy as np
import torch

from .fixture import Function, exported, graph

INDICES = lambda: torch.tensor([[0, 2, 1, -1], [3, 0, 0, 2]])  # noqa: E731

exported(
    "gather_axes",
    lambda: Function(lambda x, i: (x[i], x[:, :, i], x.index_select(1, i[0].abs()))),
    (4, 3, 5),
    INDICES,
    exact=True,
)
exported(
    "gather_elements",
    lambda: Function(lambda x, i: (x.gather(1, i.abs()), x.t().gather(0, i.t().abs()))),
    (2, 5),
    INDICES,
    exact=True,
)
exported("gather_two_indices", lambda: Function(lambda x, i: x[i.abs(), 1, i.abs()]), (4, 3, 5), INDICES, exact=True)
exported(
    "gather_slice_of_slice",
    lambda: Function(lambda x: x[1:, ::2, -3:][..., 1:3] - x[:-1, ::2, :2]),
    (3, 5, 6),
    exact=True,
)
exported("gather_first_token", lambda: Function(lambda x: (x[:, 0], x[:, -1], x.select(2, 3))), (2, 4, 5), exact=True)
exported("slice_reversed", lambda: Function(lambda x: (x.flip(1), x.flip(0, 2))), (2, 4, 5), exact=True)
exported(
    "slice_split_chunk",
    lambda: Function(lambda x: (*x.split([1, 4, 2], 1), *x.chunk(3, 1), *x.unbind(0))),
    (2, 7, 3),
    exact=True,
)
exported(
    "scatter_elements",
    lambda: Function(
        lambda x, s: (
            x.scatter(1, torch.tensor([[1, 3], [0, 4]]), s),
            x.scatter_add(1, torch.tensor([[1, 1], [0, 4]]), s),
        )
    ),
    (2, 5),
    (2, 2),
)
exported(
    "scatter_index_put",
    lambda: Function(lambda x, s: x.index_put((torch.tensor([0, 2]), torch.tensor([1, 3])), s)),
    (3, 5),
    (2,),
    exact=True,
)


def assigned(x, y):
    x = x.clone()
    x[:, 1:3] = y
    return x


exported("scatter_slice_assignment", lambda: Function(assigned), (3, 5), (3, 2), exact=True)
exported(
    "where_and_masked_fill",
    lambda: Function(lambda x, y: (torch.where(x > y, x, y * 2), x.masked_fill(y < 0, -1e4), x.clamp(min=0.1))),
    (3, 1, 5),
    (4, 5),
)
exported("masked_select", lambda: Function(lambda x: (x[x > 0], (x > 0).nonzero())), (3, 7), exact=True)
exported("triangle", lambda: Function(lambda x: (x.tril(-1), x.triu(1), x.tril(2))), (2, 4, 6), exact=True)
exported(
    "topk_and_sort",
    lambda: Function(lambda x: (*x.topk(3, 1), *x.topk(2, 0, largest=False), *x.sort(-1))),
    (4, 9),
    exact=True,
)
exported(
    "argmax_argmin",
    lambda: Function(lambda x: (x.argmax(-1), x.argmin(0, keepdim=True), *x.max(1))),
    (4, 9),
    exact=True,
)
exported("cumulative_sum", lambda: Function(lambda x: (x.cumsum(1), x.cumsum(0))), (4, 9))
exported("one_hot", lambda: Function(lambda i: torch.nn.functional.one_hot(i.abs(), 5)), INDICES, exact=True)
exported(
    "embedding_bag_by_hand", lambda: Function(lambda i, table: table[i.abs()].mean(1), table=torch.randn(6, 7)), INDICES
)
exported(
    "reductions",
    lambda: Function(
        lambda x: (
            x.sum((0, 2)),
            x.mean(1, keepdim=True),
            x.amax((1, 2)),
            x.amin(0),
            x.prod(1),
            x.norm(dim=1),
            x.norm(p=1, dim=(0, 1)),
            x.logsumexp(-1),
            x.var(1, unbiased=True),
            x.std(dim=(1, 2), unbiased=False),
            x.sum(),
        )
    ),
    (3, 4, 5),
)
exported(
    "einsum",
    lambda: Function(
        lambda a, b, c: (
            torch.einsum("bij,bjk->bik", a, b),
            torch.einsum("bij,bjk->bk", a, b),
            torch.einsum("bij->bji", a),
            torch.einsum("bij,b->ij", a, c),
            torch.einsum("i,j->ij", c, c),
            torch.einsum("bij,bkj->bik", a, a),
        )
    ),
    (2, 3, 4),
    (2, 4, 5),
    (2,),
)
graph(
    "einsum_special",
    """g (float[3,3] a, float[2,3,4] b, float[4] v) => (float t, float[3] d, float[2,4,3] e, float[2,3] f, float[n] s) {
         t = Einsum <equation="ii"> (a)
         d = Einsum <equation="ii->i"> (a)
         e = Einsum <equation="...ij->...ji"> (b)
         f = Einsum <equation="...j,j"> (b, v)
         s = Einsum <equation=" ij , jk -> k "> (a, a)
       }""",
    lambda random: [(3, 3), (2, 3, 4), (4,)],
)
graph(
    "slice_hostile_bounds",
    """g (float[4,6] x) => (float[a,b] p, float[c,d] q, float[e,f] r) {
         p = Slice(x, starts1, ends1, axes1, steps1)
         q = Slice(x, starts2, ends2, axes2)
         r = Slice(x, starts3, ends3, axes3, steps3)
       }""",
    lambda random: [(4, 6)],
    weights=lambda random: {
        "starts1": np.array([-1, 100], np.int64),
        "ends1": np.array([-(2**63), -7], np.int64),
        "axes1": np.array([0, 1], np.int64),
        "steps1": np.array([-1, -2], np.int64),
        "starts2": np.array([-100], np.int64),
        "ends2": np.array([2**63 - 1], np.int64),
        "axes2": np.array([-1], np.int64),
        "starts3": np.array([3], np.int32),
        "ends3": np.array([3], np.int32),
        "axes3": np.array([1], np.int32),
        "steps3": np.array([2], np.int32),
    },
    exact=True,
)
graph(
    "gather_nd_scatter_nd_batched",
    """g (float[2,3,4] x, int64[2,2,1] i, float[2,4] u) => (float[2,2,4] y, float[2,3,4] z) {
         y = GatherND <batch_dims=1> (x, i)
         z = ScatterND <reduction="add"> (x, j, u)
       }""",
    lambda random: [(2, 3, 4), np.array([[[0], [2]], [[1], [1]]], np.int64), (2, 4)],
    weights=lambda random: {"j": np.array([[0, 1], [0, 1]], np.int64)},
    opset=18,
)
graph(
    "matmul_broadcast_shapes",
    """g (float[2,1,3,4] a, float[5,4,2] b, float[4] v, float[3] u) =>
         (float[2,5,3,2] p, float[2,1,3] q, float[2,1,4] r, float s) {
         p = MatMul(a, b) q = MatMul(a, v) r = MatMul(u, a) s = MatMul(v, v)
       }""",
    lambda random: [(2, 1, 3, 4), (5, 4, 2), (4,), (3,)],
)
graph(
    "integer_arithmetic",
    """g (int32[6] a, int32[6] b, uint8[6] c, int64[6] d) =>
         (int32[6] q, int32[6] m, int32[6] f, uint8[6] s, int64[6] n, bool[6] l, int32[6] sh) {
         q = Div(a, b) m = Mod(a, b) f = Mod <fmod=1> (a, b) s = Add(c, c) n = Neg(d)
         l = LessOrEqual(a, b) sh = Abs(a)
       }""",
    lambda random: [
        np.array([7, -7, 7, -7, 0, 6], np.int32),
        np.array([2, 2, -2, -2, 5, -3], np.int32),
        np.array([0, 1, 127, 128, 200, 255], np.uint8),
        np.array([0, 1, -1, 2**62, -(2**62), 5], np.int64),
    ],
)
graph(
    "broadcasting_four_ways",
    """g (float[2,1,4,1] a, float[3,1,5] b, float s, float[4,1] c) => (float[2,3,4,5] y, float[2,1,4,1] z, float[2,3,4,5] w) {
         p = Add(a, b) q = Mul(p, s) y = Sub(q, c) z = Pow(a, two) w = Max(a, b, c)
       }""",
    lambda random: [(2, 1, 4, 1), (3, 1, 5), np.array(0.5, np.float32), (4, 1)],
    weights=lambda random: {"two": np.array(2, np.float32)},
)
