"""One engine holding one model, resident, which runs only when told.

    worker.py ENGINE MODEL THREADS INPUTS.npz

Started by compare.py, one for each engine. Answers each line of standard input with one line of JSON:

    (at start)        {"version", "load_ms", "first_run_ms", "outputs": FILE.npz}
    run WARMUP RUNS   {"times_ms": [...], "peak_memory_bytes"}

The process has been pinned to THREADS cores by its parent. FP32 stays FP32 in every engine.
"""

import json
import re
import sys
import time

import numpy as np


class OnnxRuntime:
    def __init__(self, model: str, threads: int):
        import onnxruntime

        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.started = time.perf_counter()
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return self.session.run(None, inputs)


class OpenVINO:
    def __init__(self, model: str, threads: int):
        import openvino
        from openvino import properties
        from openvino.properties import hint

        self.version = openvino.__version__.split("-")[0]
        self.started = time.perf_counter()
        core = openvino.Core()
        self.compiled = core.compile_model(
            model,
            "CPU",
            {
                hint.performance_mode: hint.PerformanceMode.LATENCY,
                hint.inference_precision: openvino.Type.f32,
                hint.enable_hyper_threading: True,
                properties.inference_num_threads: threads,
                properties.num_streams: 1,
            },
        )
        self.request = self.compiled.create_infer_request()

    def run(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        results = self.request.infer(inputs, share_inputs=True)
        return [results[output] for output in self.compiled.outputs]


ENGINES = {"onnxruntime": OnnxRuntime, "openvino": OpenVINO}


def peak_memory_bytes() -> int:
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024


def timed(engine, inputs: dict[str, np.ndarray]) -> float:
    start = time.perf_counter()
    engine.run(inputs)
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    name, model, threads, file = sys.argv[1:5]
    inputs = dict(np.load(file))
    engine = ENGINES[name](model, int(threads))
    load = (time.perf_counter() - engine.started) * 1e3
    first = timed(engine, inputs)
    outputs = f"{file[: -len('.npz')]}.{name}.npz"
    np.savez(outputs, **{f"{index:03}": value for index, value in enumerate(engine.run(inputs))})

    def answer(**values) -> None:
        print(json.dumps(values), flush=True)

    answer(version=engine.version, load_ms=load, first_run_ms=first, outputs=outputs)
    for line in sys.stdin:
        _, warmup, runs = line.split()
        for _ in range(int(warmup)):
            engine.run(inputs)
        times = [timed(engine, inputs) for _ in range(int(runs))]
        answer(times_ms=times, peak_memory_bytes=peak_memory_bytes())


if __name__ == "__main__":
    main()
