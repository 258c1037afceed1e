"""The commands, one per file, each named as what a user types."""

from collections.abc import Callable

from sartor.cli.commands.fit import fit
from sartor.cli.commands.measure import measure
from sartor.cli.commands.report import report
from sartor.cli.commands.survey import survey

COMMANDS: dict[str, Callable[..., int]] = {
    "fit": fit,
    "measure": measure,
    "report": report,
    "survey": survey,
}

__all__ = ["Callable", "fit", "measure", "report", "survey"]
