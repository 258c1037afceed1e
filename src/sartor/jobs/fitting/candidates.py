"""Which networks are finished: picks across the front, and baselines of the same cost."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.cost.designs import Survey, deployed
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.searching import (
    CAPACITY,
    SCALED,
    Evaluator,
    problem_of,
    recorded,
)
from sartor.search import OBJECTIVES, Study, choose, same_cost
from sartor.space import Design
from sartor.study import SAME_COST, Trial, Trials
from sartor.units import Measurement

PICK = "pick"
RANDOMS = 8
"""Random designs of the same cost whose proxies are reported."""
SCALES = 4
"""Widths, and as many depths and resolutions, of the hand-made designs among which one is taken."""
FAR_BEHIND, FLOOR = 1.4, 0.01
"""A design with so many times the errors of a faster one, by its proxy, is not tuned; of a proxy
without errors it counts as many."""
SAME, SPREAD = 1.1, 0.08
"""Random baselines cost so many times as much as the pick, give or take that share: a pick that is
to beat one must be as fast as well, which it seldom is where the baseline has less to spend."""
BEYOND = 1.25
"""A hand-made design that costs more than this times the pick is no comparison at equal cost."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design that may be finished, and what is promised of it."""

    design: Design
    role: str
    """`pick`, `random` or `scaled`."""
    promised: Mapping[str, Measurement]

    @property
    def id(self) -> str:
        """Name of the design in files."""
        return self.design.id

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        promised = {name: value.to_json() for name, value in self.promised.items()}
        return {"design": dict(self.design), "role": self.role, "promised": promised}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Candidate":
        """Read what `to_json` wrote."""
        promised = {name: Measurement(**value) for name, value in plain["promised"].items()}
        return cls(Design(plain["design"]), plain["role"], promised)

    @classmethod
    def of(cls, trial: Trial, role: str) -> "Candidate":
        """Make a candidate of a trial."""
        return cls(trial.design, role, dict(trial.measurements))


def entrants(study: Study, count: int) -> list[Candidate]:
    """Choose two designs of each of `count / 2` latency ranges, fastest first.

    One is the most accurate by its proxy, the other the most accurate of those that were evaluated
    for their capacity: proxies favour small and shallow designs, which shared weights serve first,
    and what seems beaten, unless by far, is often more accurate once it is tuned. Where ranges are
    without a design, there are more and narrower ones, and in the end the front makes up for them.
    """
    kept = _hopeful(study.kept)
    if not kept:
        return []
    rich = [trial for trial in kept if trial.origin == CAPACITY]
    found: dict[str, Trial] = {}
    for ranges in range(max(1, count // 2), count + 1):
        for trial in (*_best_of_ranges(kept, ranges), *_best_of_ranges(rich, ranges)):
            if len(found) < count:
                found.setdefault(trial.design.id, trial)
    values = [[trial.value(name) for name in OBJECTIVES] for trial in study.front]
    for place in choose(values, tuple(OBJECTIVES.values()), len(values)):
        if len(found) < count:
            found.setdefault(study.front[place].design.id, study.front[place])
    chosen = sorted(found.values(), key=lambda trial: trial.value("latency_ms"))
    return [Candidate.of(trial, PICK) for trial in chosen]


def _hopeful(trials: Sequence[Trial]) -> list[Trial]:
    """Leave out what is slower than another design and has far more errors by its proxy."""
    found, fewest = [], math.inf
    for trial in sorted(trials, key=lambda it: it.value("latency_ms")):
        errors = 1 - trial.value("accuracy") + FLOOR
        if errors <= FAR_BEHIND * fewest:
            found.append(trial)
        fewest = min(fewest, errors)
    return found


def _best_of_ranges(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Return the most accurate of each range of latencies, in equal steps of the logarithm."""
    if not trials:
        return []
    latency = np.log([trial.value("latency_ms") for trial in trials])
    ends = np.linspace(latency.min(), latency.max(), count + 1)[1:-1]
    best: dict[int, Trial] = {}
    for trial, which in zip(trials, np.digitize(latency, ends).tolist(), strict=True):
        if which not in best or trial.value("accuracy") > best[which].value("accuracy"):
            best[which] = trial
    return list(best.values())


def next_best(study: Study, missed: Candidate, taken: set[str]) -> Candidate | None:
    """Return the most accurate design that is predicted to be faster and smaller than `missed`."""
    bound = {name: missed.promised[name].value for name in ("latency_ms", "size_bytes")}
    rest = [
        trial
        for trial in study.kept
        if trial.design.id not in taken
        and all(trial.value(name) <= bound[name] for name in bound)
        and any(trial.value(name) < bound[name] for name in bound)
    ]
    best = max(rest, key=lambda trial: trial.value("accuracy"), default=None)
    return None if best is None else Candidate.of(best, PICK)


def reference(chosen: list[Candidate]) -> Candidate:
    """Return the pick in the middle, of two the faster one, at whose cost baselines are compared.

    Baselines are tuned for as long as a pick of that cost: slower ones would take more of the time.
    """
    return chosen[(len(chosen) - 1) // 2]


def random_baselines(
    job: Job, survey: Survey, evaluate: Evaluator, trials: Trials, cost: float
) -> list[Candidate]:
    """Evaluate random designs that cost as much as a pick or a little more, and record them in the
    study.

    Args:
        job: What is asked.
        survey: Predicts costs.
        evaluate: Gives the proxies.
        trials: Where they are recorded.
        cost: Predicted latency in milliseconds.
    """
    problem = problem_of(job, survey)
    designs = same_cost(problem, SAME * cost, RANDOMS, seed=job.asked.seed, tolerance=SPREAD)
    return [Candidate.of(recorded(trials, evaluate, it, SAME_COST), "random") for it in designs]


def scaled_baseline(
    survey: Survey, evaluate: Evaluator, trials: Trials, cost: float
) -> Candidate | None:
    """Return the hand-made design, in its best deployment, that costs as much as a pick or a little
    more: of these the one whose width, depth and resolution are scaled most evenly. Where there is
    none, the nearest.

    Returns:
        None where even the smallest hand-made design costs far more than `cost`.

    Source:
        Tan & Le 2019, arXiv:1905.11946 (compound scaling). Simplified: the three are scaled over
        the options of the space, not by powers of constants that a grid search found.
    """
    found = []
    for factors in itertools.product(np.linspace(0, 1, SCALES), repeat=3):
        design, latency = _fastest(survey, survey.family.scaled(*map(float, factors)))
        if latency <= BEYOND * cost:
            cheaper, distance = latency < cost, abs(math.log(latency / cost))
            uneven = 0.0 if cheaper else float(np.ptp(factors))
            found.append((cheaper, uneven, distance, design))
    if not found:
        return None
    *_, design = min(found, key=lambda it: it[:3])
    return Candidate.of(recorded(trials, evaluate, design, SCALED), SCALED)


def _fastest(survey: Survey, architecture: Design) -> tuple[Design, float]:
    """Deploy an architecture where it is predicted to be fastest."""
    designs = list(_deployments(survey, architecture))
    latency = survey.estimate(designs)["latency_ms"]
    place = int(np.argmin(latency))
    return designs[place], float(latency[place])


def _deployments(survey: Survey, architecture: Design) -> Iterator[Design]:
    for runtime, floats in survey.runtimes.items():
        for precision in (*floats, "int8"):
            yield Design(deployed(architecture, runtime, precision))
