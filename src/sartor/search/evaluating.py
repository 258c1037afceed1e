"""Have designs evaluated, and record what came of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future

import numpy as np

from sartor.errors import MeasurementError, OptionError, RunFolderError
from sartor.search.protocol import Problem
from sartor.search.workers import Crew, Measured, results
from sartor.space import Design
from sartor.study import Trial, Trials
from sartor.units import METRICS, SHARE, Measurement

HOPELESS = 32
"""Evaluations after which a search ends where none gave numbers."""
OTHER_UNIT = 100.0
"""Times by which a measured number and its estimate differ where one of them lies of its unit."""


class Evaluator:
    """Evaluates designs of a search, of which some may fail.

    Args:
        problem: The search.
        trials: Where trials are recorded.
        origin: Under which they are recorded.
        crew: Who evaluates.
        evaluations: Trials in all.
    """

    def __init__(
        self, problem: Problem, trials: Trials, origin: str, crew: Crew, evaluations: int
    ) -> None:
        self._problem = problem
        self._trials = trials
        self._origin = origin
        self._crew = crew
        self._estimated = frozenset(
            problem.estimates(problem.space.encode([problem.space.extreme(0)]))
        )
        self._hopeless = min(HOPELESS, evaluations)
        self._failed = 0
        self._hopeful = any(trial.state == "done" for trial in trials.all())

    def evaluated(
        self, designs: Iterable[Design], batch: int, stop: Callable[[], bool]
    ) -> Iterator[Trial]:
        """Evaluate designs until it is time to stop, and yield trials as they end.

        Raises:
            MeasurementError: Nothing but failures came of so many that something must be wrong.
            OptionError: The evaluation says nothing of an objective or a limit.
            RunFolderError: The disk is full.
        """
        for design, future in results(self._crew, designs, stop):
            yield self._recorded(design, future, batch)

    def _recorded(self, design: Design, future: "Future[Measured]", batch: int) -> Trial:
        try:
            found = future.result()
        except RunFolderError:
            raise  # a full disk is no fault of the design
        except Exception as error:  # noqa: BLE001 - whatever a function of the user's raises
            return self._fail(design, batch, f"{type(error).__name__}: {error}", error)
        measured = _measurements(found)
        self._check_measured(measured)
        doubt = self._doubt(design, measured)
        if doubt:
            return self._fail(design, batch, doubt, None)
        self._hopeful = True
        measured |= self._limited(design, measured)
        return self._trials.add(design, measured, origin=self._origin, batch=batch)

    def _fail(self, design: Design, batch: int, reason: str, error: Exception | None) -> Trial:
        trial = self._trials.fail(design, reason, origin=self._origin, batch=batch)
        self._failed += 1
        if not self._hopeful and self._failed >= self._hopeless:
            first = reason.splitlines()[0].rstrip(".")
            raise MeasurementError(
                f"none of {self._failed} evaluations gave numbers; the last one: {first}. Mend the "
                "evaluation and run the search again."
            ) from error
        return trial

    def _check_measured(self, measured: Mapping[str, Measurement]) -> None:
        """Refuse an evaluation that says nothing of an objective or a limit."""
        listing = ", ".join(measured) or "nothing"
        for name in self._problem.objectives:
            if name not in measured:
                raise OptionError(f"{name} is an objective, but the evaluation gives {listing}.")
        for limit in self._problem.limits:
            if limit.metric not in measured and limit.metric not in self._estimated:
                raise OptionError(
                    f"there is a limit on {limit.metric}, but the evaluation gives {listing}; "
                    "give it there or in the estimate."
                )

    def _limited(
        self, design: Design, measured: Mapping[str, Measurement]
    ) -> dict[str, Measurement]:
        """Return the estimates of what is limited and was not measured.

        So that a trial tells whether it keeps the limits, which not every strategy sees to.
        """
        metrics = {it.metric for it in self._problem.limits} - set(measured)
        if not metrics:
            return {}
        estimates = self._problem.estimates(self._problem.space.encode([design]))
        return {name: Measurement(float(estimates[name][0]), "predicted") for name in metrics}

    def _doubt(self, design: Design, measured: Mapping[str, Measurement]) -> str:
        """Say what cannot be true of numbers, or nothing."""
        lost = [name for name in self._problem.objectives if not np.isfinite(measured[name].value)]
        if lost:
            return f"{' and '.join(lost)} is no finite number"
        for name, it in measured.items():
            known = METRICS.get(name)
            if known is not None and it.value < 0:
                return f"{name} is {it.value:g}; allowed: 0 and more"
            if known is not None and known.units is SHARE and it.value > 1:
                return f"{name} is {it.value:g}; it is a share, 0 to 1: divide it by 100"
        return self._other_unit(design, measured)

    def _other_unit(self, design: Design, measured: Mapping[str, Measurement]) -> str:
        """Say what was measured in another unit than it was estimated in, or nothing."""
        both = [name for name in measured if name in self._estimated and name in METRICS]
        if not both:
            return ""
        estimates = self._problem.estimates(self._problem.space.encode([design]))
        for name in both:
            value, expected = measured[name].value, float(estimates[name][0])
            if value > 0 and expected > 0 and abs(np.log(value / expected)) >= np.log(OTHER_UNIT):
                return (
                    f"{name} is {value:.4g}, but {expected:.4g} by the estimate: one of them must "
                    "be in another unit"
                )
        return ""


def _measurements(found: Measured) -> dict[str, Measurement]:
    """Take numbers as the user's function gives them."""
    if not isinstance(found, Mapping):
        raise OptionError(
            f"the evaluation gives {type(found).__name__}; allowed: numbers by metric, such as "
            '{"accuracy": 0.9, "latency_ms": 1.5}.'
        )
    return {name: _measurement(name, value) for name, value in found.items()}


def _measurement(name: str, value: Measurement | float) -> Measurement:
    if isinstance(value, Measurement):
        return value
    try:
        return Measurement(float(value), "proxy")
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"the evaluation gives {value!r} as {name}; allowed: a number."
        ) from error
