"""Writes the value of every code of every floating-point format of at most a byte, as ml_dtypes decodes it.

    .peers/bin/python Tests/Fixtures/narrow_floats.py > Tests/Fixtures/narrow_floats.txt

A line is ONNX's name of the format and the values in the order of their codes.
"""

import ml_dtypes
import numpy

FORMATS = {
    "float8e4m3fn": (ml_dtypes.float8_e4m3fn, 8),
    "float8e4m3fnuz": (ml_dtypes.float8_e4m3fnuz, 8),
    "float8e5m2": (ml_dtypes.float8_e5m2, 8),
    "float8e5m2fnuz": (ml_dtypes.float8_e5m2fnuz, 8),
    "float4e2m1": (ml_dtypes.float4_e2m1fn, 4),
    "float8e8m0": (ml_dtypes.float8_e8m0fnu, 8),
    "float6e2m3": (ml_dtypes.float6_e2m3fn, 6),
    "float6e3m2": (ml_dtypes.float6_e3m2fn, 6),
}

print(f"# ml_dtypes {ml_dtypes.__version__}")
for name, (dtype, bits) in FORMATS.items():
    codes = numpy.arange(1 << bits, dtype=numpy.uint8)
    values = codes.view(dtype).astype(numpy.float64)
    print(name, *map(repr, values.tolist()))
