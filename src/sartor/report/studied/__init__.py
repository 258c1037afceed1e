"""The parts of the page of a study, one per file: each turns what was found into HTML."""

from sartor.report.studied.choices import choices
from sartor.report.studied.failures import failures
from sartor.report.studied.foresight import foresight
from sartor.report.studied.front import front
from sartor.report.studied.headline import headline
from sartor.report.studied.progress import progress

PARTS = (headline, front, progress, choices, foresight, failures)
"""In the order of the page."""

__all__ = ["choices", "failures", "foresight", "front", "headline", "progress"]
