"""Gradient steps on a design's input, to the upper confidence bound of its performance."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from sartor.search.front import Indices
from sartor.search.heteroscedastic import Surrogate
from sartor.search.history import History
from sartor.search.protocol import Numbers, logarithms
from sartor.space import Coding, Genes

NOISE, IGNORANCE = 0.5, 0.5
"""k1 and k2: what a standard deviation of each kind counts."""
SHARED = 0.05
"""What the sum of the weighted costs counts beside the largest of them: ParEGO's rho."""
PENALTY = 10.0
"""What a standard deviation counts by which a limit is missed."""
STEPS, RATE = 40, 0.1
"""Of Adam on the inputs; the rate falls to 0 as a cosine does."""


class Bound:
    """What the designs of a batch seek: each one a performance of its own, at best.

    An input says how much of each option a design has, from 0 to 1, (options,).

    Args:
        history: The trials.
        others: Designs without a trial, of which the surrogate learns its ignorance, (n, choices).
        count: Designs of the batch.
        rng: Randomness.

    Source:
        Tuli et al. 2022, arXiv:2205.11656, the upper confidence bound. Differs: inputs are options
        and ranks in place of a learned embedding. The paper has one performance; here every design
        of a batch weighs the costs anew at random, by the weighted distance from the best (Knowles
        2006, ParEGO), and the bound is that of each cost. Limits that are only measured are
        predicted too, and missing them at worst is penalised.
    """

    def __init__(
        self, history: History, others: Genes, count: int, rng: np.random.Generator
    ) -> None:
        self._coding = history.problem.coding
        self._ranks = torch.from_numpy(_ranks(self._coding))
        costs = _costs(history)
        self._width = costs.shape[1]
        targets = np.hstack([costs, _beyond(history)])
        unit = targets.std(axis=0)
        unit = np.where(unit > 0, unit, 1.0)
        scaled = (targets - targets.mean(axis=0)) / unit
        self._trials = torch.from_numpy(scaled)
        self._best = torch.from_numpy(scaled[:, : self._width].min(axis=0))
        self._limits = torch.from_numpy(-(targets.mean(axis=0) / unit)[self._width :])
        """Where each limit is just kept, on the scale of the targets."""
        self._weights = torch.from_numpy(rng.dirichlet(np.ones(self._width), count))
        x, unknown = (
            self._features(torch.from_numpy(self.inputs(it))).numpy()
            for it in (history.genes, others)
        )
        self._surrogate = Surrogate(x, scaled, unknown, int(rng.integers(2**31)))

    def inputs(self, genes: Genes) -> Numbers:
        """Return the inputs of designs, (n, options)."""
        hot = self._coding.featured(genes)[:, self._coding.features.kinds == 0]
        return hot.astype(np.float64)

    def nearest(self, inputs: Numbers) -> Genes:
        """Return designs, (n, choices): of each choice the option that inputs have most of."""
        ends = np.cumsum(self._coding.cardinalities)[:-1]
        most = [part.argmax(axis=1) for part in np.split(inputs, ends, axis=1)]
        return self._coding.settled(np.stack(most, axis=1))

    def measured(self, seeker: int) -> Numbers:
        """Return the performance of the trials, (n,), as one design of the batch weighs it."""
        seekers = np.full(len(self._trials), seeker)
        found: Numbers = self._performance(self._trials, seekers).numpy()
        return found

    def of(self, inputs: Numbers, seekers: Indices) -> Numbers:
        """Return the bounds of inputs, (n, options), as designs of the batch weigh them, (n,)."""
        found: Numbers = self._bound(torch.from_numpy(inputs), seekers).numpy()
        return found

    def ascended(self, starts: Numbers, seekers: Indices) -> Numbers:
        """Climb from inputs, (n, options), to where designs of the batch see higher bounds."""
        return ascended(lambda inputs: self._bound(inputs, seekers), starts)

    def uncertainty(self, inputs: Numbers) -> Numbers:
        """Return how unsure the costs of inputs are, (n,)."""
        belief = self._surrogate(self._features(torch.from_numpy(inputs)))
        unsure = NOISE * belief.noise + IGNORANCE * belief.ignorance
        found: Numbers = unsure[:, : self._width].sum(dim=1).numpy()
        return found

    def _features(self, inputs: Tensor) -> Tensor:
        return torch.hstack([inputs, inputs @ self._ranks])

    def _bound(self, inputs: Tensor, seekers: Indices) -> Tensor:
        belief = self._surrogate(self._features(inputs))
        unsure = NOISE * belief.noise + IGNORANCE * belief.ignorance
        best, worst = belief.mean - unsure, belief.mean + unsure
        hoped = torch.hstack([best[:, : self._width], worst[:, self._width :]])
        return self._performance(hoped, seekers)

    def _performance(self, targets: Tensor, seekers: Indices) -> Tensor:
        behind = self._weights[seekers] * (targets[:, : self._width] - self._best)
        missed = (targets[:, self._width :] - self._limits).clamp(min=0).sum(dim=1)
        return -(behind.max(dim=1).values + SHARED * behind.sum(dim=1) + PENALTY * missed)


def ascended(score: Callable[[Tensor], Tensor], starts: Numbers) -> Numbers:
    """Climb from inputs, each for itself, to where the score is higher, within 0 and 1.

    Args:
        score: Of inputs, (n, options), as (n,).
        starts: Inputs, (n, options).

    Source:
        Tuli et al. 2022, arXiv:2205.11656, GOBI. Differs: Adam in place of AdaHessian,
        and one cosine without warm restarts.
    """
    inputs = torch.tensor(starts, requires_grad=True)
    optimizer = torch.optim.Adam([inputs], lr=RATE)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        (-score(inputs).sum()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rate.step()
        with torch.no_grad():
            inputs.clamp_(0.0, 1.0)
    found: Numbers = inputs.detach().numpy()
    return found


def _ranks(coding: Coding) -> Numbers:
    """Return the matrix by which options become ranks of ordered choices, (options, ranks)."""
    ordered = coding.features.groups[coding.features.kinds == 1]
    first = np.cumsum(coding.cardinalities) - coding.cardinalities
    matrix = np.zeros((int(coding.cardinalities.sum()), len(ordered)))
    for column, choice in enumerate(ordered):
        count = coding.cardinalities[choice]
        matrix[first[choice] : first[choice] + count, column] = np.linspace(0, 1, count)
    return matrix


def _costs(history: History) -> Numbers:
    """Return the objectives of the trials as costs on the scale of the problem, (n, m)."""
    costs = history.costs()
    for column, name in enumerate(history.problem.objectives):
        if name in history.problem.logarithmic:
            sign = 1.0 if history.problem.objectives[name] == "min" else -1.0
            costs[:, column] = sign * logarithms(history.values(name))
    return costs


def _beyond(history: History) -> Numbers:
    """Return how far beyond each limit trials are, in shares of it, where all were measured."""
    columns = [np.empty((len(history.good), 0))]
    for limit in history.problem.limits:
        values = history.values(limit.metric)
        if np.isfinite(values).all():
            sign = 1.0 if limit.direction == "max" else -1.0
            columns.append(sign * (values[:, None] - limit.bound) / limit.bound)
    return np.hstack(columns)
