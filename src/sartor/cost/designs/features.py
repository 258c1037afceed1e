"""A network as numbers from which its latency is predicted."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sartor.cost.designs.count import layers
from sartor.cost.designs.precision import Deployment, deployment
from sartor.nets import Family, Layer
from sartor.space import Design

Vector = npt.NDArray[np.float64]

BLOCK = 16
"""Channels that AVX-512 kernels work on at once; partly filled blocks cost as much as full ones."""
IMAGE = 4
"""Channels of an image at most."""
CLASSES = (
    "image", "dense", "pointwise", "depthwise", "ragged", "vector", "pool", "add", "scale",
    "hswish",
)  # fmt: skip
"""Of kernels. `image` stands for convolutions that read an image: too few channels for a block;
`ragged` for depthwise ones of integers whose channels do not fill their blocks: ONNX Runtime
computes them three times as slowly (docs/benchmarks.md)."""
PRECISIONS = ("fp32", "bf16", "int8")
QUANTITIES = ("calls", "work", "traffic", "weights")
"""Of every kernel class: number of calls, multiply-adds with channels rounded up to blocks,
elements read and written, elements of the weights."""
SWITCHES = ("switches", "switched")
"""Changes between float and int8 along the network, and the elements converted there."""
WIDTH = len(PRECISIONS) * len(CLASSES) * len(QUANTITIES) + len(SWITCHES) + 1
"""Length of a feature vector; the last feature is 1, the cost of a call to the runtime."""


def kernel_class(layer: Layer, precision: str) -> str:
    """Name the kind of kernel that executes `layer`."""
    if layer.op == "linear" or (layer.op == "conv" and layer.size == 1 and layer.kernel == 1):
        return "vector"
    if layer.op != "conv":
        return layer.op
    if layer.groups > 1:
        return "ragged" if precision == "int8" and layer.outputs % BLOCK else "depthwise"
    if layer.inputs <= IMAGE:
        return "image"
    return "pointwise" if layer.kernel == 1 else "dense"


@lru_cache(maxsize=65536)
def layer_features(layer: Layer, precision: str) -> tuple[tuple[int, float], ...]:
    """Return the columns that a layer fills, and with what; units are millions."""
    row = {
        "calls": 1.0,
        "work": _work(layer) / 1e6,
        "traffic": _traffic(layer) / 1e6,
        "weights": layer.weights / 1e6,
    }
    filled = [
        (_column(precision, kernel_class(layer, precision), quantity), value)
        for quantity, value in row.items()
        if value
    ]
    if layer.activation == "hswish":
        elements = layer.outputs * layer.size**2 / 1e6
        filled.append((_column(precision, "hswish", "calls"), 1.0))
        filled.append((_column(precision, "hswish", "traffic"), elements))
    return tuple(filled)


def features(family: Family, design: Design, how: Deployment | None = None) -> Vector:
    """Encode a design and its deployment, (WIDTH,).

    Args:
        family: Where the blueprint comes from.
        design: An architecture, with its deployment unless `how` gives it.
        how: The deployment.
    """
    how = deployment(design) if how is None else how
    vector = np.zeros(WIDTH)
    before: bool | None = None
    for placed in layers(family, design):
        is_float = how.is_float(placed.place)
        precision = how.float_precision if is_float else "int8"
        for column, value in layer_features(placed.layer, precision):
            vector[column] += value
        if before is not None and before != is_float:
            vector[-3] += 1
            vector[-2] += _read(placed.layer) / 1e6
        before = is_float
    vector[-1] = 1.0
    return vector


def summarise(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shrink feature vectors, (n, WIDTH), to logarithms of totals, (n, classes * 7 + 2).

    Calls, work and traffic of every kernel class, in float and in int8 apart: where a network mixes
    them, their costs do not simply add up. Then the weights of every class, and the switches.
    """
    cube = vectors[:, : -len(SWITCHES) - 1]
    cube = cube.reshape(len(vectors), len(PRECISIONS), len(CLASSES), len(QUANTITIES))
    logs = []
    for part in (cube[:, :-1].sum(1), cube[:, -1]):  # (n, classes, quantities)
        calls, work, traffic = part[..., 0], part[..., 1], part[..., 2]
        logs += [np.log1p(calls), np.log1p(20 * work), np.log1p(20 * traffic)]
    logs += [np.log1p(20 * cube[..., 3].sum(1)), np.log1p(vectors[:, -3:-1] * (1, 20))]
    return np.concatenate(logs, axis=1)


def stack(family: Family, designs: Sequence[Design]) -> npt.NDArray[np.float64]:
    """Encode designs with their deployments, (n, WIDTH)."""
    return np.stack([features(family, design) for design in designs])


def usual_costs() -> Vector:
    """Return rough milliseconds per unit of each feature, (WIDTH,): a prior for a fit.

    Of one thread of a server CPU of 2025: a call costs a microsecond, dense kernels make 50 and
    depthwise ones 10 multiply-adds in a nanosecond, int8 twice that, ragged ones a third of it;
    memory moves 8 GB/s.
    """
    costs = np.zeros(WIDTH)
    for precision, speed in zip(PRECISIONS, (1.0, 1.5, 2.0), strict=True):
        for kind in CLASSES:
            rate = {"depthwise": 10.0, "ragged": 3.3}.get(kind, 50.0)
            unit = {"calls": 1e-3, "work": 1 / (rate * speed), "traffic": 0.5, "weights": 0.5}
            for quantity, cost in unit.items():
                costs[_column(precision, kind, quantity)] = cost
    costs[-3:] = (1e-3, 0.5, 5e-3)
    return costs


def _column(precision: str, kind: str, quantity: str) -> int:
    place = PRECISIONS.index(precision) * len(CLASSES) + CLASSES.index(kind)
    return place * len(QUANTITIES) + QUANTITIES.index(quantity)


def _work(layer: Layer) -> float:
    if layer.op not in ("conv", "linear"):
        return 0.0
    if layer.groups > 1:
        return _blocks(layer.outputs) * layer.kernel**2 * layer.size**2
    inputs = layer.inputs if layer.inputs <= IMAGE else _blocks(layer.inputs)
    return inputs * _blocks(layer.outputs) * layer.kernel**2 * layer.size**2


def _traffic(layer: Layer) -> float:
    inputs = 2 if layer.op == "add" else 1
    return inputs * _read(layer) + layer.outputs * layer.size**2


def _read(layer: Layer) -> int:
    """Return the elements of an input map."""
    if layer.op == "pool":
        return layer.inputs * layer.kernel**2
    return layer.inputs * (layer.size * layer.stride) ** 2


def _blocks(channels: int) -> int:
    return math.ceil(channels / BLOCK) * BLOCK
