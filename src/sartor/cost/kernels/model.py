"""Predicts a network as the sum of its kernels, each with its own uncertainty.

The time of a kernel is m (1 + g): m is a sum of costs of what it does, g a Gaussian process over
the kernels of its group. A sum of Gaussians is one, so g is fitted to times of whole chains and
networks: no kernel is timed alone, which would count a call to the runtime with each and find all
of its data in the cache. A profiler, whose clock rounds to microseconds, only says how a time is
divided among groups, and so keeps apart what always stands together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.cost.kernels.costs import Costs, fit_costs
from sartor.cost.kernels.features import QUANTITIES
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.pace import slowness_of
from sartor.cost.kernels.sample import Sample
from sartor.cost.kernels.table import Group, Matrix, Places, Table, Vector
from sartor.errors import DataError

FEWEST = 12
"""Networks below which nothing is fitted."""
OFFSET = 0.15
"""Spread of what all kernels of a group share, as a share of their time; so are the next three."""
SPREAD = 0.3
"""Spread of what kernels near one another share."""
OWN = 0.05
"""Spread of what each kernel has for itself."""
NOISE = 0.03
"""Spread of a network's time that no kernel explains, timing included."""
PACE = 0.02
"""Spread of what networks share that were timed beside the same anchors: where these lie in memory
moves their time, and with it the pace that all are brought to."""
DRIFT = 0.1
"""Spread that each unit of the logarithm of the pace adds: kernels are slowed unlike by whatever
slows the machine, by 4 to 8 % where the anchors take 1.6 times as long."""
LENGTH = 3.0
"""How near kernels are, in doublings of their sizes."""
OTHER_DETAIL = 1.5
"""Doublings that another activation counts as."""
UNKNOWN = 1.0
"""Spread of the time of kernels of unknown groups, as a share: a factor of two or three."""
DOUBTFUL = 2.5
"""Standard deviations from which a network is taken for mistimed, and counts less."""
NORMAL = 1.96
"""Standard deviations to either side that hold 95 % of a normal distribution."""
LEAST = 0.3
"""Share of the sum of costs that a prediction is at least."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of a network."""

    milliseconds: float
    low_ms: float
    """Lower end of the 95 % interval."""
    high_ms: float
    coverage: float
    """Share of the predicted time that kernels of known groups take, 0 to 1."""
    macs_coverage: float
    """Share of the multiply-adds in them, 0 to 1."""
    unknown: tuple[str, ...]
    """Kernels of unknown groups, each once: kind, precision and form. They are guessed from what
    they multiply and move, and are never zero."""


@dataclass(frozen=True, slots=True)
class KernelModel:
    """Costs, and what networks say beyond them."""

    table: Table
    """Networks that were timed."""
    times: Vector
    """Their milliseconds, (n,)."""
    costs: Costs
    noise: Vector
    """Variance of each network's relative time that no kernel explains, (n,)."""
    inverse: Matrix
    """Of the covariance of relative times, (n, n)."""
    weights: Vector
    """The inverse times what was left of relative times, (n,)."""
    widen: float
    """Factor on standard deviations, so that 95 % of the fitted networks lie in their intervals
    when they are left out."""

    def predict(self, networks: Sequence[Sequence[Kernel]]) -> list[Prediction]:
        """Predict networks, each given as its kernels.

        Raises:
            DataError: A network executes nothing.
        """
        if not all(networks):
            raise DataError("a network without kernels has no time to predict.")
        table = Table.of(networks)
        parts = table.counts * self.costs.of(table)  # (n, k)
        total = parts.sum(1) + self.costs.call
        shares = parts / total[:, None]
        cross = self._cross(table, shares)
        change = cross @ self.weights
        variance = _own(table, shares, self.table.groups) + NOISE**2
        variance -= np.einsum("ij,jk,ik->i", cross, self.inverse, cross)
        spread = self.widen * np.sqrt(np.maximum(variance, 0))
        known = np.zeros(len(table.kernels), bool)
        for group in table.groups.keys() & self.table.groups.keys():
            known[table.groups[group]] = True
        factors = np.stack([change, change - NORMAL * spread, change + NORMAL * spread])
        value, low, high = total * np.maximum(1 + factors, LEAST)
        return [
            _prediction(table, row, known, parts[row], (value[row], low[row], high[row]))
            for row in range(len(networks))
        ]

    def left_out(self) -> Vector:
        """Predict every fitted network from the others, (n,), with the costs fitted to all.

        Source:
            Rasmussen & Williams 2006, eq. 5.12.
        """
        total = _total(self.table, self.costs)
        left = self.times / total - 1 - self.weights / np.diag(self.inverse)
        return total * np.maximum(1 + left, LEAST)

    def _cross(self, table: Table, shares: Matrix) -> Matrix:
        """Return covariances of networks with the fitted ones, (m, n)."""
        own = self.table.counts * self.costs.of(self.table)
        own /= own.sum(1, keepdims=True) + self.costs.call
        cross = np.zeros((len(shares), len(own)))
        for group in table.groups.keys() & self.table.groups.keys():
            new, old = table.groups[group], self.table.groups[group]
            cross += shares[:, new] @ near(table, new, self.table, old) @ own[:, old].T
        return cross

    def to_json(self) -> dict[str, Any]:
        """Return plain data, without the networks."""
        return {
            "call": self.costs.call,
            "scale": self.costs.scale,
            "quantities": list(QUANTITIES),
            "groups": [[*group, *costs.tolist()] for group, costs in self.costs.groups.items()],
            "noise": self.noise.tolist(),
            "widen": self.widen,
        }


def fit(samples: Sequence[Sample], times: Vector) -> KernelModel:
    """Fit a model.

    Args:
        samples: Networks that were timed.
        times: Their milliseconds at one pace, (n,).

    Raises:
        DataError: There are fewer than twelve networks.
    """
    if len(samples) < FEWEST:
        raise DataError(f"a model of kernels needs {FEWEST} networks; got {len(samples)}.")
    table = Table.of([it.kernels for it in samples])
    costs = fit_costs(table, times, samples)
    slowness = slowness_of(samples)
    together = _timed_together(slowness)
    covariance = _covariance(table, costs) + together
    left = times / _total(table, costs) - 1
    expected = NOISE**2 + (DRIFT * slowness) ** 2
    noise = expected
    for _ in range(3):
        inverse = np.linalg.inv(covariance + np.diag(noise))
        far = np.abs(inverse @ left) / np.sqrt(np.diag(inverse))  # standard deviations
        noise = expected * np.where(far > DOUBTFUL, (2 * far / DOUBTFUL) ** 2, 1.0)
    widen = max(1.0, float(np.quantile(far, 0.95)) / NORMAL)
    return _assembled(table, times, costs, noise, widen, together)


def restore(samples: Sequence[Sample], times: Vector, plain: Mapping[str, Any]) -> KernelModel:
    """Make the model again that was fitted to samples and written by `to_json`.

    Raises:
        KeyError, TypeError, ValueError: It was not.
    """
    table = Table.of([it.kernels for it in samples])
    if list(plain["quantities"]) != list(QUANTITIES):
        raise ValueError("costs of other quantities")
    groups = {(a, b, c, d): np.array(costs, float) for a, b, c, d, *costs in plain["groups"]}
    if groups.keys() != table.groups.keys():
        raise ValueError("costs of other kernels than those that were timed")
    costs = Costs(float(plain["call"]), float(plain["scale"]), groups)
    noise = np.array(plain["noise"], float)
    if noise.shape != times.shape:
        raise ValueError(f"noise of {len(noise)} networks; {len(times)} were timed")
    together = _timed_together(slowness_of(samples))
    return _assembled(table, times, costs, noise, float(plain["widen"]), together)


def near(one: Table, places: Places, other: Table, others: Places) -> Matrix:
    """Return covariances of the relative times of kernels of a group, (a, b)."""
    x, y = one.coordinates[places], other.coordinates[others]
    square = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    differs = one.details[places][:, None] != other.details[others][None]
    square = np.maximum(square, 0) + OTHER_DETAIL**2 * differs
    covariance: Matrix = OFFSET**2 + SPREAD**2 * np.exp(-square / (2 * LENGTH**2))
    return covariance


def _assembled(
    table: Table, times: Vector, costs: Costs, noise: Vector, widen: float, together: Matrix
) -> KernelModel:
    covariance = _covariance(table, costs) + together + np.diag(noise)
    inverse: Matrix = np.linalg.inv(covariance).astype(float)
    weights = inverse @ (times / _total(table, costs) - 1)
    return KernelModel(table, times, costs, noise, inverse, weights, widen)


def _timed_together(slowness: Vector) -> Matrix:
    """Return the covariance of relative times of networks that share their anchors, (n, n)."""
    shared: Matrix = PACE**2 * np.equal.outer(slowness, slowness).astype(float)
    return shared


def _total(table: Table, costs: Costs) -> Vector:
    total: Vector = table.counts @ costs.of(table) + costs.call
    return total


def _covariance(table: Table, costs: Costs) -> Matrix:
    """Return covariances of the relative times of networks, (n, n)."""
    shares = table.counts * costs.of(table) / _total(table, costs)[:, None]
    covariance = np.zeros((len(shares), len(shares)))
    for places in table.groups.values():
        kernels = near(table, places, table, places) + OWN**2 * np.eye(len(places))
        covariance += shares[:, places] @ kernels @ shares[:, places].T
    return covariance


def _own(table: Table, shares: Matrix, known: Mapping[Group, Places]) -> Vector:
    """Return the variance of each network before anything is known, (n,)."""
    variance = np.zeros(len(shares))
    for group, places in table.groups.items():
        own = shares[:, places]
        if group not in known:
            variance += (UNKNOWN * own.sum(1)) ** 2
            continue
        kernels = near(table, places, table, places) + OWN**2 * np.eye(len(places))
        variance += np.einsum("ij,jk,ik->i", own, kernels, own)
    return variance


def _prediction(
    table: Table,
    row: int,
    known: "np.ndarray[Any, np.dtype[np.bool_]]",
    parts: Vector,
    interval: tuple[float, float, float],
) -> Prediction:
    counts = table.counts[row]
    macs = counts * np.array([it.macs for it in table.kernels])
    missing = [table.kernels[place] for place in np.flatnonzero((counts > 0) & ~known)]
    names = (f"{it.kind} {it.precision} {it.form}".strip() for it in missing)
    value, low, high = interval
    return Prediction(
        float(value),
        float(low),
        float(high),
        float(parts[known].sum() / parts.sum()),
        float(macs[known].sum() / macs.sum()) if macs.any() else 1.0,
        tuple(dict.fromkeys(names)),
    )
