"""What a study tells, as numbers: read once, each part computed in a file of its own."""

from sartor.report.study.course import Course, Moment, courses, moments
from sartor.report.study.failures import Reason, reasons
from sartor.report.study.findings import Findings, find
from sartor.report.study.foresight import Foresight, foresee
from sartor.report.study.importance import importances
from sartor.report.study.outcome import bounds, outcome
from sartor.report.study.recorded import Recorded, read_study

__all__ = [
    "Course",
    "Findings",
    "Foresight",
    "Moment",
    "Reason",
    "Recorded",
    "bounds",
    "courses",
    "find",
    "foresee",
    "importances",
    "moments",
    "outcome",
    "read_study",
    "reasons",
]
