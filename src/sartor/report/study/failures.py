"""Designs that could not be evaluated, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sartor.study import Trial

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\b[0-9a-f]{10}\b")
"""Numbers and the ids of designs: reasons that differ in nothing else are one."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why designs failed."""

    text: str
    """As it was recorded of the first of them."""
    trials: tuple[Trial, ...]


def reasons(trials: Sequence[Trial]) -> tuple[Reason, ...]:
    """Group the trials that failed by their reasons, the most frequent first."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "failed":
            groups.setdefault(NUMBER.sub("#", trial.reason), []).append(trial)
    found = [Reason(group[0].reason, tuple(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda it: -len(it.trials)))
