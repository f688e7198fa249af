#!/usr/bin/env python3
"""Measures swiftinfer against ONNX Runtime and OpenVINO on the same models, interleaved.

    Benchmarks/peers/compare.py [MODEL[@TOKENS]...] [--threads 1,2] [--json] [--write docs/performance.md]

A MODEL is a name of the zoo (built once by `swiftinfer zoo build` into .peers/zoo) or an ONNX file. Of a text
all 128 tokens are real; with @TOKENS so many, and masks hide those behind. All engines get the same file and
the same inputs, on the same cores; swiftinfer+plan gets a plan file that was compiled of it before. The peers
live in resident processes that run only when told; swiftinfer, whose process ends after each turn, warms up
first in every turn, and so do they.
One round gives each engine one turn, in an order that rotates. A cell is the median over the rounds of a
turn's median; a ratio is the peer's divided by ours, so above 1 swiftinfer is the faster one.

The first run makes .peers/ by Tests/reference/setup.sh. Linux only: cores are pinned by sched_setaffinity.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = ("onnxruntime", "openvino")
OURS = "swiftinfer"
# The same with a plan file, which is compiled before.
PLANNED = "swiftinfer+plan"
DEFAULT_MODELS = (
    "wide_resnet101_2",
    "wide_resnet50_2",
    "resnet50",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "mobilenet_v2",
    "bert-base",
    "bert-base@55",
    "roberta-base",
    "roberta-base@55",
    "bert-small",
    "roberta-tiny",
)
# What a free dimension of a model becomes: the first is the batch, and a text has 128 tokens.
BATCH, TOKENS = 1, 128


def enter_environment() -> None:
    """Continues in the python of .peers/, making it first where it is missing or old."""
    if os.environ.get("SWIFTINFER_PEERS"):
        return
    setup = ROOT / "Tests/reference/setup.sh"
    made = subprocess.run([setup, "peers"], stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit("compare.py: the peers could not be installed; what pip said stands above")
    python = made.stdout.strip()
    os.execve(python, [python, *sys.argv], os.environ | {"SWIFTINFER_PEERS": "1"})


@dataclasses.dataclass
class Turn:
    median_ms: float
    min_ms: float


@dataclasses.dataclass
class Result:
    """What one engine did with one model at one number of threads."""

    load_ms: float
    first_run_ms: float
    peak_memory_bytes: int = 0
    turns: list[Turn] = dataclasses.field(default_factory=list)
    difference: float = 0.0

    @property
    def median_ms(self) -> float:
        return statistics.median(turn.median_ms for turn in self.turns)

    @property
    def noisy(self) -> bool:
        """Whether the rounds disagree by more than a tenth: something else ran on the machine."""
        medians = [turn.median_ms for turn in self.turns]
        return max(medians) - min(medians) > 0.1 * self.median_ms

    @property
    def min_ms(self) -> float:
        return min(turn.min_ms for turn in self.turns)


class Peer:
    """A resident worker process."""

    def __init__(self, name: str, model: pathlib.Path, threads: int, inputs: pathlib.Path):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name, model, str(threads), inputs],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, range_of_cores(threads)),
        )
        start = self.answer()
        self.version = start["version"]
        self.outputs = pathlib.Path(start["outputs"])
        self.result = Result(start["load_ms"], start["first_run_ms"])

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} stopped with exit code {self.process.wait()}")
        return json.loads(line)

    def turn(self, warmup: int, runs: int) -> None:
        self.process.stdin.write(f"run {warmup} {runs}\n")
        self.process.stdin.flush()
        answer = self.answer()
        times = answer["times_ms"]
        self.result.turns.append(Turn(statistics.median(times), min(times)))
        self.result.peak_memory_bytes = answer["peak_memory_bytes"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class SwiftInfer:
    """One process a turn; load and first run are medians over the turns."""

    def __init__(self, name: str, binary: pathlib.Path, model: pathlib.Path, threads: int, inputs: pathlib.Path):
        import numpy as np

        self.name = name
        self.threads = threads
        if name == PLANNED:
            shapes = [f"--shape={key}={'x'.join(map(str, value.shape))}" for key, value in np.load(inputs).items()]
            plan = inputs.with_suffix(".plan")
            self.call([binary, "compile", model, "-o", plan, "--threads", threads, *shapes])
            model = plan
        self.command = [binary, "latency", model, "--threads", str(threads), "--json"]
        self.folder = inputs.with_suffix("").with_name(f"{inputs.stem}-{name}")
        self.folder.mkdir()
        run = [binary, "run", model, "--threads", threads, "--output-dir", self.folder / "outputs"]
        for index, (key, value) in enumerate(np.load(inputs).items()):
            file = self.folder / f"input_{index}.npy"
            np.save(file, value)
            self.command += ["--input", f"{key}={file}"]
            run += ["--input", f"{key}={file}"]
        self.loads, self.first_runs = [], []
        self.version = ""
        self.call(run)
        self.outputs = self.folder / "outputs"
        self.result = Result(0, 0)

    def call(self, command: list) -> str:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, range_of_cores(self.threads)),
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: {done.stderr.strip() or f'exit code {done.returncode}'}")
        return done.stdout

    def turn(self, warmup: int, runs: int) -> None:
        answer = json.loads(self.call([*self.command, "--warmup", warmup, "--runs", runs]))
        self.version = answer["isa"]
        self.result.turns.append(Turn(answer["latency_ms"]["median"], answer["latency_ms"]["min"]))
        self.loads.append(answer["load_ms"])
        self.first_runs.append(answer["first_run_ms"])
        self.result.load_ms = statistics.median(self.loads)
        self.result.first_run_ms = statistics.median(self.first_runs)
        self.result.peak_memory_bytes = max(self.result.peak_memory_bytes, answer["peak_memory_bytes"])

    def close(self) -> None:
        pass


def range_of_cores(threads: int) -> list[int]:
    return sorted(os.sched_getaffinity(0))[:threads]


def write_inputs(model: pathlib.Path, file: pathlib.Path, real_tokens: int | None) -> None:
    """Normal floats, token ids that every vocabulary has, masks of ones: for so many tokens only, if told."""
    import numpy as np
    import onnx

    graph = onnx.load(model, load_external_data=False).graph
    initializers = {tensor.name for tensor in graph.initializer}
    generator = np.random.default_rng(1)
    values = {}
    for info in graph.input:
        if info.name in initializers:
            continue
        tensor = info.type.tensor_type
        free = iter([BATCH] + [TOKENS] * len(tensor.shape.dim))
        shape = [d.dim_value if d.HasField("dim_value") else next(free) for d in tensor.shape.dim]
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if np.issubdtype(kind, np.floating):
            values[info.name] = generator.standard_normal(shape).astype(kind)
        elif "mask" in info.name:
            values[info.name] = np.ones(shape, kind)
            values[info.name][..., real_tokens:] = 0
        elif "type" in info.name:
            values[info.name] = np.zeros(shape, kind)
        else:
            values[info.name] = generator.integers(3, 1000, shape).astype(kind)
    np.savez(file, **values)


def largest_difference(model: pathlib.Path, expected: pathlib.Path, found: pathlib.Path) -> float:
    """The largest difference of two engines' outputs, relative to the largest output."""
    import numpy as np
    import onnx

    names = [info.name for info in onnx.load(model, load_external_data=False).graph.output]
    worst = 0.0
    for index, a in enumerate(np.load(expected).values()):
        if found.is_dir():
            b = np.load(found / (re.sub(r"[/\\:]", "_", names[index]) + ".npy"))
        else:
            b = np.load(found)[f"{index:03}"]
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        if a.shape != b.shape:
            return float("inf")
        worst = max(worst, float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)))
    return worst


def compare(
    model: pathlib.Path, real_tokens: int | None, threads: int, engines: list[str], arguments, folder: pathlib.Path
) -> dict:
    """Starts the engines on the model, then gives them turns."""
    inputs = folder / f"{model.stem}-{real_tokens}-{threads}.npz"
    write_inputs(model, inputs, real_tokens)
    with contextlib.ExitStack() as stack:
        running = []
        for name in engines:
            if name in (OURS, PLANNED):
                engine = SwiftInfer(name, arguments.swiftinfer, model, threads, inputs)
            else:
                engine = Peer(name, model, threads, inputs)
            stack.callback(engine.close)
            running.append(engine)
        peers = [engine for engine in running if engine.name in PEERS]
        reference = peers[0]
        for engine in running:
            engine.result.difference = largest_difference(model, reference.outputs, engine.outputs)
        estimate = min(engine.result.first_run_ms for engine in peers)
        runs = max(5, min(200, round(arguments.seconds * 1e3 / estimate)))
        for number in range(arguments.rounds):
            shift = number % len(running)
            for engine in running[shift:] + running[:shift]:
                engine.turn(warmup=max(2, runs // 10), runs=runs)
        return {engine.name: (engine.version, engine.result) for engine in running}


def processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    widest = next((name for name in ("avx512f", "avx2") if f" {name} " in flags), "")
    family = re.search(r"cpu family\s*:\s*(\d+)\nmodel\s*:\s*(\d+)", flags)
    detail = f", family {family[1]} model {family[2]}" if family else ""
    name = found[1] if found else platform.machine()
    return f"{name}{detail}{', ' + widest if widest else ''}, {os.cpu_count()} cores"


def locate(model: str, arguments) -> pathlib.Path:
    """The ONNX file of a model given as a file, or by its name in --models or in the zoo."""
    if model.endswith(".onnx"):
        return pathlib.Path(model)
    if arguments.models:
        return arguments.models / f"{model}.onnx"
    cached = ROOT / ".peers/zoo" / f"{model}.onnx"
    if not cached.exists() or cached.stat().st_mtime < arguments.swiftinfer.stat().st_mtime:
        cached.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([arguments.swiftinfer, "zoo", "build", model, "-o", cached], check=True, stdout=sys.stderr)
    return cached


def subject(word: str) -> tuple[str, int | None]:
    """A model, and how many of its tokens are real, if it says so."""
    found = re.fullmatch(r"(.+?)(?:@(\d+))?", word)
    return found[1], int(found[2]) if found[2] else None


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "model",
        nargs="*",
        type=subject,
        metavar="MODEL[@TOKENS]",
        help="zoo names or ONNX files, and how many tokens of a text are real; without any the models of "
        "docs/performance.md",
    )
    parser.add_argument("--threads", default="1,2", help="numbers of threads, comma-separated")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine")
    parser.add_argument("--seconds", type=float, default=1.5, help="time of a turn")
    parser.add_argument("--engines", default=",".join((OURS, PLANNED, *PEERS)), help="engines to measure")
    parser.add_argument("--models", type=pathlib.Path, help="folder of NAME.onnx to take instead of the zoo")
    parser.add_argument(
        "--swiftinfer",
        type=pathlib.Path,
        default=ROOT / ".build/release/swiftinfer",
        help="the binary to measure",
    )
    parser.add_argument("--write", type=pathlib.Path, help="a file for the table as Markdown, too")
    parser.add_argument("--json", action="store_true", help="print one JSON document and no table")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    engines = arguments.engines.split(",")
    unknown = sorted(set(engines) - {OURS, PLANNED, *PEERS})
    if unknown or not set(engines) & set(PEERS):
        print(f"compare.py: --engines takes {OURS}, {PLANNED} and at least one of {', '.join(PEERS)}", file=sys.stderr)
        return 2
    if {OURS, PLANNED} & set(engines) and not shutil.which(arguments.swiftinfer):
        print(
            f"compare.py: no program at {arguments.swiftinfer}: build it by `swift build -c release`, or leave "
            f"it out by --engines {','.join(PEERS)}",
            file=sys.stderr,
        )
        return 2
    cores = len(os.sched_getaffinity(0))
    threads = [int(number) for number in arguments.threads.split(",")]
    if max(threads) > cores:
        print(f"compare.py: {max(threads)} threads on {cores} cores measure nothing useful", file=sys.stderr)
        return 2
    enter_environment()

    rows, versions, failed = [], {}, False
    with tempfile.TemporaryDirectory() as folder:
        for model, real_tokens in arguments.model or map(subject, DEFAULT_MODELS):
            for count in threads:
                tokens = f", {real_tokens} real tokens" if real_tokens else ""
                print(f"{model}{tokens}, {count} thread{'s' * (count > 1)} ...", file=sys.stderr, flush=True)
                try:
                    file = locate(model, arguments)
                    results = compare(file, real_tokens, count, engines, arguments, pathlib.Path(folder))
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    print(f"compare.py: {model}: {error}", file=sys.stderr)
                    failed = True
                    continue
                versions |= {name: version for name, (version, _) in results.items()}
                row = {name: result for name, (_, result) in results.items()}
                rows.append((file.stem + (f"@{real_tokens}" if real_tokens else ""), count, row))

    heading = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions,
        "rounds": arguments.rounds,
    }
    if arguments.json:
        print(json.dumps(heading | {"results": [as_json(*row) for row in rows]}, indent=1))
    else:
        print_table(heading, engines, rows)
    if arguments.write and not failed:
        arguments.write.write_text(markdown(heading, engines, rows), encoding="utf-8")
    return 1 if failed else 0


def as_json(model: str, threads: int, results: dict[str, Result]) -> dict:
    document = {"model": model, "threads": threads, "engines": {}}
    for name, result in results.items():
        document["engines"][name] = {
            "median_ms": result.median_ms,
            "min_ms": result.min_ms,
            "round_medians_ms": [turn.median_ms for turn in result.turns],
            "load_ms": result.load_ms,
            "first_run_ms": result.first_run_ms,
            "peak_memory_bytes": result.peak_memory_bytes,
            "largest_difference": result.difference,
        }
        if OURS in results and name in PEERS:
            document["engines"][name]["ratio"] = result.median_ms / results[OURS].median_ms
    return document


def explanation(heading: dict) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in heading["versions"].items())
    return [
        f"{heading['date']}, {heading['processor']}, {heading['system']}; {versions}.",
        f"Medians in ms over {heading['rounds']} interleaved rounds; in brackets peer / {OURS}.",
        "@TOKENS: masks hide the tokens behind so many.",
        "Load: file to first result. Memory: peak of the process. Differs: from the first peer, largest output = 1.",
        "~: the rounds differ by more than a tenth; measure again on a quiet machine.",
    ]


def table_of(engines: list[str], rows: list) -> list[list[str]]:
    """The heads of the columns, then a row for each model and number of threads."""
    table = [["model", "threads", *engines, "load+first ms", "memory MB", "differs"]]
    for model, threads, results in rows:
        ours = results.get(OURS)
        cells = []
        for name in engines:
            ratio = f" ({results[name].median_ms / ours.median_ms:.2f})" if ours and name in PEERS else ""
            noise = "~" if results[name].noisy else ""
            cells.append(f"{results[name].median_ms:.2f}{noise}{ratio}")
        ordered = [results[name] for name in engines]
        load = " / ".join(f"{result.load_ms + result.first_run_ms:.0f}" for result in ordered)
        memory = " / ".join(f"{result.peak_memory_bytes / 1e6:.0f}" for result in ordered)
        differs = max(result.difference for result in ordered)
        table.append([model, str(threads), *cells, load, memory, f"{differs:.0e}"])
    return table


def markdown(heading: dict, engines: list[str], rows: list) -> str:
    head, *body = table_of(engines, rows)
    order = " / ".join(engines)
    return "\n".join(
        [
            "# Performance",
            "",
            "Made by `make compare`: swiftinfer against its peers on the same files and inputs, interleaved on the same cores.",
            *explanation(heading),
            f"Load and memory are those of {order}.",
            "",
            f"| {' | '.join(head)} |",
            "|" + " --- |" * len(head),
            *[f"| {' | '.join(row)} |" for row in body],
            "",
        ]
    )


def print_table(heading: dict, engines: list[str], rows: list) -> None:
    print("\n".join(explanation(heading)) + "\n")
    table = table_of(engines, rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
