"""Holds models that were read and written again against onnx's checker, and lays them out as cases.

    roundtrip.py ORIGINALS WRITTEN CASES

ORIGINALS is a folder of cases. WRITTEN holds a copy of each of their models under its path with `__` for `/`, as `AllModelsTests`
leaves them. CASES receives the same cases with the copies in the place of the models. Ends with 1 if the checker refuses
a copy of a model that it accepts, or a copy is missing.
"""

import pathlib
import sys

import onnx.checker


def fault(model):
    try:
        onnx.checker.check_model(str(model))
    except Exception as error:  # whatever the checker raises is what it says
        return str(error).splitlines()[0]
    return None


def main():
    originals, written, cases = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    models = sorted(originals.rglob("*.onnx"))
    faults = []
    for model in models:
        name = model.relative_to(originals)
        copy = written / str(name).replace("/", "__")
        if not copy.exists():
            faults.append(f"{name}: was not written")
            continue
        found = fault(copy)
        if found is not None and fault(model) is None:
            faults.append(f"{name}: {found}")
        if model.name == "model.onnx":
            case = cases / name.parent
            for file in model.parent.rglob("*"):  # data and tolerances; the verifier follows links to files alone
                if file.is_file():
                    link = case / file.relative_to(model.parent)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(copy if file == model else file)
    print(*faults, f"{len(models)} models, {len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
