"""How a reference case is described: `exported` for PyTorch modules, `graph` for ONNX text.

A recipe is a function without arguments, run with every random generator seeded from the case's name, so that
a case does not change when others come or go.
"""

import dataclasses
import io
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import torch
from onnx import numpy_helper


@dataclasses.dataclass
class Case:
    """A model, its inputs in the order of the graph, and what PyTorch answered where it made the model.

    `exact` demands equal outputs, for integers and moved data. `external` is the name of the file that takes
    the weights. `expected` replaces onnxruntime's answer where it has none.
    """

    model: onnx.ModelProto
    data_sets: list[list[np.ndarray]]
    answers: list[list[np.ndarray]] | None = None
    expected: list[list[np.ndarray]] | None = None
    exact: bool = False
    external: str | None = None


RECIPES: dict[str, Callable[[], Case]] = {}


def fed_inputs(model: onnx.ModelProto) -> list[str]:
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [info.name for info in model.graph.input if info.name not in initializers]


def evaluated(model: onnx.ModelProto | str, inputs: list, names: list[str] | None = None) -> list:
    """onnxruntime's outputs with its optimisations off, of a model or of a file with the inputs' names."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, str) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names or fed_inputs(model), inputs)))


def seeded(name: str) -> np.random.Generator:
    """Seeds PyTorch, and gives numpy's generator for the same case."""
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def add(name: str, recipe: Callable[[], Case]) -> None:
    if name in RECIPES:
        raise ValueError(f"two cases are called {name}")
    RECIPES[name] = recipe


class Function(torch.nn.Module):
    """A function of tensors as a module. Parameters are given by keyword and passed by keyword."""

    def __init__(self, function: Callable, **parameters: torch.Tensor):
        super().__init__()
        self.function = function
        for key, value in parameters.items():
            setattr(self, key, torch.nn.Parameter(value))
        self.keys = list(parameters)

    def forward(self, *inputs):
        return self.function(*inputs, **{key: getattr(self, key) for key in self.keys})


def tensors(items: Sequence) -> tuple[torch.Tensor, ...]:
    """Shapes become normally distributed floats; tensors stay."""
    return tuple(item if isinstance(item, torch.Tensor) else torch.randn(*item) for item in items)


def settle(module: torch.nn.Module) -> None:
    """Gives norms and biases values that an error in their use would show."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
                part.running_mean.normal_(0, 0.5)
                part.running_var.uniform_(0.5, 1.5)
            if "Norm" in type(part).__name__:
                for parameter, mean in ((getattr(part, "weight", None), 1), (getattr(part, "bias", None), 0)):
                    if isinstance(parameter, torch.nn.Parameter):
                        parameter.normal_(mean, 0.3)


def exported(
    name: str,
    make: Callable,
    *inputs,
    opset: int = 17,
    dynamic: dict[int, dict[int, str]] | None = None,
    more: Sequence[Sequence] = (),
    dynamo: bool = False,
    keep_batch_norm: bool = False,
    exact: bool = False,
) -> None:
    """A PyTorch module exported, with its own outputs as a second opinion on onnxruntime's.

    - make: gives the module, or a plain function of tensors, which is wrapped
    - inputs: shapes or functions that give a tensor; `more` holds further data sets of the same form
    - dynamic: {input's index: {axis: name}}
    - dynamo: the exporter of torch.export instead of the TorchScript-based one
    - keep_batch_norm: the TorchScript-based exporter folds them into convolutions otherwise
    """

    def recipe() -> Case:
        module = make()
        module = module if isinstance(module, torch.nn.Module) else Function(module)
        settle(module)
        module.eval()
        sets = [tensors([item() if callable(item) else item for item in items]) for items in (inputs, *more)]
        names = [f"x{index}" for index in range(len(inputs))]
        axes = {names[index]: value for index, value in (dynamic or {}).items()}
        buffer = io.BytesIO()
        if dynamo:
            options = {}
            if axes:
                options["dynamic_shapes"] = tuple(
                    {axis: torch.export.Dim.DYNAMIC for axis in (dynamic or {}).get(index, {})}
                    for index in range(len(names))
                )
                if isinstance(module, Function):
                    options["dynamic_shapes"] = (options["dynamic_shapes"],)  # its inputs are one list
            program = torch.onnx.export(
                module, sets[0], dynamo=True, opset_version=opset, input_names=names, verbose=False, **options
            )
            model = program.model_proto
        else:
            mode = torch.onnx.TrainingMode.PRESERVE if keep_batch_norm else torch.onnx.TrainingMode.EVAL
            torch.onnx.export(
                module,
                sets[0],
                buffer,
                dynamo=False,
                opset_version=opset,
                input_names=names,
                dynamic_axes=axes,
                training=mode,
                do_constant_folding=not keep_batch_norm,
            )
            model = onnx.load_from_string(buffer.getvalue())
        answers = []
        with torch.no_grad():
            for values in sets:
                result = module(*values)
                result = result if isinstance(result, (tuple, list)) else [result]
                answers.append([value.numpy() for value in result])
        kept = [names.index(info.name) for info in model.graph.input if info.name in names]
        data = [[values[index].numpy() for index in kept] for values in sets]
        return Case(model, data, answers=answers, exact=exact)

    add(name, recipe)


def parsed(text: str, opset: int, ir: int, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """A model in ONNX's text form; a text that is one graph gets its header here."""
    if not text.lstrip().startswith("<"):
        text = f'<ir_version: {ir}, opset_import: ["": {opset}]>\n{text}'
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in weights.items())
    return model


def graph(
    name: str,
    text: str,
    inputs: Callable[[np.random.Generator], Sequence],
    *,
    opset: int = 17,
    ir: int = 8,
    weights: Callable[[np.random.Generator], dict[str, np.ndarray]] | None = None,
    more: Sequence[Callable[[np.random.Generator], Sequence]] = (),
    exact: bool = False,
    external: str | None = None,
    change: Callable[[onnx.ModelProto], None] | None = None,
    expected: Callable[[list[np.ndarray]], list[np.ndarray]] | None = None,
) -> None:
    """A model in ONNX's text form. `inputs` gives arrays, or shapes for normally distributed floats."""

    def recipe() -> Case:
        random = seeded(name)

        def arrays(items) -> list[np.ndarray]:
            return [
                random.standard_normal(item).astype(np.float32) if isinstance(item, tuple) else item for item in items
            ]

        model = parsed(text, opset, ir, weights(random) if weights else {})
        if change:
            change(model)
        data = [arrays(make(random)) for make in (inputs, *more)]
        answers = [expected(values) for values in data] if expected else None
        return Case(model, data, expected=answers, exact=exact, external=external)

    add(name, recipe)


def normal(random: np.random.Generator, *shape: int, scale: float = 1) -> np.ndarray:
    return (scale * random.standard_normal(shape)).astype(np.float32)
