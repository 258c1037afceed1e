"""What can go wrong that a user can mend.

The tree::

    SartorError
      OptionError         an option, unit or value that is not allowed
      UnknownNameError    a registered name that does not exist
      DataError           data that cannot be read or learned from
      LimitError          limits that no design can keep, or that exclude one another
      BudgetError         a budget too small to finish one stage
      RunFolderError      a run folder that is in use, asks for something else, or is full
      DamagedFileError    a file whose content is not what was written
      MissingExtraError   an optional dependency that is not installed
      MeasurementError    a program that crashed, never ended, or could not be measured
      BoardError          a board that cannot be reached, refuses, or is lent to somebody else

A message says what was given, what is allowed and what to do.
"""

import difflib
from collections.abc import Iterable

from sartor_agent.errors import (
    DamagedFileError,
    MeasurementError,
    MissingExtraError,
    OptionError,
    SartorError,
)

__all__ = [
    "BoardError",
    "BudgetError",
    "DamagedFileError",
    "DataError",
    "LimitError",
    "MeasurementError",
    "MissingExtraError",
    "OptionError",
    "RunFolderError",
    "SartorError",
    "UnknownNameError",
    "did_you_mean",
    "unknown_name",
]


class UnknownNameError(SartorError, KeyError):
    """A registered name that does not exist."""


class DataError(SartorError, ValueError):
    """Data that cannot be read or learned from."""


class LimitError(SartorError, ValueError):
    """Limits that no design can keep, or that exclude one another."""


class BudgetError(SartorError, ValueError):
    """A budget too small to finish one stage."""


class RunFolderError(SartorError, RuntimeError):
    """A run folder that is in use, asks for something else, or cannot be written."""


class BoardError(SartorError, ConnectionError):
    """A board that cannot be reached, refuses, or is lent to somebody else."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to `given`, as a sentence after a space, or nothing."""
    near = difflib.get_close_matches(given, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def unknown_name(what: str, given: str, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not registered.

    Args:
        what: The kind of thing, as a user calls it: "target", "family".
        given: The name that was given.
        known: The names that exist.
    """
    names = sorted(known)
    listing = ", ".join(names) if names else "none"
    return UnknownNameError(
        f"unknown {what} {given!r}; known: {listing}.{did_you_mean(given, names)}"
    )
