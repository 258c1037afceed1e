"""What writes one kind of module, function or method into an ONNX graph."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from sartor.deploy.graph import Value

Write = TypeVar("Write", bound=Callable[..., Value])

WRITERS: dict[object, Callable[..., Value]] = {}
"""Writers by what they write: the exact type of a module, a function, or the name of a method.

For a module the writer is called as `write(graph, name, module, x)`, otherwise as
`write(graph, name, *args, **kwargs)` with the arguments of the call, tensors being `Value`s. It
appends nodes to the graph, the first of them called `name`, and returns the result. It is called
once per call in the network, in order.
"""


class Unwritable(Exception):
    """The network does something that no writer knows; PyTorch's own exporter is asked then."""


def writes(*targets: object) -> Callable[[Write], Write]:
    """Return a decorator that registers a writer for module types, functions or method names.

    Raises:
        ValueError: One of them has a writer already.
    """

    def add(write: Write) -> Write:
        for target in targets:
            if target in WRITERS:
                raise ValueError(f"{target!r} has two writers")
            WRITERS[target] = write
        return write

    return add


def as_array(tensor: Tensor) -> npt.NDArray[np.float32]:
    """Copy a weight into a float32 array."""
    array: npt.NDArray[np.float32] = tensor.detach().cpu().float().contiguous().numpy().copy()
    return array


def pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns from a number or a pair."""
    if isinstance(value, int):
        return value, value
    rows, columns = value
    return rows, columns
