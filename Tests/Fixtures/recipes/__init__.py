"""The recipes of the reference cases, one module a family; importing it fills `fixture.RECIPES`."""

from . import (  # noqa: F401
    attention,
    control,
    convolution,
    files,
    indexing,
    normalization,
    opsets,
    pooling,
    quantization,
    recurrent,
    shapes,
)
