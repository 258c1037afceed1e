"""Latency models: the time of a network, predicted from its operations."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.cost.designs.features import summarise, usual_costs
from sartor.errors import DamagedFileError, DataError

Vector = npt.NDArray[np.float64]
"""(n,)"""
Matrix = npt.NDArray[np.float64]
FEWEST = 6
"""Networks below which a model is not fitted."""
PULL = 0.03
"""Strength of the prior against one network."""
MOST_CORRECTED = math.log(1.5)
"""A correction by more than half is no correction but an extrapolation."""
CORRECTED = 16
"""Networks from which on the sum of operations is corrected by a Gaussian process."""


@dataclass(frozen=True, slots=True)
class LatencyModel:
    """Predicts milliseconds: a sum over operations, times a smooth correction.

    The sum has non-negative costs per call, multiply-add, element moved and weight of every kind
    of kernel. The correction is a Gaussian process on logarithms of totals; it catches what does
    not add up, such as caches that fill.
    """

    costs: Vector
    """Milliseconds per unit of each feature, (WIDTH,)."""
    centre: Vector
    scale: Vector
    """Mean and spread of the summaries of the fitted networks, (s,)."""
    points: Matrix
    """Standardised summaries of the fitted networks, (n, s); (0, s) without correction."""
    weights: Vector
    """Weights of the kernel at the points, (n,)."""
    length: float
    """Length scale of the squared-exponential kernel."""

    def predict(self, vectors: Matrix) -> Vector:
        """Return milliseconds, (n,), for feature vectors, (n, WIDTH)."""
        total = vectors @ self.costs
        if not len(self.points):
            return total
        x = (summarise(vectors) - self.centre) / self.scale
        correction = _kernel(x, self.points, self.length) @ self.weights
        return total * np.exp(np.clip(correction, -MOST_CORRECTED, MOST_CORRECTED))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {n: getattr(self, n).tolist() for n in ("costs", "centre", "scale", "points")}
        return plain | {"weights": self.weights.tolist(), "length": self.length}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "LatencyModel":
        """Read what `to_json` wrote.

        Raises:
            DamagedFileError: Something is missing or no number.
        """
        try:
            centre = np.array(plain["centre"], float)
            return cls(
                np.array(plain["costs"], float),
                centre,
                np.array(plain["scale"], float),
                np.array(plain["points"], float).reshape(-1, len(centre)),
                np.array(plain["weights"], float),
                float(plain["length"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"this is no latency model: {error}.") from error


def fit(vectors: Matrix, times: Vector) -> LatencyModel:
    """Fit a model to measured times.

    Args:
        vectors: Features of networks, (n, WIDTH).
        times: Milliseconds, (n,).

    Raises:
        DataError: There are fewer than six networks.
    """
    if len(times) < FEWEST:
        raise DataError(f"a latency model needs at least {FEWEST} networks; got {len(times)}.")
    costs = _sum_of_costs(vectors, times)
    summaries = summarise(vectors)
    centre, scale = summaries.mean(0), summaries.std(0)
    scale[scale < 1e-9] = 1.0
    points = (summaries - centre) / scale
    residual = np.log(times / np.maximum(vectors @ costs, 1e-9))
    if len(times) < CORRECTED:
        return LatencyModel(costs, centre, scale, points[:0], np.zeros(0), 1.0)
    length, noise = _choose(points, residual)
    gram = _kernel(points, points, length) + noise * np.eye(len(points))
    weights = np.linalg.solve(gram, residual).astype(np.float64)
    return LatencyModel(costs, centre, scale, points, weights, length)


def held_out(
    vectors: Matrix, times: Vector, groups: npt.NDArray[np.int64], folds: int = 5
) -> Vector:
    """Predict every network by a model that saw nothing of its group, (n,).

    Args:
        vectors: Features of networks, (n, WIDTH).
        times: Milliseconds, (n,).
        groups: Architecture of each network, (n,): one that was timed in several precisions is
            held out in all of them at once.
        folds: Parts into which the groups are divided.
    """
    names = np.random.default_rng(0).permutation(np.unique(groups))
    predicted = np.empty(len(times))
    for part in np.array_split(names, min(folds, len(names))):
        held = np.isin(groups, part)
        predicted[held] = fit(vectors[~held], times[~held]).predict(vectors[held])
    return predicted


def _sum_of_costs(vectors: Matrix, times: Vector) -> Vector:
    """Fit non-negative costs by least relative squares, drawn weakly toward the usual ones.

    Where few networks were timed, what they do not tell is taken from `usual_costs`, brought to the
    speed of the machine.
    """
    from scipy.optimize import nnls

    usual = usual_costs()
    usual *= float(np.median(times / (vectors @ usual)))
    share = np.maximum((vectors * usual / times[:, None]).mean(0), 1e-6)
    used = vectors.any(0)
    # Columns are multiples of the usual cost, so that 1 is what the prior expects of each.
    rows = (vectors * usual / times[:, None])[:, used]
    pull = PULL * np.diag(np.sqrt(share[used] * len(times)))
    goal = np.concatenate([np.ones(len(times)), pull.sum(1)])
    solution, _ = nnls(np.vstack([rows, pull]), goal)
    costs = usual.copy()
    costs[used] *= solution
    return costs


def _kernel(x: Matrix, y: Matrix, length: float) -> Matrix:
    square = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    near: Matrix = np.exp(-np.maximum(square, 0) / (2 * length**2 * x.shape[1]))
    return near


def _choose(points: Matrix, residual: Vector) -> tuple[float, float]:
    """Choose length scale and noise (share of the signal's variance) by leave-one-out error.

    Source:
        Rasmussen & Williams 2006, eq. 5.12: the leave-one-out mean in closed form.
    """
    best = (np.inf, 1.0, 1.0)
    lengths: Sequence[float] = (0.5, 1.0, 2.0, 4.0)
    for length in lengths:
        gram = _kernel(points, points, length)
        for noise in (0.01, 0.03, 0.1, 0.3, 1.0, 10.0):
            inverse = np.linalg.inv(gram + noise * np.eye(len(points)))
            error = float(np.mean(((inverse @ residual) / np.diag(inverse)) ** 2))
            best = min(best, (error, length, noise))
    return best[1], best[2]
