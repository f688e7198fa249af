#!/usr/bin/env python3
"""Runs ONNX's backend cases through `swiftinfer verify` and holds the result against the list in git.

    Tests/conformance/check.py [--update] [--swiftinfer FILE] [--cases FOLDER]

`passing.txt` beside this script lists the cases that pass, as KIND/NAME. A listed case that no longer passes,
one that gives a wrong answer instead of saying that it is unsupported, or a crash makes the check fail; `--update`
writes the list anew, sorted. The cases are made once by generate.py, in the environment of setup.sh conformance.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIST = HERE / "passing.txt"
# Their outputs are random by definition: no engine can equal the recorded ones.
RANDOM = {
    "node/test_training_dropout",
    "node/test_training_dropout_default",
    "node/test_training_dropout_default_mask",
    "node/test_training_dropout_mask",
}


def generated(folder: pathlib.Path) -> list[pathlib.Path]:
    """The case folders, made if they are missing or older than what makes them."""
    stamp = folder / "README.txt"
    newest = max(path.stat().st_mtime for path in (HERE / "generate.py", *ROOT.glob("Tests/reference/requirements/*")))
    if not stamp.exists() or stamp.stat().st_mtime < newest:
        setup = ROOT / "Tests/reference/setup.sh"
        python = subprocess.run([setup, "conformance"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        subprocess.run([python, HERE / "generate.py", folder], check=True)
    return sorted(path.parent for path in folder.glob("*/*/model.onnx"))


def verified(binary: pathlib.Path, cases: list[pathlib.Path]) -> dict[str, tuple[str, str]]:
    """Status and detail of every case by KIND/NAME. Names are unique over the kinds.

    Where verify dies, the cases are halved until the one that kills it stands alone.
    """
    done = subprocess.run([binary, "verify", "--json", *cases], capture_output=True, text=True)
    kinds = {path.name: f"{path.parent.name}/{path.name}" for path in cases}
    if done.returncode in (0, 1) and done.stdout:
        answered = json.loads(done.stdout)["cases"]
        return {
            kinds[pathlib.PurePath(case["name"]).name]: (case["status"], case.get("detail") or "") for case in answered
        }
    if len(cases) == 1:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return {kinds[cases[0].name]: ("crash", f"exit code {done.returncode} {last}".rstrip())}
    half = len(cases) // 2
    return verified(binary, cases[:half]) | verified(binary, cases[half:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--swiftinfer", type=pathlib.Path, default=ROOT / ".build/release/swiftinfer")
    parser.add_argument("--cases", type=pathlib.Path, default=ROOT / ".build/conformance", help="where the cases are")
    parser.add_argument("--update", action="store_true", help="write the list of passing cases")
    arguments = parser.parse_args()
    if not arguments.swiftinfer.exists():
        print(f"check.py: no program at {arguments.swiftinfer}: run `swift build -c release`", file=sys.stderr)
        return 2

    cases = generated(arguments.cases)
    found = verified(arguments.swiftinfer, cases)
    passing = sorted(name for name, (status, _) in found.items() if status == "pass")
    counts = collections.Counter((name.split("/")[0], status) for name, (status, _) in found.items())
    statuses = ("pass", "unsupported", "fail", "error", "crash")
    for kind in sorted({kind for kind, _ in counts}):
        print(f"{kind:18}", *(f"{counts[kind, status]:5} {status}" for status in statuses))
    without_light = {key: value for key, value in counts.items() if key[0] != "light"}
    totals = {status: sum(value for key, value in without_light.items() if key[1] == status) for status in statuses}
    print(f"{'all but light':18}", *(f"{totals[status]:5} {status}" for status in statuses))

    if arguments.update:
        LIST.write_text("".join(f"{name}\n" for name in passing))
    listed = set(LIST.read_text().split()) if LIST.exists() else set()
    missing = sorted({f"{path.parent.name}/{path.name}" for path in cases} - set(found))
    lost = sorted(listed - set(passing))
    wrong = sorted(
        name for name, (status, _) in found.items() if status in ("fail", "error", "crash") and name not in RANDOM
    )
    for title, names in (
        ("not answered", missing),
        ("listed in passing.txt, but does not pass", lost),
        ("neither passes nor says that it is unsupported", [name for name in wrong if name not in lost]),
    ):
        for name in names:
            print(f"{title}: {name} {found.get(name, ('', ''))[1]}".rstrip())
    fresh = len(set(passing) - listed)
    if fresh:
        print(f"{fresh} more cases pass than passing.txt lists: check.py --update")
    return 1 if missing or lost or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
