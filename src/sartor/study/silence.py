"""Optuna without its log."""

import contextlib
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def without_log() -> Iterator[None]:
    """Silence Optuna's log and its notes on new features."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
