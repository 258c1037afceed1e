"""Which networks are finished: picks across the front, and baselines of the same cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.cost import Survey, deployed
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.searching import RANDOM, SCALED, Evaluator, recorded, searched_limits
from sartor.search import OBJECTIVES, Problem, Study, choose, same_cost
from sartor.space import Design
from sartor.study import Trial, Trials
from sartor.units import Measurement

PICK = "pick"
RANDOMS = 8
"""Random designs of the same cost whose proxies are reported."""
SCALES = 17
"""Hand-made designs from the smallest to the largest among which the nearest is taken."""
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
    """Choose the most accurate design of each of `count` latency ranges, fastest first.

    The ranges are equal steps of the logarithm from the fastest to the slowest design that was
    evaluated. Not the front alone: proxies favour small designs, which shared weights serve first,
    and what seems beaten by a faster design is often more accurate once it is tuned. Ranges
    without a design are made up for by the front.
    """
    kept = list(study.kept)
    if not kept:
        return []
    latency = np.log([trial.value("latency_ms") for trial in kept])
    ranges = np.digitize(latency, np.linspace(latency.min(), latency.max(), count + 1)[1:-1])
    best: dict[int, Trial] = {}
    for trial, which in zip(kept, ranges.tolist(), strict=True):
        if which not in best or trial.value("accuracy") > best[which].value("accuracy"):
            best[which] = trial
    found = list(best.values())
    values = [[trial.value(name) for name in OBJECTIVES] for trial in study.front]
    for place in choose(values, tuple(OBJECTIVES.values()), len(values)):
        if len(found) < count and study.front[place] not in found:
            found.append(study.front[place])
    found.sort(key=lambda trial: trial.value("latency_ms"))
    return [Candidate.of(trial, PICK) for trial in found]


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
    """Return the pick in the middle, at whose cost baselines are compared."""
    return chosen[len(chosen) // 2]


def random_baselines(
    job: Job, survey: Survey, evaluate: Evaluator, trials: Trials, cost: float
) -> list[Candidate]:
    """Evaluate random designs that cost as much as a pick, and record them in the study.

    Args:
        job: What is asked.
        survey: Predicts costs.
        evaluate: Gives the proxies.
        trials: Where they are recorded.
        cost: Predicted latency in milliseconds.
    """
    problem = Problem(trials.space, OBJECTIVES, searched_limits(job.asked.limits), survey.estimate)
    designs = same_cost(problem, cost, RANDOMS, seed=job.asked.seed)
    return [Candidate.of(recorded(trials, evaluate, it, RANDOM), RANDOM) for it in designs]


def scaled_baseline(
    survey: Survey, evaluate: Evaluator, trials: Trials, cost: float
) -> Candidate | None:
    """Return the hand-made design, in its best deployment, whose predicted cost is nearest.

    Returns:
        None where even the smallest hand-made design costs far more than `cost`.
    """
    best: tuple[float, Design] | None = None
    for factor in np.linspace(0, 1, SCALES):
        design, latency = _fastest(survey, survey.family.scaled(float(factor)))
        distance = abs(np.log(latency / cost))
        if latency <= BEYOND * cost and (best is None or distance < best[0]):
            best = (distance, design)
    if best is None:
        return None
    return Candidate.of(recorded(trials, evaluate, best[1], SCALED), SCALED)


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
