"""Everything that the page of a study shows, for people and for programs."""

from dataclasses import dataclass
from typing import Any

from sartor.report.study.course import Course, Moment, courses, moments
from sartor.report.study.failures import Reason, reasons
from sartor.report.study.foresight import Foresight, foresee
from sartor.report.study.importance import Importance, importances
from sartor.report.study.outcome import outcome
from sartor.report.study.recorded import Recorded
from sartor.study import Trial

VERSION = 1


@dataclass(frozen=True, slots=True)
class Findings:
    """What a study tells. The parts but the first two are empty where all trials failed."""

    recorded: Recorded
    failures: tuple[Reason, ...]
    courses: tuple[Course, ...] = ()
    moments: tuple[Moment, ...] = ()
    importances: tuple[Importance, ...] = ()
    foresight: tuple[Foresight, ...] = ()

    def to_json(self) -> dict[str, Any]:  # Any: plain data for `--json`
        """Return plain data for programs."""
        it = self.recorded
        return {
            "version": VERSION,
            "study": it.where,
            "outcome": outcome(it),
            "objectives": dict(it.problem.objectives),
            "limits": [str(limit) for limit in it.problem.limits] if it.limits_known else None,
            "trials": len(it.study.trials),
            "front": [_plain(trial) for trial in it.front],
            "unsettled": [trial.design.id for trial in it.study.unsettled],
            "hypervolume": [
                {
                    "origin": course.origin,
                    "evaluations": course.evaluations,
                    "shares": course.shares,
                }
                for course in self.courses
            ],
            "importances": {part.objective: part.shares for part in self.importances},
            "predictor": {
                part.objective: {
                    "learned": part.learned,
                    "predicted": len(part.trials),
                    "rank_correlation": part.rank_correlation,
                    "mean_error": part.mean_error,
                }
                for part in self.foresight
            },
            "failures": [
                {"reason": part.text, "trials": len(part.trials)} for part in self.failures
            ],
        }


def find(it: Recorded) -> Findings:
    """Compute what a study tells; some seconds for each objective."""
    failed = reasons(it.study.trials)
    if not it.study.done:
        return Findings(it, failed)
    return Findings(it, failed, courses(it), moments(it), importances(it), foresee(it))


def _plain(trial: Trial) -> dict[str, Any]:  # Any: plain data
    return {
        "design": trial.design.id,
        "trial": trial.number,
        "origin": trial.origin,
        "measurements": {name: it.to_json() for name, it in trial.measurements.items()},
        "options": dict(trial.design),
    }
