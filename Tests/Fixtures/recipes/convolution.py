"""Convolutions of every kind, and the blocks of the networks they come in."""

import torch
from torch import nn
from torch.nn import functional as F

from .fixture import Function, exported, graph, normal


def conv_bn(inputs: int, outputs: int, size: int = 3, activation=nn.ReLU, **options) -> nn.Sequential:
    options.setdefault("padding", size // 2)
    layers = [nn.Conv2d(inputs, outputs, size, bias=False, **options), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None, activation: bool = True):
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()
        self.activation = nn.ReLU() if activation else nn.Identity()

    def forward(self, x):
        return self.activation(self.body(x) + self.shortcut(x))


def shuffled(x):
    b, c, h, w = x.shape
    return x.view(b, 3, c // 3, h, w).transpose(1, 2).contiguous().view(b, c, h, w)


class DenseBlock(nn.Module):
    """Every layer reads all that came before it, normalized first: batch norms that no convolution can absorb."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(size), nn.ReLU(), nn.Conv2d(size, 4, 3, padding=1)) for size in (6, 10)
        )

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, gate):
        super().__init__()
        self.down, self.up, self.gate = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1), gate

    def forward(self, x):
        return x * self.gate(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))


def basic_block() -> nn.Module:
    return Residual(nn.Sequential(conv_bn(8, 8), conv_bn(8, 8, activation=None)))


exported("conv_residual_block", basic_block, (1, 8, 9, 7))
exported("conv_residual_block_with_batch_norms", basic_block, (1, 8, 9, 7), keep_batch_norm=True)
exported("conv_residual_block_opset11", basic_block, (1, 8, 9, 7), keep_batch_norm=True, opset=11)
exported("conv_residual_block_dynamo", basic_block, (1, 8, 9, 7), opset=18, dynamo=True)
exported(
    "conv_residual_block_batches",
    basic_block,
    (1, 8, 9, 7),
    dynamic={0: {0: "batch", 2: "h", 3: "w"}},
    more=[[(3, 8, 5, 12)]],
)
exported(
    "conv_bottleneck_grouped",
    lambda: Residual(
        nn.Sequential(conv_bn(16, 16, 1), conv_bn(16, 16, groups=4, stride=2), conv_bn(16, 32, 1, activation=None)),
        conv_bn(16, 32, 1, activation=None, stride=2),
    ),
    (1, 16, 9, 11),
)
exported(
    "conv_inverted_residual",
    lambda: Residual(
        nn.Sequential(
            conv_bn(8, 24, 1, nn.ReLU6), conv_bn(24, 24, activation=nn.ReLU6, groups=24), conv_bn(24, 8, 1, None)
        ),
        activation=False,
    ),
    (1, 8, 11, 9),
)
exported(
    "conv_inverted_residual_squeeze",
    lambda: nn.Sequential(
        conv_bn(8, 20, 1, nn.Hardswish),
        conv_bn(20, 20, 5, nn.Hardswish, groups=20, stride=2),
        SqueezeExcite(20, nn.Hardsigmoid()),
        conv_bn(20, 12, 1, None),
    ),
    (1, 8, 13, 10),
)
exported(
    "conv_efficientnet_block",
    lambda: nn.Sequential(
        conv_bn(6, 18, 3, nn.SiLU, groups=6), SqueezeExcite(18, nn.Sigmoid()), conv_bn(18, 6, 1, None)
    ),
    (2, 6, 8, 8),
)
exported("conv_preactivation_dense_block", DenseBlock, (1, 6, 6, 7))
exported(
    "conv_channel_shuffle",
    lambda: nn.Sequential(nn.Conv2d(12, 12, 1, groups=3), Function(shuffled), nn.Conv2d(12, 12, 3, 2, 1, groups=12)),
    (1, 12, 7, 7),
)
exported(
    "conv_next_block",
    lambda: nn.Sequential(
        nn.Conv2d(8, 8, 7, padding=3, groups=8),
        Function(lambda x: x.permute(0, 2, 3, 1)),
        nn.LayerNorm(8, eps=1e-6),
        nn.Linear(8, 32),
        nn.GELU(),
        nn.Linear(32, 8),
        Function(lambda x: x.permute(0, 3, 1, 2)),
    ),
    (1, 8, 9, 9),
)

# (name, inputs, outputs, kernel, height, width, further options)
LAYERS = [
    ("conv_3x3", 12, 20, 3, 9, 11, {"padding": 1}),
    ("conv_3x3_tall", 16, 16, 3, 31, 3, {"padding": 1}),
    ("conv_3x3_no_padding", 5, 7, 3, 8, 13, {}),
    ("conv_3x3_stride2_even", 8, 12, 3, 12, 10, {"padding": 1, "stride": 2}),
    ("conv_3x3_stride2_odd", 8, 12, 3, 11, 13, {"padding": 1, "stride": 2}),
    ("conv_3x3_dilated", 6, 9, 3, 13, 12, {"padding": 2, "dilation": 2}),
    ("conv_3x3_large_padding", 4, 6, 3, 4, 5, {"padding": 4}),
    ("conv_1x1", 17, 23, 1, 7, 5, {}),
    ("conv_1x1_stride2", 16, 24, 1, 7, 9, {"stride": 2}),
    ("conv_1x1_padded", 6, 8, 1, 5, 5, {"padding": 1}),
    ("conv_5x5_stride3", 4, 10, 5, 17, 14, {"padding": 2, "stride": 3}),
    ("conv_7x7_stem", 3, 16, 7, 23, 21, {"padding": 3, "stride": 2}),
    ("conv_1x7_7x1", 6, 6, (1, 7), 9, 12, {"padding": (0, 3)}),
    ("conv_whole_image", 8, 10, (6, 5), 6, 5, {}),
    ("conv_unequal_strides", 5, 8, (3, 2), 11, 9, {"padding": (1, 0), "stride": (2, 1), "dilation": (1, 2)}),
    ("conv_groups2", 10, 6, 3, 8, 9, {"padding": 1, "groups": 2}),
    ("conv_groups4_stride2", 16, 32, 3, 9, 9, {"padding": 1, "groups": 4, "stride": 2}),
    ("conv_groups_1x1", 12, 18, 1, 6, 7, {"groups": 6}),
    ("conv_depthwise", 19, 19, 3, 10, 11, {"padding": 1, "groups": 19}),
    ("conv_depthwise_stride2", 16, 16, 3, 11, 14, {"padding": 1, "groups": 16, "stride": 2}),
    ("conv_depthwise_5x5_dilated", 9, 9, 5, 14, 13, {"padding": 4, "groups": 9, "dilation": 2}),
    ("conv_depthwise_multiplier", 6, 18, 3, 7, 8, {"padding": 1, "groups": 6}),
    ("conv_one_channel", 1, 1, 3, 6, 6, {"padding": 1}),
]
for name, inputs, outputs, kernel, height, width, options in LAYERS:
    exported(
        name,
        lambda inputs=inputs, outputs=outputs, kernel=kernel, options=options: nn.Conv2d(
            inputs, outputs, kernel, **options
        ),
        (1, inputs, height, width),
    )
exported("conv_circular_padding", lambda: nn.Conv2d(4, 5, 3, padding=1, padding_mode="circular"), (1, 4, 6, 7))
exported("conv_reflected_padding", lambda: nn.Conv2d(4, 5, 3, padding=1, padding_mode="reflect"), (1, 4, 6, 7))
exported(
    "conv_pad_layer_first", lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 2, 1)), nn.Conv2d(3, 8, 3, 2)), (1, 3, 9, 10)
)
exported("conv_padding_same", lambda: nn.Conv2d(3, 8, 4, padding="same"), (1, 3, 9, 10))
exported("conv_1d", lambda: nn.Conv1d(6, 10, 5, 2, 2), (2, 6, 17))
exported(
    "conv_1d_depthwise_causal",
    lambda: nn.Sequential(nn.ConstantPad1d((3, 0), 0), nn.Conv1d(8, 8, 4, groups=8)),
    (2, 8, 9),
)
exported("conv_3d", lambda: nn.Conv3d(3, 6, (3, 2, 3), (1, 2, 1), (1, 0, 1)), (1, 3, 5, 6, 7))
exported("conv_transpose", lambda: nn.ConvTranspose2d(6, 8, 3, 2, 1, output_padding=1), (2, 6, 5, 4))
exported("conv_transpose_2x2", lambda: nn.ConvTranspose2d(6, 4, 2, 2), (1, 6, 5, 4))
exported(
    "conv_transpose_grouped_dilated", lambda: nn.ConvTranspose2d(6, 8, 3, padding=1, groups=2, dilation=2), (1, 6, 6, 5)
)
exported("conv_transpose_1d", lambda: nn.ConvTranspose1d(4, 6, 4, 3, 1), (2, 4, 7))
exported(
    "conv_weights_as_input",
    lambda: Function(lambda x, w, b: F.conv2d(x, w, b, padding=1)),
    (1, 4, 6, 6),
    (5, 4, 3, 3),
    (5,),
)
exported("conv_unfold", lambda: nn.Unfold(3, padding=1), (1, 4, 6, 5))

WEIGHTS = {"weights": lambda random: {"w": normal(random, 6, 4, 3, 3), "b": normal(random, 6)}}
for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    graph(
        f"conv_auto_pad_{mode.lower()}",
        f"""g (float[1,4,9,10] x) => (float[1,6,h,w] y) {{
              y = Conv <auto_pad="{mode}", strides=[2,2], kernel_shape=[3,3]> (x, w, b)
            }}""",
        lambda random: [(1, 4, 9, 10)],
        **WEIGHTS,
    )
graph(
    "conv_asymmetric_pads",
    """g (float[2,4,8,9] x) => (float[2,6,h,w] y) { y = Conv <pads=[0,2,1,0], strides=[1,2]> (x, w, b) }""",
    lambda random: [(2, 4, 8, 9)],
    **WEIGHTS,
)
graph(
    "conv_bias_as_add",
    """g (float[1,4,6,6] x) => (float[1,6,6,6] y) {
         c = Conv <pads=[1,1,1,1]> (x, w)
         shape = Constant <value_ints=[1,6,1,1]> ()
         bias = Reshape(b, shape)
         y = Add(c, bias)
       }""",
    lambda random: [(1, 4, 6, 6)],
    **WEIGHTS,
)
graph(
    "conv_scaled_and_shifted",
    """g (float[1,4,6,6] x) => (float[1,6,6,6] y, float[1,6,6,6] c) {
         c = Conv <pads=[1,1,1,1]> (x, w, b)
         m = Mul(c, scale)
         a = Add(m, shift)
         y = Clip(a, low, high)
       }""",
    lambda random: [(1, 4, 6, 6)],
    weights=lambda random: (
        WEIGHTS["weights"](random)
        | {
            "scale": normal(random, 1, 6, 1, 1),
            "shift": normal(random, 6, 1, 1),
            "low": normal(random).reshape(()) * 0 - 1,
            "high": normal(random).reshape(()) * 0 + 2,
        }
    ),
)
