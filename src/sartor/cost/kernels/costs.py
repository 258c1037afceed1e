"""The time of a kernel as a sum of non-negative costs of what it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sartor.cost.kernels.features import QUANTITIES
from sartor.cost.kernels.sample import Sample
from sartor.cost.kernels.table import Group, Matrix, Table, Vector

USUAL = {
    "calls": 1e-3, "work": 0.015, "full_work": 0.005, "read": 0.05, "written": 0.05,
    "constants": 0.1, "passes": 0.01, "taps": 0.02, "beyond": 0.02, "along": 0.02, "curved": 0.1,
    "runs": 10.0, "pixels": 0.2, "tail": 0.5, "left": 2.0, "cold": 0.2, "single": 0.01,
    "thin": 0.01, "half": 0.005,
}  # fmt: skip
"""Rough milliseconds per unit of each quantity: a prior, of one thread of a server CPU of 2025."""
PULL = 0.02
"""Strength of the prior against one network. Weak, so that quantities that networks tell apart are
free; those that no network tells are kept at the usual cost."""
BEYOND = 0.1
"""The same for bytes beyond the cache, which memory serves at one speed, whatever kernel asks for
them. Groups with few large kernels had found speeds of a fifth of it."""
PROFILED = 1.0
"""Weight of the time that a profiler tells of a group, against that of a network."""
FLOOR = 0.05
"""Share of a network below which a profiler's time of a group counts less."""
SHORTEST = 1e-6
"""Milliseconds of a kernel at least."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds per unit of every quantity, group by group."""

    call: float
    """Of a call to the runtime."""
    scale: float
    """What the usual costs are multiplied by to stand for kernels of unknown groups."""
    groups: Mapping[Group, Vector]
    """(q,) each."""

    def of(self, table: Table) -> Vector:
        """Return milliseconds of the kernels of a table, (k,)."""
        times = np.empty(len(table.kernels))
        for group, places in table.groups.items():
            costs = self.groups.get(group)
            times[places] = table.quantities[places] @ (
                self.scale * _usual() if costs is None else costs
            )
        return np.maximum(times, SHORTEST)


def fit_costs(table: Table, times: Vector, samples: Sequence[Sample]) -> Costs:
    """Fit costs by least relative squares, drawn weakly toward the usual ones.

    Args:
        table: Networks.
        times: Their milliseconds, (n,).
        samples: The same networks, for the shares of their kernels.
    """
    from scipy.optimize import nnls

    columns, keys = _columns(table)
    scale = float(np.median(times / columns.sum(1)))
    columns *= scale
    rows = columns / times[:, None]
    # Columns are multiples of the usual cost, so that 1 is what the prior expects of each.
    share = np.maximum(rows.mean(0), 1e-5)
    beyond = np.array([quantity == QUANTITIES.index("beyond") for _, quantity in keys])
    pull = np.diag(PULL * np.sqrt(share * len(times)) + BEYOND * beyond)
    parts, told = _divided(columns, keys, times, samples)
    # The triangle of a QR decomposition has the same least squares in as many rows as columns.
    goal = np.concatenate([np.ones(len(times)), pull.sum(1), told])
    stacked = np.concatenate([np.vstack([rows, pull, parts]), goal[:, None]], axis=1)
    triangle: Matrix = np.asarray(np.linalg.qr(stacked, "r"))
    found, _ = nnls(triangle[:, :-1], triangle[:, -1], maxiter=30 * len(keys))
    costs = {group: np.zeros(len(QUANTITIES)) for group in table.groups}
    usual = scale * _usual()
    for (group, quantity), factor in zip(keys[1:], found[1:], strict=True):
        costs[group][quantity] = factor * usual[quantity]
    return Costs(float(found[0]) * scale * USUAL["calls"], scale, costs)


def _divided(
    columns: Matrix, keys: Sequence[tuple[Group, int]], times: Vector, samples: Sequence[Sample]
) -> tuple[Matrix, Vector]:
    """Return rows for the time that each network spends in each group, and what they add up to."""
    own: dict[Group, list[int]] = {}
    for place, (group, _) in enumerate(keys):
        own.setdefault(group, []).append(place)
    parts, told = [], []
    for row, (sample, time) in enumerate(zip(samples, times.tolist(), strict=True)):
        spent: dict[Group, float] = {}
        for kernel, share in zip(sample.kernels, sample.shares, strict=True):
            spent[kernel.group] = spent.get(kernel.group, 0.0) + share * time
        for group, milliseconds in spent.items():
            weight = PROFILED / (milliseconds + FLOOR * time)
            part = np.zeros(len(keys))
            part[own[group]] = columns[row, own[group]] * weight
            parts.append(part)
            told.append(milliseconds * weight)
    return np.array(parts), np.array(told)


def _columns(table: Table) -> tuple[Matrix, list[tuple[Group, int]]]:
    """Return usual milliseconds of every quantity of every group, (n, c), the call first."""
    columns = [np.full(len(table.counts), USUAL["calls"])]
    keys: list[tuple[Group, int]] = [(("", "", "", ""), 0)]
    for group, places in table.groups.items():
        block = table.counts[:, places] @ (table.quantities[places] * _usual())
        for quantity in np.flatnonzero(block.any(0)):
            columns.append(block[:, quantity])
            keys.append((group, int(quantity)))
    return np.stack(columns, 1), keys


def _usual() -> Vector:
    return np.array([USUAL[name] for name in QUANTITIES])
