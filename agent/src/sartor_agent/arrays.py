"""Arrays as plain data, to be sent and read without running anything."""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sartor_agent.errors import OptionError
from sartor_agent.program import Array

KINDS = (
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float16", "float32", "float64",
)  # fmt: skip
"""NumPy's names of the types that are sent."""


def array_to_json(array: Array) -> dict[str, Any]:
    """Return an array as plain data.

    Raises:
        OptionError: It holds no numbers.

    Example:
        >>> array_to_json(np.array([1, 2], np.uint8))
        {'kind': 'uint8', 'shape': [2], 'data': 'AQI='}
    """
    kind = array.dtype.name
    if kind not in KINDS:
        raise OptionError(f"an array of {kind} cannot be sent; allowed: {', '.join(KINDS)}.")
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode("ascii")
    return {"kind": kind, "shape": list(array.shape), "data": data}


def array_from_json(plain: Mapping[str, Any]) -> Array:
    """Return the array that `array_to_json` wrote.

    Raises:
        OptionError: Type, shape and data do not belong together.
    """
    kind, shape = plain["kind"], tuple(plain["shape"])
    if kind not in KINDS:
        raise OptionError(f"the type is {kind!r}; allowed: {', '.join(KINDS)}.")
    try:
        data = base64.b64decode(plain["data"], validate=True)
    except binascii.Error as error:
        raise OptionError(f"the data of an array are no base64: {error}.") from error
    dtype = np.dtype(kind).newbyteorder("<")
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise OptionError(
            f"an array of shape {shape} and type {kind} has {math.prod(shape) * dtype.itemsize} "
            f"bytes; got {len(data)}."
        )
    return np.frombuffer(data, dtype).reshape(shape).astype(kind)
