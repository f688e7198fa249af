#!/usr/bin/env python3
"""Writes ONNX's backend cases as folders that `swiftinfer verify` reads.

    Tests/conformance/generate.py OUT [--kinds node,simple,...]

OUT/KIND/NAME/ holds `model.onnx`, `test_data_set_N/input_I.pb` and `output_I.pb`, and, where onnx's own
runner allows another tolerance than rtol 1e-3 and atol 1e-7, a `tolerance.json`. The kinds:

    node               one operator each, and the same expanded to the function that defines it
    simple             small graphs: sequences, sparse initializers, strings, shape inference
    pytorch-operator   exported PyTorch operators
    pytorch-converted  exported PyTorch modules
    light              nine classic networks whose weights are made in the graph by ConstantOfShape

With onnx 1.23.2: 1,884 + 23 + 35 + 82 = 2,024 cases, and the nine of `light` apart.

A protobuf file holds a TensorProto, SequenceProto or OptionalProto, as the declared type of the model's
I-th input or output says. Inputs are numbered over the graph's inputs without initializer; a case may give
fewer data files than the graph has outputs: then only the first outputs are compared.

`tolerance.json` is one object; absent keys and an absent file mean the defaults:

    {"rtol": 0.001, "atol": 1e-07}

Every element must satisfy |found - expected| <= atol + rtol * |expected|; equal infinities and two NaN
agree; strings must be equal; types and shapes must be equal, always. The rule holds for integers too.

Needs only onnx and numpy (Tests/reference/setup.sh conformance). The same onnx release gives the same bytes.
"""

import argparse
import json
import pathlib
import shutil
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as node_cases
from onnx.backend.test.loader import DATA_DIR
from onnx.backend.test.runner import Runner

DATA = pathlib.Path(DATA_DIR)
DEFAULT_RTOL, DEFAULT_ATOL = 1e-3, 1e-7
BFLOAT16_RTOL = 2.0**-6  # onnx's runner grants bfloat16 outputs two units in the last place.
SHIPPED_KINDS = ("simple", "pytorch-operator", "pytorch-converted")
KINDS = ("node", *SHIPPED_KINDS, "light")


def serialized(message) -> bytes:
    return message.SerializeToString(deterministic=True)


def data_bytes(value, info: onnx.ValueInfoProto) -> bytes:
    """A test value in the protobuf message that its declared type calls for."""
    if isinstance(value, onnx.TensorProto):
        return serialized(value)
    if info.type.HasField("sequence_type"):
        return serialized(numpy_helper.from_list(value, info.name))
    if info.type.HasField("optional_type"):
        return serialized(numpy_helper.from_optional(value, info.name))
    if info.type.HasField("map_type"):
        return serialized(numpy_helper.from_dict(value, info.name))
    return serialized(numpy_helper.from_array(np.asarray(value), info.name))


def write_tolerance(folder: pathlib.Path, model: onnx.ModelProto, rtol: float, atol: float) -> None:
    types = [output.type.tensor_type.elem_type for output in model.graph.output]
    if onnx.TensorProto.BFLOAT16 in types:
        rtol = max(rtol, BFLOAT16_RTOL)
    if (rtol, atol) != (DEFAULT_RTOL, DEFAULT_ATOL):
        (folder / "tolerance.json").write_text(json.dumps({"rtol": rtol, "atol": atol}) + "\n")


def write_data_set(folder: pathlib.Path, model: onnx.ModelProto, inputs, outputs) -> None:
    folder.mkdir(parents=True)
    for role, values, infos in (("input", inputs, model.graph.input), ("output", outputs, model.graph.output)):
        for index, (value, info) in enumerate(zip(values, infos)):
            (folder / f"{role}_{index}.pb").write_bytes(data_bytes(value, info))


def write_node_cases(out: pathlib.Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cases overflow on purpose
        cases = node_cases.collect_testcases(None)
    for case in cases:
        folder = out / case.name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(serialized(case.model))
        for index, (inputs, outputs) in enumerate(case.data_sets):
            write_data_set(folder / f"test_data_set_{index}", case.model, inputs, outputs)
        write_tolerance(folder, case.model, case.rtol, case.atol)


def copy_shipped_cases(kind: str, out: pathlib.Path) -> None:
    for source in sorted(path.parent for path in (DATA / kind).glob("*/model.onnx")):
        folder = out / source.name
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("data.json", "__pycache__"))
        described = source / "data.json"
        tolerance = json.loads(described.read_text()) if described.exists() else {}
        write_tolerance(
            folder,
            onnx.load(folder / "model.onnx"),
            tolerance.get("rtol", DEFAULT_RTOL),
            tolerance.get("atol", DEFAULT_ATOL),
        )


def write_light_cases(out: pathlib.Path) -> None:
    """The networks of onnx's kind `real`, with the inputs its runner makes: 0, 1/n, ... (n - 1)/n."""
    for described in sorted((DATA / "real").glob("*/data.json")):
        case = json.loads(described.read_text())
        source = DATA / "light" / pathlib.PurePosixPath(case["url"]).name
        model = onnx.load(source)
        folder = out / described.parent.name
        folder.mkdir(parents=True)
        shutil.copyfile(source, folder / "model.onnx")
        initializers = {tensor.name for tensor in model.graph.initializer}
        fed = [info for info in model.graph.input if info.name not in initializers]
        outputs = [
            onnx.load_tensor(source.with_name(f"{source.stem}_output_{index}.pb"))
            for index in range(len(model.graph.output))
        ]
        data = folder / "test_data_set_0"
        write_data_set(data, model, [], outputs)
        for index, info in enumerate(fed):
            value = Runner.generate_dummy_data(info, name=case["model_name"])
            (data / f"input_{index}.pb").write_bytes(data_bytes(value, info))
        write_tolerance(folder, model, case["rtol"], case["atol"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder to write; its KIND folders are replaced")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"comma-separated, of {', '.join(KINDS)}")
    arguments = parser.parse_args()
    kinds = arguments.kinds.split(",")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        parser.error(f"unknown kind {', '.join(unknown)}: use {', '.join(KINDS)}")

    lines = [f"ONNX backend cases, onnx {onnx.__version__}"]
    for kind in kinds:
        out = arguments.out / kind
        shutil.rmtree(out, ignore_errors=True)
        if kind == "node":
            write_node_cases(out)
        elif kind == "light":
            write_light_cases(out)
        else:
            copy_shipped_cases(kind, out)
        lines.append(f"{kind} {len(list(out.iterdir()))}")
    (arguments.out / "README.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
