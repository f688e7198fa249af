"""Quantized layers whose integer results are certain.

Outputs stay uint8 or int32 and must be equal. Inputs are drawn until no sum lies within 1e-3 of the middle between
two steps, so that rounding a product of scales in another order cannot change a result. The `saturating` cases
hold weights and activations at the ends of their ranges: 16-bit sums of two products overflow on them.
"""

import numpy as np
import onnx

from .fixture import Case, add, evaluated, graph, normal, parsed, seeded

MARGIN = 1e-3
LINEAR_ROUND = "y = QuantizeLinear(real, y_scale, y_zero)"


def quantized(name: str, text: str, draw, *, opset: int = 17, ir: int = 8) -> None:
    """A case that quantizes the value `real` into its output; `draw` gives (inputs, weights)."""

    def recipe() -> Case:
        random = seeded(name)
        for _ in range(1000):
            inputs, weights = draw(random)
            model = parsed(text, opset, ir, weights)
            probe = onnx.ModelProto()
            probe.CopyFrom(model)
            del probe.graph.output[:]
            probe.graph.output.append(onnx.helper.make_tensor_value_info("real", onnx.TensorProto.FLOAT, None))
            (real,) = evaluated(probe, inputs)
            steps = real.astype(np.float64) / float(weights["y_scale"])
            if np.abs(np.abs(steps - np.floor(steps)) - 0.5).min() > MARGIN:
                return Case(model, [inputs], exact=True)
        raise ValueError("no draw keeps away from the middle between two steps")

    add(name, recipe)


def scalar(value, kind) -> np.ndarray:
    return np.array(value, kind)


def steps(x_zero: int = 113, y_scale: float = 0.05, y_zero: int = 128) -> dict[str, np.ndarray]:
    return {
        "x_scale": scalar(0.02, np.float32),
        "x_zero": scalar(x_zero, np.uint8),
        "y_scale": scalar(y_scale, np.float32),
        "y_zero": scalar(y_zero, np.uint8),
    }


def layer(random, inputs: int, outputs: int, kernel: int, groups: int = 1, per_channel: bool = True) -> dict:
    weight_scale = random.uniform(0.003, 0.006, outputs).astype(np.float32)
    if not per_channel:
        weight_scale = weight_scale[0]
    return {
        "w": random.integers(-127, 128, (outputs, inputs // groups, kernel, kernel)).astype(np.int8),
        "w_scale": weight_scale,
        "w_zero": np.zeros_like(weight_scale, np.int8),
        "b": random.integers(-3000, 3000, outputs).astype(np.int32),
        "b_scale": (np.float32(0.02) * weight_scale).astype(np.float32),
        "b_zero": np.zeros_like(weight_scale, np.int32),
    }


def conv(axis: str, options: str) -> str:
    return f"""g (uint8[n,c,h,w] x) => (uint8[n,o,p,q] y) {{
      a = DequantizeLinear(x, x_scale, x_zero)
      k = DequantizeLinear <{axis}> (w, w_scale, w_zero)
      s = DequantizeLinear <{axis}> (b, b_scale, b_zero)
      real = Conv {options} (a, k, s)
      {LINEAR_ROUND}
    }}"""


def pixels(random, *shape: int) -> np.ndarray:
    return random.integers(0, 256, shape).astype(np.uint8)


for name, (inputs, outputs, kernel, groups, options, height, width) in {
    "qdq_conv": (8, 12, 3, 1, "pads=[1,1,1,1]", 5, 6),
    "qdq_conv_1x1": (20, 16, 1, 1, "", 4, 5),
    "qdq_conv_stride2": (6, 8, 3, 1, "pads=[1,1,1,1], strides=[2,2]", 9, 7),
    "qdq_conv_depthwise": (16, 16, 3, 16, "pads=[1,1,1,1], group=16", 5, 6),
    "qdq_conv_grouped": (16, 16, 3, 4, "pads=[1,1,1,1], group=4", 5, 4),
    "qdq_conv_7x7_stem": (3, 8, 7, 1, "pads=[3,3,3,3], strides=[2,2]", 11, 9),
}.items():
    quantized(
        name,
        conv("axis=0", f"<{options}>" if options else ""),
        lambda random, i=inputs, o=outputs, k=kernel, g=groups, h=height, w=width: (
            [pixels(random, 1, i, h, w)],
            steps(y_scale=0.11) | layer(random, i, o, k, g),
        ),
    )
quantized(
    "qdq_conv_per_tensor",
    conv("axis=1", "<pads=[1,1,1,1]>"),
    lambda random: ([pixels(random, 1, 8, 5, 6)], steps() | layer(random, 8, 6, 3, per_channel=False)),
)


def extreme_layer(random) -> dict:
    weights = layer(random, 8, 8, 3)
    weights["w"] = np.where(random.random(weights["w"].shape) < 0.75, 127, -128).astype(np.int8)
    weights["w"][::2] = -weights["w"][::2].clip(-127)
    return weights


quantized(
    "qdq_conv_saturating",
    conv("axis=0", "<pads=[1,1,1,1]>"),
    lambda random: (
        [np.where(pixels(random, 1, 8, 5, 5) < 220, 255, 254).astype(np.uint8)],
        steps(x_zero=0, y_scale=3.1) | extreme_layer(random),
    ),
)
quantized(
    "qdq_conv_relu_add",
    f"""g (uint8[1,8,5,6] x, uint8[1,8,5,6] z) => (uint8[1,8,5,6] y) {{
      a = DequantizeLinear(x, x_scale, x_zero)
      k = DequantizeLinear <axis=0> (w, w_scale, w_zero)
      s = DequantizeLinear <axis=0> (b, b_scale, b_zero)
      c = Conv <pads=[1,1,1,1]> (a, k, s)
      t = DequantizeLinear(z, x_scale, x_zero)
      sum = Add(c, t)
      real = Relu(sum)
      {LINEAR_ROUND}
    }}""",
    lambda random: (
        [pixels(random, 1, 8, 5, 6), pixels(random, 1, 8, 5, 6)],
        steps(y_scale=0.03, y_zero=0) | layer(random, 8, 8, 3),
    ),
)


def matrix(random, inputs: int, outputs: int, per_channel: bool = True) -> dict:
    scale = random.uniform(0.004, 0.006, outputs).astype(np.float32)
    if not per_channel:
        scale = scale[0]
    return {
        "w": random.integers(-127, 128, (inputs, outputs)).astype(np.int8),
        "w_scale": scale,
        "w_zero": np.zeros_like(scale, np.int8),
        "bias": normal(random, outputs),
    }


MATMUL = f"""g (uint8[m,k] x) => (uint8[m,n] y) {{
  a = DequantizeLinear(x, x_scale, x_zero)
  c = DequantizeLinear <axis=1> (w, w_scale, w_zero)
  p = MatMul(a, c)
  real = Add(p, bias)
  {LINEAR_ROUND}
}}"""
quantized("qdq_matmul", MATMUL, lambda random: ([pixels(random, 9, 40)], steps(y_scale=0.1) | matrix(random, 40, 17)))
quantized(
    "qdq_matmul_per_tensor",
    MATMUL,
    lambda random: ([pixels(random, 3, 33)], steps(y_scale=0.1) | matrix(random, 33, 24, per_channel=False)),
)
quantized(
    "qdq_matmul_saturating",
    MATMUL,
    lambda random: (
        [np.full((4, 32), 255, np.uint8) - (pixels(random, 4, 32) > 200)],
        steps(x_zero=0, y_scale=1.3)
        | matrix(random, 32, 9)
        | {"w": np.where(random.random((32, 9)) < 0.8, 127, -127).astype(np.int8)},
    ),
)
quantized(
    "qdq_gemm",
    f"""g (uint8[m,k] x) => (uint8[m,n] y) {{
      a = DequantizeLinear(x, x_scale, x_zero)
      c = DequantizeLinear <axis=1> (w, w_scale, w_zero)
      real = Gemm(a, c, bias)
      {LINEAR_ROUND}
    }}""",
    lambda random: ([pixels(random, 5, 24)], steps(y_scale=0.08) | matrix(random, 24, 10)),
)
quantized(
    "qdq_signed_activations",
    f"""g (int8[m,k] x) => (int8[m,n] y) {{
      a = DequantizeLinear(x, x_scale, x_zero)
      c = DequantizeLinear(w, w_scale, w_zero)
      real = MatMul(a, c)
      {LINEAR_ROUND}
    }}""",
    lambda random: (
        [random.integers(-128, 128, (5, 24)).astype(np.int8)],
        {
            **steps(y_scale=0.08),
            "x_zero": scalar(-5, np.int8),
            "y_zero": scalar(7, np.int8),
            **{key: value for key, value in matrix(random, 24, 10, False).items() if key != "bias"},
        },
    ),
)
quantized(
    "qdq_add_average_pool",
    f"""g (uint8[1,6,4,4] x, uint8[1,6,4,4] z) => (uint8[1,6,1,1] y) {{
      a = DequantizeLinear(x, x_scale, x_zero)
      c = DequantizeLinear(z, x_scale, x_zero)
      s = Add(a, c)
      real = GlobalAveragePool(s)
      {LINEAR_ROUND}
    }}""",
    lambda random: ([pixels(random, 1, 6, 4, 4), pixels(random, 1, 6, 4, 4)], steps(y_scale=0.013)),
)
graph(
    "qlinear_conv_and_matmul_integer",
    """g (uint8[1,4,5,5] x, uint8[3,8] a) => (uint8[1,6,5,5] y, int32[3,5] z, int32[1,6,3,3] c) {
         y = QLinearConv <pads=[1,1,1,1]> (x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero)
         z = MatMulInteger(a, m, x_zero)
         c = ConvInteger(x, w, x_zero)
       }""",
    lambda random: [pixels(random, 1, 4, 5, 5), pixels(random, 3, 8)],
    weights=lambda random: {
        **steps(y_scale=0.0731),
        "w": random.integers(-127, 128, (6, 4, 3, 3)).astype(np.int8),
        "w_scale": scalar(0.004, np.float32),
        "w_zero": scalar(0, np.int8),
        "m": random.integers(-127, 128, (8, 5)).astype(np.int8),
    },
)
graph(
    "dynamic_quantization",
    """g (float[3,8] x) => (float[3,5] y, uint8[3,8] q) {
         q, s, z = DynamicQuantizeLinear(x)
         p = MatMulInteger(q, w, z)
         f = Cast <to=1> (p)
         t = Mul(s, w_scale)
         m = Mul(f, t)
         y = Add(m, bias)
       }""",
    lambda random: [(3, 8)],
    weights=lambda random: {
        key: value for key, value in matrix(random, 8, 5, False).items() if key in ("w", "w_scale", "bias")
    },
)
graph(
    "quantize_half_way",
    """g (float[12] x) => (uint8[12] u, int8[12] s, int16[12] h) {
         u = QuantizeLinear(x, scale, zero8)
         s = QuantizeLinear(x, scale, zero8s)
         h = QuantizeLinear(x, scale, zero16)
       }""",
    lambda random: [np.array([0, 0.25, 0.75, 1.25, -0.25, -0.75, 64, 1e9, -1e9, 63.75, -64.25, -0.0], np.float32)],
    weights=lambda random: {
        "scale": scalar(0.5, np.float32),
        "zero8": scalar(128, np.uint8),
        "zero8s": scalar(0, np.int8),
        "zero16": scalar(0, np.int16),
    },
    opset=21,
    ir=10,
)
graph(
    "int4_blocked_weights",
    """g (float[3,8] x) => (float[3,6] y) {
         w = DequantizeLinear <axis=0, block_size=4> (q, scales, zeros)
         y = MatMul(x, w)
       }""",
    lambda random: [(3, 8)],
    weights=lambda random: {"scales": np.abs(normal(random, 2, 6)) + 0.1},
    change=lambda model: model.graph.initializer.extend(
        onnx.helper.make_tensor(name, onnx.TensorProto.INT4, shape, values)
        for name, shape, values in (
            ("q", (8, 6), [(7 * i) % 16 - 8 for i in range(48)]),
            ("zeros", (2, 6), [i % 5 - 2 for i in range(12)]),
        )
    ),
    opset=21,
    ir=10,
)
