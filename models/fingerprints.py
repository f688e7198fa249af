#!/usr/bin/env python3
"""Prints the fingerprint of each exported model's graph, for `Tests/ZooTests/ExportTests.swift`.

    models/fingerprints.py FOLDER/NAME.onnx...      name, nodes, fingerprint
    models/fingerprints.py --text FOLDER/NAME.onnx  the text that is hashed, see `Tests/ZooTests/GraphText.swift`

The files come from `models/export.py`. `Constant` nodes count as constants.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def tensor_text(tensor: onnx.TensorProto) -> str:
    text = f"{tensor.data_type}[{','.join(map(str, tensor.dims))}]"
    if tensor.data_type == onnx.TensorProto.FLOAT:
        if int(np.prod(tensor.dims)) != 1:
            return text
        return f"{text} bits {numpy_helper.to_array(tensor).view(np.uint32).item()}"
    return f"{text} {','.join(str(int(x)) for x in numpy_helper.to_array(tensor).ravel())}"


def attribute_text(attribute: onnx.AttributeProto) -> str:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return tensor_text(value)
    if isinstance(value, float):
        return f"bits {np.float32(value).view(np.uint32)}"
    if isinstance(value, int):
        return str(value)
    return f"[{','.join(map(str, value))}]"


def value_text(info: onnx.ValueInfoProto) -> str:
    type = info.type.tensor_type
    return f"{info.name} {type.elem_type}[{','.join(d.dim_param or str(d.dim_value) for d in type.shape.dim)}]"


def describe(model: onnx.ModelProto) -> tuple[str, int]:
    """The text of a graph, and the number of its nodes."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    lines = [f"opset {model.opset_import[0].version}"]
    lines += [f"input {value_text(info)}" for info in graph.input]
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = node.attribute[0].t
            continue
        attributes = ", ".join(f"{a.name}={attribute_text(a)}" for a in sorted(node.attribute, key=lambda a: a.name))
        nodes.append(f"{node.op_type} {node.name} ({', '.join(node.input)}) -> {', '.join(node.output)} {{{attributes}}}")
    lines += nodes + [f"output {value_text(info)}" for info in graph.output]
    lines += [f"constant {name} {tensor_text(constants[name])}" for name in sorted(constants)]
    return "".join(f"{line}\n" for line in lines), len(nodes)


def fingerprint(text: str) -> int:
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def main() -> None:
    arguments = sys.argv[1:]
    only_text = arguments[:1] == ["--text"]
    for file in map(pathlib.Path, arguments[only_text:]):
        text, nodes = describe(onnx.load(file))
        print(text if only_text else f"{file.stem} {nodes} 0x{fingerprint(text):016X}", end="" if only_text else "\n")


if __name__ == "__main__":
    main()
