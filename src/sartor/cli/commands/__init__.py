"""The commands, one per file, each named as what a user types."""

from collections.abc import Callable

from sartor.cli.commands.fit import fit
from sartor.cli.commands.report import report

COMMANDS: dict[str, Callable[..., int]] = {"fit": fit, "report": report}

__all__ = ["Callable", "fit", "report"]
