"""What a job tells of its progress, and to whom."""

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Listens to a job. Its methods are called from one thread at a time."""

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take note of the stages in order, and of the seconds that each is expected to take."""

    def stage(self, name: str) -> None:
        """A stage begins; the one before has ended. A stage may begin twice when a run goes on."""

    def update(self, share: float, note: str = "") -> None:
        """So much of the stage is done, 0 to 1. Called at most a few times a second."""

    def best(self, text: str) -> None:
        """The best design so far, with its numbers."""

    def say(self, sentence: str) -> None:
        """Something the user should know; it stays on the screen."""


class Silent:
    """Listens and says nothing."""

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Ignore the plan."""

    def stage(self, name: str) -> None:
        """Ignore the stage."""

    def update(self, share: float, note: str = "") -> None:
        """Ignore the share."""

    def best(self, text: str) -> None:
        """Ignore the best design."""

    def say(self, sentence: str) -> None:
        """Ignore the sentence."""
