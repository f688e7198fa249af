"""Pooling with its rounding and padding rules, and resizing."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .fixture import Function, exported, graph

exported("pool_max_stem", lambda: nn.MaxPool2d(3, 2, 1), (2, 5, 13, 12), exact=True)
exported("pool_max_ceil", lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (1, 5, 12, 14), exact=True)
exported("pool_max_dilated", lambda: nn.MaxPool2d((2, 3), (1, 2), dilation=(2, 1)), (1, 4, 9, 10), exact=True)
exported("pool_max_indices", lambda: nn.MaxPool2d(2, 2, return_indices=True), (1, 3, 6, 8), exact=True)
exported("pool_max_1d", lambda: nn.MaxPool1d(4, 3, 1), (2, 4, 15), exact=True)
exported("pool_max_3d", lambda: nn.MaxPool3d(2), (1, 3, 4, 5, 6), exact=True)
exported("pool_average", lambda: nn.AvgPool2d(3, 2, 1), (1, 5, 11, 10))
exported("pool_average_without_padding", lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), (1, 5, 11, 10))
exported("pool_average_ceil", lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (1, 5, 12, 10))
exported("pool_average_3d", lambda: nn.AvgPool3d((1, 2, 2)), (1, 3, 4, 5, 6))
exported("pool_adaptive", lambda: nn.AdaptiveAvgPool2d((2, 3)), (1, 4, 8, 9))
exported("pool_adaptive_max", lambda: nn.AdaptiveMaxPool2d((2, 3)), (1, 4, 8, 9), exact=True)
exported(
    "pool_global_head",
    lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5)),
    (2, 12, 7, 5),
    dynamic={0: {0: "batch"}},
    more=[[(5, 12, 7, 5)]],
)
exported("pool_mean_head", lambda: nn.Sequential(Function(lambda x: x.mean([2, 3])), nn.Linear(12, 5)), (2, 12, 7, 5))
for mode in ("SAME_UPPER", "SAME_LOWER"):
    graph(
        f"pool_auto_pad_{mode.lower()}",
        f"""g (float[1,3,9,10] x) => (float[1,3,h,w] a, float[1,3,h,w] m) {{
              a = AveragePool <auto_pad="{mode}", strides=[2,2], kernel_shape=[3,4]> (x)
              m = MaxPool <auto_pad="{mode}", strides=[2,2], kernel_shape=[3,4]> (x)
            }}""",
        lambda random: [(1, 3, 9, 10)],
        opset=11,
    )
graph(
    "pool_average_ceil_opset19",
    """g (float[1,2,6,7] x) => (float[1,2,h,w] y) {
         y = AveragePool <kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1, count_include_pad=1> (x)
       }""",
    lambda random: [(1, 2, 6, 7)],
    opset=19,
    ir=9,
)
graph(
    "pool_lp_and_global",
    """g (float[2,3,6,5] x) => (float[2,3,h,w] a, float[2,3,1,1] b, float[2,3,1,1] c, float[2,3,1,1] d) {
         a = LpPool <kernel_shape=[2,2], p=2, strides=[2,1]> (x)
         b = GlobalMaxPool(x) c = GlobalAveragePool(x) d = GlobalLpPool <p=3> (x)
       }""",
    lambda random: [(2, 3, 6, 5)],
)

for opset in (11, 17):
    exported(
        f"resize_nearest_opset{opset}", lambda: nn.Upsample(scale_factor=2, mode="nearest"), (1, 3, 4, 5), opset=opset
    )
    exported(
        f"resize_bilinear_opset{opset}",
        lambda: nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"),
        (1, 3, 4, 6),
        opset=opset,
    )
exported("resize_bilinear_aligned", lambda: nn.Upsample(size=(7, 9), mode="bilinear", align_corners=True), (1, 3, 4, 6))
exported("resize_bilinear_down", lambda: nn.Upsample(size=(3, 2), mode="bilinear"), (1, 3, 8, 7))
exported("resize_bicubic", lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 2, 4, 5))
exported("resize_linear_1d", lambda: nn.Upsample(scale_factor=2, mode="linear"), (1, 2, 6))
exported("resize_trilinear", lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (1, 2, 3, 2, 4))
exported(
    "resize_to_another_tensor",
    lambda: Function(lambda x, y: F.interpolate(x, size=y.shape[2:], mode="nearest") + y),
    (1, 3, 4, 5),
    (1, 3, 7, 11),
    dynamic={0: {2: "h", 3: "w"}, 1: {2: "H", 3: "W"}},
    more=[[(1, 3, 3, 3), (1, 3, 9, 6)]],
)
for mode, transform, nearest in (
    ("nearest", "asymmetric", "floor"),
    ("nearest", "half_pixel", "round_prefer_floor"),
    ("nearest", "half_pixel", "ceil"),
    ("linear", "pytorch_half_pixel", "floor"),
    ("linear", "half_pixel_symmetric", "floor"),
):
    graph(
        f"resize_{mode}_{transform}_{nearest}",
        f"""g (float[1,2,5,6] x) => (float[1,2,h,w] y) {{
              y = Resize <mode="{mode}", coordinate_transformation_mode="{transform}", nearest_mode="{nearest}">
                    (x, , scales)
            }}""",
        lambda random: [(1, 2, 5, 6)],
        weights=lambda random: {"scales": np.array([1, 1, 1.7, 0.6], np.float32)},
        opset=19,
        ir=9,
    )
graph(
    "resize_antialias",
    """g (float[1,2,11,9] x) => (float[1,2,h,w] y) {
         y = Resize <mode="linear", antialias=1, axes=[2,3], keep_aspect_ratio_policy="not_larger"> (x, , , sizes)
       }""",
    lambda random: [(1, 2, 11, 9)],
    weights=lambda random: {"sizes": np.array([5, 6], np.int64)},
    opset=18,
)
exported(
    "grid_sample",
    lambda: Function(lambda x, grid: F.grid_sample(x, grid.tanh(), align_corners=False)),
    (1, 3, 5, 6),
    (1, 4, 7, 2),
)
exported("pixel_shuffle", lambda: nn.Sequential(nn.PixelShuffle(2), nn.PixelUnshuffle(3)), (1, 8, 6, 3), exact=True)
exported(
    "pool_feature_pyramid",
    lambda: Function(
        lambda a, b, c, weight: torch.cat(
            [
                F.conv2d(a, weight),
                F.interpolate(F.conv2d(b, weight), scale_factor=2.0) * 0.5,
                F.interpolate(F.conv2d(c, weight), size=(8, 8)),
            ],
            1,
        ),
        weight=torch.randn(3, 4, 1, 1),
    ),
    (1, 4, 8, 8),
    (1, 4, 4, 4),
    (1, 4, 2, 2),
)
