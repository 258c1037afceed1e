"""Policy gradient with the reward of MnasNet."""

import numpy as np

from sartor.search.controller import Controller
from sartor.search.feasible import stratified
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES, Numbers, Problem
from sartor.space import Design

SOFT = -0.07
"""Exponent of the cost where there is no limit on it: twice the cost for 5 % more accuracy."""
WITHIN, BEYOND = 0.0, -1.0
"""Exponents within a limit and beyond it."""
FIRST = 16
"""Designs spread over the cost before the controller draws."""
TRIES = 6
"""Draws for one batch before random designs fill it."""


@STRATEGIES.register(
    "policy", "A controller that learns by policy gradient.", "Tan et al. 2019, MnasNet"
)
class Policy(Remembering):
    """Draw from a controller that learns what is rewarded.

    The reward is the product of what is to be high and of (cost / goal)^w for every cost. Where a
    limit is the goal, w is 0 within it and -1 beyond (hard); where a cost is only to be low, its
    goal is the median of the first designs and w is -0.07 (soft).

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Tan et al. 2019, arXiv:1807.11626, equations 2 and 3. Differs: see `Controller`; plain
        policy gradient in place of PPO.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        self._controller = Controller(problem.coding)

    def ask(self, count: int) -> list[Design]:
        """Return what the controller draws; see `Strategy`."""
        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if len(history.good) < FIRST:
            return history.asked(stratified(problem, count, rng, exclude=history.met))
        rewards = self._rewards()
        numbers = np.array([trial.batch for trial in history.good])
        batches = [
            (history.genes[numbers == it], rewards[numbers == it]) for it in np.unique(numbers)
        ]
        self._controller.learn(batches)
        met = history.met.copy()
        chosen = history.genes[:0]
        for _ in range(TRIES):
            drawn = met.fresh(self._controller.draw(4 * count, rng))
            chosen = np.concatenate([chosen, drawn[problem.within(drawn)]])
            if len(chosen) >= count:
                break
        return history.filled(chosen, count, met, rng)

    def report(self) -> dict[str, float]:
        """Return the best reward so far."""
        return {"reward": float(self._rewards().max())} if self._history.good else {}

    def _rewards(self) -> Numbers:
        """Return the reward of every trial, (n,)."""
        history, problem = self._history, self._history.problem
        reward = np.ones(len(history.good))
        limited = {limit.metric for limit in problem.limits}
        for metric, way in problem.objectives.items():
            values = history.values(metric)
            if way == "max":
                reward = reward * values
            elif metric not in limited:
                goal = np.median(np.abs(values[:FIRST])) or 1.0
                reward = reward * np.maximum(values / goal, 1e-6) ** SOFT
        for limit in problem.limits:
            values = np.maximum(history.values(limit.metric), 1e-12)
            ratio = values / limit.bound if limit.direction == "max" else limit.bound / values
            factor = ratio ** np.where(ratio <= 1, WITHIN, BEYOND)
            # What was not measured of a trial cannot speak against it.
            reward = reward * np.nan_to_num(factor, nan=1.0)
        return reward
