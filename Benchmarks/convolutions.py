#!/usr/bin/env python3
"""Writes docs/convolutions.md: how long each algorithm takes for each convolution of the subject models.

    Benchmarks/convolutions.py [MODEL...] [--threads 1,2] [--output FILE]

A MODEL is what `swiftinfer inspect` takes. The times are those by which plans are made with `--tune full`: what
the cache of this processor holds is not measured again, so that a run may be stopped and taken up. Empty it, or
name another by SWIFTINFER_CACHE, to measure anew.
"""

import argparse
import datetime
import json
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = ("resnet50", "wide_resnet50_2", "wide_resnet101_2", "resnext50_32x4d", "resnext101_64x4d", "mobilenet_v2")
ALGORITHMS = {
    "positionsInLanes": "positions in lanes",
    "channelsInLanes": "channels in lanes",
    "direct": "direct",
    "winograd2": "F(2x2)",
    "winograd4": "F(4x4)",
    "strassen": "Strassen",
}


def plan(program, model, threads):
    command = [program, "inspect", model, "--plan", "--tune", "full", "--threads", str(threads), "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def processor():
    info = pathlib.Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    name = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    family = re.search(r"^cpu family\s*:\s*(\d+)\nmodel\s*:\s*(\d+)$", text, re.M)
    detail = f", family {family[1]} model {family[2]}" if family else ""
    return f"{name[1] if name else platform.processor()}{detail}"


def kernel_algorithm(kernel):
    """The algorithm in a kernel's name, such as conv_f32_winograd4_avx512."""
    return next((name for name in ALGORITHMS if f"_{name}_" in kernel), None)


def table(plans):
    """Rows of all layers that were measured, the order that of the models."""
    layers = {}
    for model, document in plans:
        for step in document["steps"]:
            if measurement := step.get("measurement"):
                entry = layers.setdefault(measurement["shape"], {"models": {}, "step": step})
                entry["models"][model] = entry["models"].get(model, 0) + 1
    rows = []
    wrong, lost = 0, []
    for shape, entry in layers.items():
        step = entry["step"]
        measurement = step["measurement"]
        times = {timing["kernel"]: timing["microseconds"] for timing in measurement["timings"]}
        chosen, preferred = kernel_algorithm(step["kernel"]), measurement["preferred"]
        wrong += chosen != preferred
        lost.append(times[preferred] / times[chosen] - 1)
        cells = []
        for name in ALGORITHMS:
            text = f"{times[name]:.0f}" if name in times else ""
            text = f"**{text}**" if name == chosen else text
            cells.append(f"{text} †" if name == preferred != chosen else text)
        count = ", ".join(f"{model} {number}" for model, number in entry["models"].items())
        rows.append(f"| {shape} | {' | '.join(cells)} | {count} |")
    head = ["| layer | " + " | ".join(ALGORITHMS.values()) + " | layers of |"]
    head += ["| --- |" + " ---: |" * len(ALGORITHMS) + " --- |"]
    mean = 100 * sum(lost) / max(1, len(lost))
    summary = (
        f"{len(rows)} layers; arithmetic chooses otherwise for {wrong} of them, and loses {mean:.1f} % on the mean"
        f" layer, {100 * max(lost, default=0):.0f} % on the worst."
    )
    return "\n".join(head + rows), summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="zoo:NAME or a file; the zoo's convolutional models")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (1,2)")
    parser.add_argument("--output", default=str(ROOT / "docs/convolutions.md"), help="the file to write")
    parser.add_argument("--swiftinfer", default=str(ROOT / ".build/release/swiftinfer"), help="the program")
    arguments = parser.parse_args()
    models = arguments.models or [f"zoo:{name}" for name in MODELS]
    parts = []
    for threads in [int(text) for text in arguments.threads.split(",")]:
        plans = []
        for model in models:
            print(f"convolutions: {model}, {threads} threads", file=sys.stderr)
            plans.append((model.removeprefix("zoo:"), plan(arguments.swiftinfer, model, threads)))
        rows, summary = table(plans)
        isa = plans[0][1]["isa"]
        parts.append(f"## {threads} {'thread' if threads == 1 else 'threads'}, {isa}\n\n{summary}\n\n{rows}\n")
    date = datetime.datetime.now(datetime.timezone.utc).date()
    text = f"""# Convolutions: choice against shape

Microseconds of the shortest run of each algorithm, for every distinct convolution of the subject models that more than one could
compute. Bold is what a plan with `--tune full` takes; † is what arithmetic takes without measuring, where that is another. A candidate
far behind has had two runs only. Weights come from memory as far as the last cache does not hold them all; bias and ReLU are included.

Made by `make convolutions` on {date}, {processor()}.

"""
    pathlib.Path(arguments.output).write_text(text + "\n".join(parts))


if __name__ == "__main__":
    main()
