"""What can go wrong on a device that a user can mend; `sartor.errors` has the whole tree.

A message says what was given, what is allowed and what to do.
"""


class SartorError(Exception):
    """Base of everything that a user can mend."""

    def __str__(self) -> str:
        # KeyError would print the repr of its argument, with quotes around the sentence.
        return str(self.args[0]) if self.args else type(self).__name__


class OptionError(SartorError, ValueError):
    """An option, unit or value that is not allowed."""


class DamagedFileError(SartorError, ValueError):
    """A file whose content is not what was written."""


class MissingExtraError(SartorError, ImportError):
    """An optional dependency that is not installed."""


class MeasurementError(SartorError, RuntimeError):
    """A program that crashed, never ended, or could not be measured."""
