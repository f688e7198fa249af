#!/usr/bin/env python3
"""Makes the reference cases of this folder.

    Tests/Fixtures/make.py [NAME...]      (no NAME: all, and cases without a recipe are removed)

cases/NAME/ holds `model.onnx`, `test_data_set_N/{input,output}_I.pb` and `tolerance.json`, as
Tests/conformance/generate.py describes them. Outputs are onnxruntime's with its optimisations off; for a module
exported from PyTorch they must agree with PyTorch's to 1e-5 of the largest output, or nothing is written.

Tolerances: integers, booleans, strings and moved data must be equal. Floats may differ by 1e-5 of the value and
2e-5 of the case's largest output: sums in another order and a Winograd transform stay below that, a wrong
element does not. Half-precision outputs get 2e-3, two units in the last place.

Needs Tests/reference/setup.sh export; VERSIONS.txt says what the committed cases were made with.
"""

import argparse
import json
import logging
import os
import pathlib
import shutil
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]

import cpu_torch  # noqa: E402, F401
import recipes  # noqa: E402, F401
import transformers  # noqa: E402
from recipes import fixture  # noqa: E402

OUT = HERE / "cases"


def without_origin(message) -> None:
    """Removes documentation, source lines and file names that the exporters leave in a model."""
    for field, value in message.ListFields():
        if field.name in ("doc_string", "metadata_props"):
            message.ClearField(field.name)
        elif field.message_type is not None:
            for part in value if field.is_repeated else [value]:
                without_origin(part)


def largest(arrays: list) -> float:
    sizes = [np.abs(array.astype(np.float64)).max() for array in arrays if array.dtype.kind == "f" and array.size]
    finite = [size for size in sizes if np.isfinite(size)]
    return float(max(finite, default=0.0))


def check(name: str, found: list, expected: list) -> None:
    for index, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.shape != b.shape:
            raise SystemExit(f"make.py: {name}: output {index} is {a.shape}, PyTorch's {b.shape}")
        limit = 1e-5 * max(largest([b]), 1e-3)
        if not np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=0, atol=limit, equal_nan=True):
            raise SystemExit(f"make.py: {name}: output {index} differs from PyTorch's")


def write(name: str, case: fixture.Case) -> None:
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    without_origin(case.model)
    onnx.checker.check_model(case.model)
    stored = case.model
    if case.external:
        stored = onnx.ModelProto()
        stored.CopyFrom(case.model)
        onnx.save_model(
            stored,
            folder / "model.onnx",
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location=case.external,
            size_threshold=0,
            convert_attribute=False,
        )
    else:
        (folder / "model.onnx").write_bytes(stored.SerializeToString(deterministic=True))
    outputs = []
    for number, values in enumerate(case.data_sets):
        found = (
            case.expected[number]
            if case.expected
            else fixture.evaluated(str(folder / "model.onnx"), values, fixture.fed_inputs(case.model))
        )
        if case.answers:
            check(name, found, case.answers[number])
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        names = [info.name for info in case.model.graph.output]
        for role, items, keys in (("input", values, fixture.fed_inputs(case.model)), ("output", found, names)):
            for index, (item, key) in enumerate(zip(items, keys, strict=True)):
                tensor = numpy_helper.from_array(np.asarray(item), key)
                (data / f"{role}_{index}.pb").write_bytes(tensor.SerializeToString(deterministic=True))
        outputs += found
    rtol, atol = 1e-5, 2e-5 * largest(outputs)
    if case.exact or all(output.dtype.kind != "f" for output in outputs):
        rtol, atol = 0.0, 0.0
    elif any(output.dtype == np.float16 for output in outputs):
        rtol, atol = 2e-3, 2e-3 * largest(outputs)
    (folder / "tolerance.json").write_text(json.dumps({"rtol": rtol, "atol": float(f"{atol:.2g}")}) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="cases to make, default all")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(fixture.RECIPES))
    if unknown:
        parser.error(f"no recipe makes {', '.join(unknown)}")
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)

    for name in arguments.names or sorted(fixture.RECIPES):
        fixture.seeded(name)
        try:
            case = fixture.RECIPES[name]()
            write(name, case)
        except Exception as error:
            print(f"make.py: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            shutil.rmtree(OUT / name, ignore_errors=True)
            if not os.environ.get("KEEP_GOING"):
                return 1
    if not arguments.names:
        for folder in OUT.iterdir():
            if folder.name not in fixture.RECIPES:
                shutil.rmtree(folder)
        versions = [
            f"{module.__name__} {module.__version__}" for module in (np, onnx, onnxruntime, torch, transformers)
        ]
        (HERE / "VERSIONS.txt").write_text("\n".join(versions) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
