"""Run a search: ask, evaluate, record, tell, until the evaluations or the time are used up."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sartor.errors import OptionError
from sartor.search.evaluating import Evaluator
from sartor.search.front import Indices, non_dominated, unsettled
from sartor.search.protocol import OBJECTIVES, STRATEGIES, Estimate, Problem, Scored, Strategy
from sartor.search.shortfall import shortfall
from sartor.search.workers import Evaluate, Here, Processes, Workers
from sartor.space import Space
from sartor.study import Trial, Trials
from sartor.units import Direction, Limit, Measurement, read_limits

Limits = Mapping[str, float | str] | Iterable[str | Limit]

BATCH = 16


@dataclass(frozen=True, slots=True, repr=False)
class Study:
    """What a search found."""

    problem: Problem
    trials: tuple[Trial, ...]
    """Every design with its measurements, in order."""
    quality: Mapping[str, float]
    """What the strategy knows of its own quality, such as `predictor_rank_correlation`."""
    exhausted: bool
    """The strategy found no further design."""

    @property
    def done(self) -> tuple[Trial, ...]:
        """The trials that gave numbers."""
        return tuple(trial for trial in self.trials if trial.state == "done")

    @property
    def kept(self) -> tuple[Trial, ...]:
        """The trials that keep the limits, as far as these were measured."""
        return tuple(trial for trial in self.done if _keeps(self.problem, trial))

    @property
    def front(self) -> tuple[Trial, ...]:
        """The non-dominated trials of those that keep the limits, in the order of the trials."""
        kept = self.kept
        return tuple(kept[place] for place in self._front_of(kept))

    @property
    def unsettled(self) -> tuple[Trial, ...]:
        """The trials of the front that others may beat, within the 95 % intervals of all."""
        kept, names = self.kept, self.problem.objectives
        ends = [[_interval(trial.measurements[name]) for name in names] for trial in kept]
        low, high = np.array(ends, float).reshape(len(kept), len(names), 2).transpose(2, 0, 1)
        found = unsettled(low, high, self.problem.directions, self._front_of(kept).tolist())
        return tuple(kept[place] for place in found)

    @property
    def shortfall(self) -> str:
        """Which limit binds and how near the trials came, where they are and none keeps them."""
        if self.kept or not self.done:
            return ""
        numbers = {
            it.metric: np.array([_value(trial, it.metric) for trial in self.done])
            for it in self.problem.limits
            if any(it.metric in trial.measurements for trial in self.done)
        }
        return shortfall(self.problem.limits, numbers, f"{len(self.done):,} evaluated")

    def __repr__(self) -> str:
        found = self.shortfall or f"{len(self.front)} on the front"
        return f"<Study: {len(self.trials)} trials, {found}>"

    def _front_of(self, kept: tuple[Trial, ...]) -> Indices:
        values = [[trial.value(name) for name in self.problem.objectives] for trial in kept]
        return non_dominated(values, self.problem.directions)


def run(
    space: Space,
    evaluate: Evaluate,
    *,
    objectives: Mapping[str, Direction] = OBJECTIVES,
    limits: Limits | None = None,
    relative_to: Mapping[str, float] | None = None,
    strategy: str = "predictor",
    evaluations: int = 200,
    seed: int = 0,
    storage: Trials | Path | str | None = None,
    estimate: Estimate | None = None,
    logarithmic: Iterable[str] = (),
    batch: int = BATCH,
    workers: Workers | int | None = None,
    origin: str = "search",
    stop: Callable[[], bool] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> Study:
    """Search a space for the designs that no other one beats.

    A search that was stopped at any moment goes on with the same arguments and storage, and ends
    as if it had not been stopped.

    Args:
        space: Of the designs.
        evaluate: Measures a design. Where it raises, its worker dies or takes too long, or a
            number cannot be true, the trial is recorded as failed with the reason.
        objectives: "max" or "min" by metric.
        limits: As texts ("latency=5ms", "latency=0.5x"), or by metric as numbers in its unit or
            texts such as "<=8"; on metrics of one's own with "<=" or ">=".
        relative_to: What was measured of the network that limits with an "x" relate to, by metric.
        strategy: Name of a strategy.
        evaluations: Trials in all, failed and earlier ones of the same origin included.
        seed: 0 or more; of the strategy.
        storage: Trials that are open, a file of SQLite (a path), an Optuna URL, or None to keep
            the trials in memory.
        estimate: Cheap numbers of designs; limits on these hold from the first design on.
        logarithmic: Objectives of which a share counts and not a difference, where the strategy
            weighs one against another: 1 to 2 ms is then as far as 2 to 4 ms.
        batch: Designs between two looks of the strategy at what was measured. With workers a
            multiple of their number, so that none waits for the last of a batch.
        workers: Where designs are evaluated: in this process (None), in so many others on this
            machine, or `Processes` or `Ray` with their options. What is found is the same.
        origin: Name under which the trials stand in the storage. Trials of other origins are
            known to the strategy and do not count.
        stop: Asked before every evaluation; when it returns True the search ends, after those that
            run.
        on_trial: Called after every trial that was evaluated now.

    Raises:
        LimitError: No design keeps the limits.
        UnknownNameError: There is no strategy of that name.
        MeasurementError: Every one of the first evaluations failed.
        OptionError: A number is not allowed, or an objective or limit is never measured.
        RunFolderError: The storage holds another search, or its disk is full.

    Example:
        >>> from sartor.space import Choice
        >>> space = Space([Choice("width", (8, 16, 24), ordered=True)])
        >>> measure = lambda d: {"accuracy": d["width"] / 32, "latency_ms": d["width"]}
        >>> study = run(space, measure, limits={"latency_ms": "<=16"}, strategy="random")
        >>> sorted(trial.design["width"] for trial in study.front)
        [8, 16]
    """
    if evaluations < 1 or batch < 1:
        raise OptionError(f"evaluations is {evaluations}, batch is {batch}; allowed: 1 and more.")
    if seed < 0:
        raise OptionError(f"seed is {seed}; allowed: 0 and more.")
    bounds = read_limits(limits, relative_to=relative_to, known=False)
    problem = Problem(space, dict(objectives), bounds, estimate, frozenset(logarithmic))
    asker = STRATEGIES[strategy](problem, seed)
    place = Processes(workers) if isinstance(workers, int) else workers or Here()
    own = not isinstance(storage, Trials)
    trials = Trials.open(storage, space, objectives) if not isinstance(storage, Trials) else storage
    try:
        trials.record_limits(problem.limits)
        with place.begin(evaluate) as crew:
            search = _Search(
                trials=trials,
                origin=origin,
                evaluator=Evaluator(problem, trials, origin, crew, evaluations),
                stop=stop or _never,
                on_trial=on_trial or _ignore,
            )
            exhausted = search.loop(asker, evaluations, batch)
        return Study(problem, trials.all(), asker.report(), exhausted)
    finally:
        if own:
            trials.close()


@dataclass(frozen=True, slots=True)
class _Search:
    """The loop and what it needs."""

    trials: Trials
    origin: str
    evaluator: Evaluator
    stop: Callable[[], bool]
    on_trial: Callable[[Trial], None]

    def loop(self, strategy: Strategy, evaluations: int, batch: int) -> bool:
        """Ask and tell batch by batch; tell whether the strategy ran out of designs."""
        known = self.trials.all()
        mine = [trial for trial in known if trial.origin == self.origin]
        strategy.tell([_scored(trial, -1) for trial in known if trial.origin != self.origin])
        left = evaluations - len(mine)
        # Whole batches of an earlier process are told as they were; the last may be incomplete,
        # so it is asked for again, which gives the same designs.
        last = max((trial.batch for trial in mine), default=0)
        for number in range(last):
            strategy.tell([_scored(it, number) for it in mine if it.batch == number])
        held = [trial for trial in mine if trial.batch == last]
        for number in itertools.count(last):
            over = left <= 0 or self.stop()
            # Always a whole batch, though fewer may be evaluated: so that a search that is later
            # given more evaluations is asked for the same.
            designs = [] if over else strategy.ask(batch)
            fresh = [design for design in dict.fromkeys(designs) if design not in self.trials]
            tried = []
            for trial in self.evaluator.evaluated(fresh[: max(left, 0)], number, self.stop):
                self.on_trial(trial)
                tried.append(trial)
            strategy.tell([_scored(trial, number) for trial in (*held, *tried)])
            if over or not designs or len(tried) < len(fresh):
                return not over and not designs
            left -= len(tried)
            held = []
        raise AssertionError("counting never ends")


def _scored(trial: Trial, batch: int) -> Scored:
    values = {name: measured.value for name, measured in trial.measurements.items()}
    return Scored(trial.design, values, batch)


def _keeps(problem: Problem, trial: Trial) -> bool:
    return all(
        limit.keeps(trial.value(limit.metric))
        for limit in problem.limits
        if limit.metric in trial.measurements
    )


def _value(trial: Trial, metric: str) -> float:
    return trial.value(metric) if metric in trial.measurements else math.nan


def _interval(it: Measurement) -> tuple[float, float]:
    low = it.value if it.low is None else it.low
    return low, it.value if it.high is None else it.high


def _never() -> bool:
    return False


def _ignore(_: Trial) -> None:
    pass
