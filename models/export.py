#!/usr/bin/env python3
"""Exports the subject models from PyTorch as ONNX files, each with reference inputs and outputs.

    models/export.py OUT [NAME...]        (no NAME: all; --list prints them)

Architectures are torchvision's and transformers'; weights are seeded, not trained. Writes

    OUT/NAME.onnx                         the model
    OUT/NAME/model.onnx                   a link to it, so that OUT/NAME is a case for `swiftinfer verify`
    OUT/NAME/test_data_set_N/*.pb         inputs, and onnxruntime's outputs with its optimisations off
    OUT/NAME/tolerance.json               largest error allowed: 1e-4 of the largest output
    OUT/NAME/names.txt                    its nodes, values and initializers, for comparing with a network
                                          built by other means

NAME is a model, or a model and a variant: `bert-base`, `bert-base-eager`, `resnet50-dynamo`.

    (none)    TorchScript-based exporter, opset 17, fixed shapes 1x3x224x224 or 1x128; attention `sdpa`
    -eager    the same with the attention written out
    -dynamic  the same as (none) with the batch, and the length of a text, as symbolic dimensions
    -dynamo   the exporter of torch.export, opset 18

Image models have one data set, of normally distributed pixels. Text models have two: 128 tokens, and 55
tokens padded to 128. A `-dynamic` variant has one more, with a batch of two (and 37 tokens).

A network with random weights should not amplify rounding, or two correct engines would differ: batch norms
carry the statistics of their inputs, residual branches end small, and attention scores are of order one. The
script prints what a relative change of 1e-6 in the input becomes at the output.

Needs Tests/reference/setup.sh export.
"""

import argparse
import gc
import json
import logging
import os
import pathlib
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/reference"))

import cpu_torch  # noqa: E402, F401
import torchvision  # noqa: E402
import transformers  # noqa: E402

SEED = 20240229
OPSET = 17
TOKENS, REAL_TOKENS = 128, 55

IMAGE_MODELS = {
    "wide_resnet101_2": torchvision.models.wide_resnet101_2,
    "resnext101_64x4d": torchvision.models.resnext101_64x4d,
    "wide_resnet50_2": torchvision.models.wide_resnet50_2,
    "resnext50_32x4d": torchvision.models.resnext50_32x4d,
    "resnet50": torchvision.models.resnet50,
    "mobilenet_v2": torchvision.models.mobilenet_v2,
}
SMALL = {"num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "intermediate_size": 2048}
ROBERTA = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
TEXT_MODELS = {
    "bert-base": transformers.BertConfig(),
    "roberta-base": transformers.RobertaConfig(**ROBERTA),
    "bert-small": transformers.BertConfig(**SMALL),
    "roberta-tiny": transformers.RobertaConfig(**ROBERTA, **SMALL),
}
VARIANTS = {
    "resnet50": ("dynamic", "dynamo"),
    "mobilenet_v2": ("dynamic",),
    "bert-base": ("eager", "dynamic", "dynamo"),
    "bert-small": ("eager", "dynamic"),
    "roberta-tiny": ("eager", "dynamic"),
}


def all_names() -> list[str]:
    bases = [*IMAGE_MODELS, *TEXT_MODELS]
    return bases + [f"{base}-{variant}" for base in bases for variant in VARIANTS.get(base, ())]


def normal_(tensor: torch.Tensor, mean: float, deviation: float) -> None:
    with torch.no_grad():
        tensor.normal_(mean, deviation)


def image_model(base: str) -> torch.nn.Module:
    """The network with seeded weights and with batch norms that know the statistics of their inputs."""
    torch.manual_seed(SEED)
    model = IMAGE_MODELS[base]()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            normal_(module.weight, 1, 0.1)
            normal_(module.bias, 0, 0.1)
            module.momentum = None  # a plain average over the batches seen
    for module in model.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            normal_(module.bn3.weight, 0.25, 0.025)
        elif isinstance(module, torchvision.models.mobilenetv2.InvertedResidual) and module.use_res_connect:
            normal_(module.conv[-1].weight, 0.25, 0.025)
    model.train()
    with torch.no_grad():
        model(torch.randn(6, 3, 224, 224))
    return model.eval()


def text_model(base: str, attention: str) -> torch.nn.Module:
    torch.manual_seed(SEED)
    config = TEXT_MODELS[base]
    config.num_labels = 2
    config._attn_implementation = attention
    kind = (
        transformers.BertForSequenceClassification
        if isinstance(config, transformers.BertConfig)
        else transformers.RobertaForSequenceClassification
    )
    model = kind(config)
    for name, parameter in model.named_parameters():
        if name.endswith("LayerNorm.weight"):
            normal_(parameter, 1, 0.1)
        elif name.endswith("bias"):
            normal_(parameter, 0, 0.05)
        elif name.endswith(("query.weight", "key.weight")):
            normal_(parameter, 0, 1.1 / config.hidden_size**0.5)
        elif name in ("classifier.weight", "classifier.out_proj.weight"):
            normal_(parameter, 0, 2 / config.hidden_size**0.5)
    return model.eval()


def image_inputs() -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(SEED + 1)
    return [{"input": torch.randn(1, 3, 224, 224, generator=generator)}]


def text_inputs(base: str) -> list[dict[str, torch.Tensor]]:
    """128 tokens, and 55 tokens padded to 128: two sentences as the tokenizer of the model joins them."""
    is_bert = isinstance(TEXT_MODELS[base], transformers.BertConfig)
    start, end, padding, vocabulary = (101, 102, 0, 30522) if is_bert else (0, 2, 1, 50265)
    generator = torch.Generator().manual_seed(SEED + 2)
    data_sets = []
    for length in (TOKENS, REAL_TOKENS):
        ids = torch.randint(1000, vocabulary - 1000, (1, TOKENS), generator=generator)
        middle = length // 2
        ids[0, 0], ids[0, middle], ids[0, length - 1] = start, end, end
        ids[0, length:] = padding
        positions = torch.arange(TOKENS)[None]
        values = {"input_ids": ids, "attention_mask": (positions < length).long()}
        if is_bert:
            values["token_type_ids"] = ((positions > middle) & (positions < length)).long()
        data_sets.append(values)
    return data_sets


class Logits(torch.nn.Module):
    """A text classifier as a function from tensors to the logits."""

    def __init__(self, model: torch.nn.Module, inputs: list[str]):
        super().__init__()
        prefix = model.base_model_prefix
        self.add_module(prefix, getattr(model, prefix))  # keeps the names of the nodes
        if hasattr(model, "dropout"):
            self.dropout = model.dropout
        self.classifier = model.classifier
        self._whole = [model]  # in a list: not a second path to the same modules
        self._inputs = inputs

    def forward(self, *values):
        return self._whole[0](**dict(zip(self._inputs, values)), return_dict=False)[0]


def export(name: str, file: pathlib.Path) -> tuple[torch.nn.Module, list[dict[str, torch.Tensor]]]:
    base, variant = name, ""
    if name not in IMAGE_MODELS and name not in TEXT_MODELS:
        base, _, variant = name.rpartition("-")
    if base in IMAGE_MODELS:
        model, data_sets, output = image_model(base), image_inputs(), "output"
        dynamic = {"input": {0: "batch"}}
    else:
        data_sets, output = text_inputs(base), "logits"
        model = Logits(text_model(base, "eager" if variant == "eager" else "sdpa"), list(data_sets[0])).eval()
        dynamic = {key: {0: "batch", 1: "sequence"} for key in data_sets[0]}
    example = tuple(data_sets[0].values())
    arguments = {"input_names": list(data_sets[0]), "output_names": [output]}
    if variant == "dynamo":
        program = torch.onnx.export(model, example, dynamo=True, opset_version=18, verbose=False, **arguments)
        program.save(file, external_data=False)
    else:
        if variant == "dynamic":
            arguments["dynamic_axes"] = dynamic | {output: {0: "batch"}}
        torch.onnx.export(model, example, file, dynamo=False, opset_version=OPSET, **arguments)
        if variant == "dynamic":
            data_sets.append(other_shape(data_sets[0]))
    return model, data_sets


def other_shape(values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A batch of two different inputs, made from one; texts shortened to 37 tokens."""
    if "input" in values:
        return {"input": torch.cat([values["input"], values["input"].flip(3)])}
    return {key: torch.cat([value[:, :37], value[:, 37:74]]) for key, value in values.items()}


def write_case(name: str, out: pathlib.Path, model: torch.nn.Module, data_sets) -> None:
    """The data sets with onnxruntime's outputs, which are held against PyTorch's."""
    folder = out / name
    folder.mkdir(exist_ok=True)
    link = folder / "model.onnx"
    link.unlink(missing_ok=True)
    link.symlink_to(f"../{name}.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(out / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
    largest, error, amplified = 0.0, 0.0, ""
    for number, values in enumerate(data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        fed = {key: value.numpy() for key, value in values.items()}
        order = [node.name for node in session.get_inputs()]
        (found,) = session.run(None, fed)
        for index, key in enumerate(order):
            onnx.save_tensor(numpy_helper.from_array(fed[key], key), data / f"input_{index}.pb")
        onnx.save_tensor(numpy_helper.from_array(found, session.get_outputs()[0].name), data / "output_0.pb")
        with torch.no_grad():
            expected = model(*values.values()).numpy()
        largest = max(largest, float(np.abs(expected).max()))
        error = max(error, float(np.abs(found - expected).max()))
        if "input" in fed:
            noise = np.random.default_rng(SEED).standard_normal(fed["input"].shape).astype(np.float32)
            (moved,) = session.run(None, {"input": fed["input"] * (1 + 1e-6 * noise)})
            amplified = f"; an input changed by 1e-6 changes it by {np.abs(moved - found).max() / largest:.1e}"
    (folder / "tolerance.json").write_text(json.dumps({"rtol": 0.0, "atol": 1e-4 * largest}) + "\n")
    print(
        f"{name}: largest output {largest:.3f}, PyTorch differs by {error / largest:.1e} of it{amplified}", flush=True
    )
    if error > 1e-5 * largest:
        raise SystemExit(f"export.py: {name}: onnxruntime and PyTorch disagree")


def names_of(name: str, model: onnx.ModelProto) -> list[str]:
    """One line a tensor or node."""

    def value(info: onnx.ValueInfoProto) -> str:
        shape = ",".join(d.dim_param or str(d.dim_value) for d in info.type.tensor_type.shape.dim)
        return f"{info.name} {onnx.TensorProto.DataType.Name(info.type.tensor_type.elem_type)}[{shape}]"

    graph = model.graph
    lines = [f"== {name}, opset {model.opset_import[0].version}, {len(graph.node)} nodes"]
    lines += [f"input {value(info)}" for info in graph.input]
    lines += [f"output {value(info)}" for info in graph.output]
    for node in graph.node:
        lines.append(f"{node.op_type} {node.name} ({', '.join(node.input)}) -> {', '.join(node.output)}")
    for tensor in graph.initializer:
        lines.append(f"initializer {tensor.name} {onnx.TensorProto.DataType.Name(tensor.data_type)}{list(tensor.dims)}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, nargs="?", help="folder to write")
    parser.add_argument("names", nargs="*", help="models to export, default all")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(all_names()))
        return 0
    if arguments.out is None:
        parser.error("the folder to write is missing")
    names = arguments.names or all_names()
    unknown = sorted(set(names) - set(all_names()))
    if unknown:
        parser.error(f"unknown model {', '.join(unknown)}: --list names them")

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        file = arguments.out / f"{name}.onnx"
        model, data_sets = export(name, file)
        write_case(name, arguments.out, model, data_sets)
        description = "\n".join(names_of(name, onnx.load(file)))
        (arguments.out / name / "names.txt").write_text(description + "\n")
        del model
        gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main())
