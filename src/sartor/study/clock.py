"""The time of a stage, recorded as it goes, so that a budget outlives a kill."""

import time
from collections.abc import Callable

from sartor.study.folder import RunFolder


class StageClock:
    """Measures a stage that is under way.

    Args:
        folder: Where its time is recorded.
        stage: Its name.
        clock: Returns seconds.
    """

    def __init__(
        self, folder: RunFolder, stage: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.stage = stage
        self._clock = clock
        self._recorded = clock()

    @property
    def seconds(self) -> float:
        """Seconds of the stage, those of earlier processes counted in."""
        return self.folder.spent(self.stage) + self._clock() - self._recorded

    def record(self, least: float = 0.0) -> None:
        """Record the time since the clock was made or `record` was called, if that is `least`."""
        if self._clock() - self._recorded >= least:
            self.folder.spend(self.stage, self._lap())

    def finish(self, result: object) -> None:
        """Record the time and that the stage is done.

        Args:
            result: What it made, JSON-able.
        """
        self.folder.finish_stage(self.stage, result, self._lap())

    def _lap(self) -> float:
        now = self._clock()
        lap, self._recorded = now - self._recorded, now
        return lap
