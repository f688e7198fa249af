"""What a model file may hold besides operators: storage of weights, names, inputs with defaults."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .fixture import graph, normal

LINEAR = "g (float[2,6] x) => (float[2,5] y) { m = MatMul(x, w) y = Add(m, b) }"


def linear_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"w": normal(random, 6, 5), "b": normal(random, 5)}


graph("external_data", LINEAR, lambda random: [(2, 6)], weights=linear_weights, external="weights.bin")


def make_sparse(model: onnx.ModelProto) -> None:
    """Turns the weight into a sparse initializer, its indices once linear and once as pairs."""
    dense = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name in ("w", "v"):
        matrix = dense[name].copy()
        matrix[np.abs(matrix) < 0.8] = 0
        places = np.argwhere(matrix)
        values = numpy_helper.from_array(matrix[tuple(places.T)], name)
        indices = places if name == "w" else np.ravel_multi_index(tuple(places.T), matrix.shape)
        sparse = helper.make_sparse_tensor(
            values, numpy_helper.from_array(indices.astype(np.int64), f"{name}_indices"), list(matrix.shape)
        )
        model.graph.sparse_initializer.append(sparse)
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in ("w", "v")]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


graph(
    "sparse_initializers",
    "g (float[2,6] x) => (float[2,4] y) { m = MatMul(x, w) y = MatMul(m, v) }",
    lambda random: [(2, 6)],
    weights=lambda random: {"w": normal(random, 6, 5), "v": normal(random, 5, 4)},
    change=make_sparse,
)


def typed_fields(model: onnx.ModelProto) -> None:
    """Stores every initializer in the typed field of its element type instead of as raw bytes."""
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        kind = tensor.data_type
        values = array.flatten()
        if kind in (TensorProto.FLOAT16, TensorProto.BFLOAT16):
            typed = TensorProto(name=tensor.name, data_type=kind, dims=array.shape)
            typed.int32_data.extend(int(bits) for bits in values.view(np.uint16))
        else:
            typed = helper.make_tensor(tensor.name, kind, array.shape, values.tolist())
        tensor.CopyFrom(typed)


graph(
    "weights_in_typed_fields",
    """g (float[4] x) => (float[4] a, double[4] b, int64[4] c, int32[4] d, float[4] e, bool[4] f, float[4] h, float[4] i, uint64[4] j) {
         a = Add(x, float32)
         b = Add(float64, float64)
         c = Add(int64, int64)
         d = Add(int32, int32)
         e = Cast <to=1> (int8)
         f = Not(bool)
         h = Cast <to=1> (float16)
         i = Cast <to=1> (uint8)
         j = Cast <to=13> (uint16)
       }""",
    lambda random: [(4,)],
    weights=lambda random: {
        "float32": normal(random, 4),
        "float64": normal(random, 4).astype(np.float64),
        "int64": np.array([1, -2, 2**40, -(2**40)], np.int64),
        "int32": np.array([1, -2, 2**30 - 1, -(2**30)], np.int32),
        "int8": np.array([0, 1, -128, 127], np.int8),
        "uint8": np.array([0, 1, 128, 255], np.uint8),
        "uint16": np.array([0, 1, 40000, 65535], np.uint16),
        "bool": np.array([True, False, False, True]),
        "float16": np.array([1, -0.5, 65504, 6e-8], np.float16),
    },
    change=typed_fields,
    exact=True,
)


def defaults(model: onnx.ModelProto) -> None:
    """Lists the initializers among the inputs, as files of IR version 3 must."""
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))


graph("initializers_as_inputs", LINEAR, lambda random: [(2, 6)], weights=linear_weights, change=defaults, opset=9, ir=3)
graph(
    "outputs_without_nodes",
    """g (float[2] x, float[3] unused) => (float[2] x_again, float[2] x, float[2] w, float[2] first, float[2] second) {
         x_again = Identity(x)
         first = Neg(x)
         second = Identity(first)
         dead = Exp(unused)
       }""",
    lambda random: [(2,), (3,)],
    weights=lambda random: {"w": normal(random, 2)},
    exact=True,
)
graph(
    "optional_outputs_left_out",
    """g (float[4,1,3] x) => (float[1,1,2] h, float[4,1,3] d, float[2,1,3] a) {
         "", h = RNN <hidden_size=2> (x, w, r)
         d, unused = Dropout(x)
         a, rest = Split <axis=0> (x)
       }""",
    lambda random: [(4, 1, 3)],
    weights=lambda random: {"w": normal(random, 1, 2, 3), "r": normal(random, 1, 2, 2)},
)


def unnamed(model: onnx.ModelProto) -> None:
    """Two nodes without a name, and names with spaces, slashes and other alphabets."""
    for node, name in zip(model.graph.node, ("", "", "/a b/c:0", "größe")):
        node.name = name
    renamed = {"p": "/layer 1/out:0", "q": "größe", "s": "名前"}
    for node in model.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = renamed.get(name, name)


graph(
    "odd_names",
    "g (float[3] x) => (float[3] y) { p = Relu(x) q = Neg(x) s = Add(p, q) y = Mul(s, p) }",
    lambda random: [(3,)],
    change=unnamed,
)
graph(
    "strings",
    """g (string[3] x) => (string[3] y, bool[3] e, string[2] s) {
         y = Identity(x)
         w = Constant <value_strings=["b", "ü", ""]> ()
         e = Equal(x, w)
         i = Constant <value_ints=[2, 0]> ()
         s = Gather(x, i)
       }""",
    lambda random: [np.array(["a", "ü", "with space"], object)],
    opset=19,
    ir=9,
)
graph(
    "constant_forms",
    """g (float[2] x) => (float[2] a, int64[2] b, float c, float[2,2] d, float[3] e) {
         f = Constant <value_floats=[1.5, -2.5]> ()
         a = Add(x, f)
         b = Constant <value_ints=[3, -4]> ()
         c = Constant <value_float=0.25> ()
         d = Constant <value = float[2,2] {1.0, 2.0, 3.0, 4.0}> ()
         n = Constant <value_ints=[3]> ()
         e = ConstantOfShape <value = float[1] {7.5}> (n)
       }""",
    lambda random: [(2,)],
    exact=True,
)
