#!/usr/bin/env python3
"""Makes the images of models/inputs and the vocabularies of models/vocabulary. Needs Pillow and tokenizers.

    models/inputs/make.py SKIMAGE_DATA

SKIMAGE_DATA is the folder skimage/data of the package scikit-image 0.26.0. The same releases give the same bytes.
"""

import json
import pathlib
import sys

from PIL import Image
from tokenizers import ByteLevelBPETokenizer, BertWordPieceTokenizer

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = HERE.parent / "vocabulary"
# File, and how it is written: what a camera or a web site would deliver.
IMAGES = {
    "astronaut": {"quality": 88},
    "camera": {"quality": 85},
    "chelsea": {"quality": 90, "subsampling": 0},
    "coffee": {"quality": 85},
    "hubble_deep_field": {"quality": 75},
    "retina": {"quality": 85, "progressive": True},
    "rocket": {"quality": 88},
}
LONG_SIDE = 800


def write_images(source: pathlib.Path) -> None:
    for name, options in IMAGES.items():
        image = Image.open(next(source.glob(f"{name}.*")))
        image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        image.save(HERE / f"{name}.jpg", optimize=True, **options)


def write_vocabularies() -> None:
    """Tokenizers trained on the sentences here, with all bytes and ASCII characters so that nothing is unknown."""
    lines = (HERE / "pairs.tsv").read_text().replace("\t", "\n").splitlines()
    letters = [chr(code) for code in range(33, 127)]

    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(lines, vocab_size=1200, min_frequency=1, initial_alphabet=letters, show_progress=False)
    bert = VOCABULARY / "bert"
    bert.mkdir(parents=True, exist_ok=True)
    pieces.save_model(str(bert))

    bytes_ = ByteLevelBPETokenizer()
    bytes_.train_from_iterator(
        lines,
        vocab_size=1200,
        min_frequency=2,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        show_progress=False,
    )
    roberta = VOCABULARY / "roberta"
    roberta.mkdir(parents=True, exist_ok=True)
    bytes_.save_model(str(roberta))
    vocabulary = json.loads((roberta / "vocab.json").read_text())
    (roberta / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    write_images(pathlib.Path(sys.argv[1]))
    write_vocabularies()
