"""The size of a model's file, predicted from what is counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.cost.designs.count import layers
from sartor.cost.designs.precision import deployment
from sartor.nets import Family
from sartor.space import Design

Vector = npt.NDArray[np.float64]
WIDTH = 7
"""Weights, channels and nodes in float, the same in int8, and 1."""


@dataclass(frozen=True, slots=True)
class SizeModel:
    """Bytes of a file: so many per weight, channel and node in each precision."""

    bytes_per: Vector
    """Of each feature, (WIDTH,)."""

    def predict(self, family: Family, designs: Sequence[Design]) -> Vector:
        """Return bytes, (n,), of designs with their deployments."""
        return np.maximum(1.0, size_features(family, designs) @ self.bytes_per)


def size_features(family: Family, designs: Sequence[Design]) -> npt.NDArray[np.float64]:
    """Encode designs, (n, WIDTH)."""
    rows = np.zeros((len(designs), WIDTH))
    for row, design in zip(rows, designs, strict=True):
        how = deployment(design)
        row[-1] = 1.0
        for placed in layers(family, design):
            start = 0 if how.is_float(placed.place) else 3
            layer = placed.layer
            row[start : start + 3] += (layer.weights, layer.outputs * (layer.weights > 0), 1)
    return rows


def fit_size(family: Family, designs: Sequence[Design], sizes: Vector) -> SizeModel:
    """Fit to the sizes of files, (n,), by least relative squares; no feature counts negatively."""
    from scipy.optimize import nnls

    rows = size_features(family, designs) / sizes[:, None]
    scale = np.maximum(rows.max(0), 1e-12)
    solution, _ = nnls(rows / scale, np.ones(len(sizes)))
    return SizeModel(solution / scale)
