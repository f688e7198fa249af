#!/usr/bin/env python3
"""Makes the references of BenchTests with Pillow, torchvision, NumPy and transformers.

    Tests/BenchTests/Fixtures/make.py          with the python that Tests/reference/setup.sh export prints

images/NAME.{jpg,png} and NAME.npy   what Pillow's convert("RGB") makes of the file, [height][width][3]
resized/WxH.npy                      images/odd.png resized by Pillow, bilinear; Pillow 13 scales columns first in these
preprocessing.json                   torchvision's ImageClassification(crop_size=224, resize_size=232) of models/inputs:
                                     the sum of the cropped samples, and every 4001st element of the result
tokens.json                          transformers' tokens of texts and pairs, vocabularies of models/vocabulary
npy/NAME.npy, npy/values.json        arrays as NumPy writes them, and their elements in C order

The same releases (Tests/reference/requirements) give the same bytes.
"""

import json
import os
import pathlib
import struct
import sys
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from PIL import Image, ImageFilter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "reference"))

import cpu_torch  # noqa: E402, F401
from torchvision.transforms import functional  # noqa: E402
from transformers import BertTokenizer, RobertaTokenizer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parents[2] / "models"
generator = np.random.default_rng(7)


def picture(width: int, height: int, channels: int) -> Image.Image:
    """Smooth noise: a codec keeps it, and every sample differs from its neighbours."""
    noise = generator.integers(0, 256, (height, width, channels), dtype=np.uint8)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    image = Image.fromarray(noise[:, :, 0] if channels == 1 else noise, mode)
    return image.filter(ImageFilter.GaussianBlur(2)) if channels in (1, 3) else image


def write_images() -> None:
    out = HERE / "images"
    out.mkdir(exist_ok=True)
    colour = picture(33, 26, 3)
    files = {
        "baseline.jpg": (colour, {"quality": 90}),
        "full_chroma.jpg": (colour, {"quality": 95, "subsampling": 0}),
        "progressive.jpg": (colour, {"quality": 80, "progressive": True}),
        "restarts.jpg": (colour, {"quality": 80, "restart_marker_blocks": 2}),
        "grey.jpg": (picture(17, 40, 1), {"quality": 85}),
        "cmyk.jpg": (colour.convert("CMYK"), {"quality": 95}),
        "odd.png": (picture(37, 23, 3), {}),
        "grey.png": (picture(12, 9, 1), {}),
        "alpha.png": (picture(13, 11, 4), {}),
        "grey_alpha.png": (picture(10, 8, 2), {}),
        "palette.png": (colour.quantize(16), {}),
        "bilevel.png": (picture(19, 7, 1).convert("1"), {}),
    }
    for name, (image, options) in files.items():
        image.save(out / name, **options)
        np.save(out / f"{name}.npy", np.asarray(Image.open(out / name).convert("RGB")))
    deep = generator.integers(0, 65536, (6, 5), dtype=np.uint16)
    Image.fromarray(deep).save(out / "grey16.png")
    # Pillow clips 16-bit grey when it converts; 8 bits are rounded here, as libpng and the PNG specification have it.
    np.save(out / "grey16.png.npy", np.repeat(np.floor(deep * 255.0 / 65535 + 0.5).astype(np.uint8)[:, :, None], 3, 2))
    write_png(out / "interlaced.png", colour, interlaced=True)
    write_png(out / "transparent.png", colour, transparent=colour.getpixel((3, 3)))
    # Of 16-bit colour Pillow keeps the high bytes; 8 bits are rounded here.
    deep = generator.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    write_chunks(out / "colour16.png", 7, 5, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep))
    np.save(out / "colour16.png.npy", np.floor(deep * 255.0 / 65535 + 0.5).astype(np.uint8))
    resized = HERE / "resized"
    resized.mkdir(exist_ok=True)
    source = Image.open(out / "odd.png")
    for width, height in [(37, 10), (5, 23), (18, 11), (64, 64), (1, 1), (36, 22), (100, 30), (20, 40)]:
        result = source.resize((width, height), Image.Resampling.BILINEAR)
        np.save(resized / f"{width}x{height}.npy", np.asarray(result))


def write_png(file: pathlib.Path, image: Image.Image, interlaced: bool = False, transparent: tuple = ()) -> None:
    """Writes what Pillow does not: Adam7 interlacing; a transparent colour (kept by convert("RGB"))."""
    samples = np.asarray(image)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes] if interlaced else [samples]
    rows = b"".join(b"\0" + row.tobytes() for part in parts for row in part if part.size)
    extra = [(b"tRNS", struct.pack(">3H", *transparent))] if transparent else []
    write_chunks(file, image.width, image.height, 8, 2, rows, interlaced, extra)
    np.save(file.with_name(f"{file.name}.npy"), np.asarray(Image.open(file).convert("RGB")))


def write_chunks(file, width, height, depth, colour_type, rows, interlaced=False, extra=()) -> None:
    """Writes a PNG of filtered rows, chunk by chunk."""
    header = struct.pack(">2I5B", width, height, depth, colour_type, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def write_preprocessing() -> None:
    results = {}
    for file in sorted((MODELS / "inputs").glob("*.jpg")):
        image = Image.open(file).convert("RGB")
        crop = functional.center_crop(
            functional.resize(image, 232, functional.InterpolationMode.BILINEAR, antialias=True), 224
        )
        tensor = functional.normalize(functional.to_tensor(crop), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        assert tensor.dtype == torch.float32
        results[file.name] = {
            "sum": int(np.asarray(crop, np.int64).sum()),
            "elements": [float(value) for value in tensor.flatten()[::4001]],
        }
    (HERE / "preprocessing.json").write_text(json.dumps(results, indent=0) + "\n")


TEXTS = [
    "",
    " ",
    "The quick brown fox jumps over the lazy dog.",
    "It's 12:30 - don't they'll we've I'm he'd you're?",
    "naïve café Ångström ÉCOLE straße",
    "tabs\tand\nnewlines  and   spaces   ",
    "  leading space",
    "中文 and 日本語 mixed text",
    "emoji 😀 and symbols €$£ ½ ² ±",
    "e\u0301 composed and \u00e9",
    "zero\u200bwidth, soft\u00adhyphen, nul\x00, replacement\ufffd",
    "ΑΒΓΣ σς привет",
    "non\u00a0breaking\u2003em space",
    "hyphen-ated under_score semi;colon (brackets) [CLS-like] {x}",
    "a" * 120,
    "x'y'z 's 'S 'tis '''",
    "1,234.5 99% 3rd",
]


def write_tokens() -> None:
    bert = BertTokenizer(vocab=str(MODELS / "vocabulary/bert/vocab.txt"), do_lower_case=True)
    roberta = RobertaTokenizer(
        vocab=str(MODELS / "vocabulary/roberta/vocab.json"), merges=str(MODELS / "vocabulary/roberta/merges.txt")
    )
    pairs = [line.split("\t") for line in (MODELS / "inputs/pairs.tsv").read_text().splitlines()]
    long = max(pairs, key=lambda pair: len(pair[0]))
    cases = [(text, None, 128) for text in TEXTS]
    cases += [(*pair, 128) for pair in pairs]
    cases += [(*long, length) for length in (5, 16, 33, 64, 77, 100)]
    cases += [("short", long[1], 24), (long[0], "short", 24), (long[0], None, 10)]
    results = []
    for text, pair, length in cases:
        entry = {"text": text, "pair": pair, "length": length}
        for name, tokenizer in (("bert", bert), ("roberta", roberta)):
            encoded = tokenizer(
                text, pair, padding="max_length", truncation=True, max_length=length, return_token_type_ids=True
            )
            entry[name] = {
                "ids": encoded["input_ids"],
                "mask": encoded["attention_mask"],
                "types": encoded["token_type_ids"],
            }
        # Padding goes without saying: it is what follows the mask's ones.
        for name in ("bert", "roberta"):
            real = sum(entry[name]["mask"])
            entry[name] = {"ids": entry[name]["ids"][:real], "types": entry[name]["types"][:real]}
        results.append(entry)
    (HERE / "tokens.json").write_text(json.dumps(results, indent=None).replace('}}, {"text"', '}},\n{"text"') + "\n")


def write_arrays() -> None:
    out = HERE / "npy"
    out.mkdir(exist_ok=True)
    values = {}

    def save(name: str, array: np.ndarray, version=(1, 0)) -> None:
        with open(out / f"{name}.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=version)
        plain = array.view(array.real.dtype) if array.dtype.kind == "c" else array
        values[name] = {"shape": list(array.shape), "values": np.ascontiguousarray(plain).flatten().tolist()}

    for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16"):
        array = (np.arange(6) * 21).astype(code).reshape(2, 3)
        if code.startswith("c"):
            array = array + 1j * array[::-1].astype(code)
        save(code, array.astype(code))
        save(f"big_{code}", array.astype(f">{code}"))
    save("bool", np.array([True, False, True]))
    save("scalar", np.float32(1.5).reshape(()))
    save("empty", np.zeros((0, 4), np.float32))
    save("fortran", np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4)))
    save("big_fortran", np.asfortranarray(np.arange(24, dtype=">f8").reshape(4, 3, 2)))
    save("version2", np.arange(3, dtype=np.int64), version=(2, 0))
    save("version3", np.arange(3, dtype=np.int64), version=(3, 0))
    save("text", np.array([["a", "été"], ["", "日本"]]))
    (out / "values.json").write_text(json.dumps(values) + "\n")


if __name__ == "__main__":
    write_images()
    write_preprocessing()
    write_tokens()
    write_arrays()
