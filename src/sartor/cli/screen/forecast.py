"""How far a job is, and how long it will still take."""

import time
from collections.abc import Callable, Mapping

LEAST_SHARE, LEAST_SECONDS = 0.05, 3.0
"""So much of a stage must have been seen before its own speed is believed instead of the plan."""
RESUMED = 3.0
"""A stage whose first update is so many times further than planned was begun by an earlier session
of the job, whose share counts for nothing in the speed of this one."""


class Forecast:
    """Keeps the plan and the updates of a job, and tells the time that is left.

    A stage is expected to take what was planned until its own speed is known. Only what is done
    since the stage began in this process counts, so that a job which goes on in the middle of a
    stage is not taken for a fast one.

    Args:
        clock: Seconds from any start.

    Example:
        >>> now = 0.0
        >>> forecast = Forecast(lambda: now)
        >>> forecast.plan({"train": 60, "search": 30})
        >>> forecast.stage("train")
        >>> now = 15.0
        >>> forecast.update(0.25)
        >>> forecast.left, round(forecast.share, 2)
        (75.0, 0.17)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._planned: dict[str, float] = {}
        self.name = ""
        """The stage that is under way."""
        self.done = 0.0
        """Share of that stage, 0 to 1."""
        self._began = clock()
        self._first: tuple[float, float] | None = None

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take note of the stages in order and of the seconds planned for each."""
        self._planned = dict(seconds)

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self.name, self.done = name, 0.0
        self._began, self._first = self._clock(), None

    def update(self, share: float) -> None:
        """Take note of the share of the stage that is done."""
        self.done = min(1.0, max(0.0, share))
        if self._first is None:
            planned = self.done * self._planned.get(self.name, 0.0)
            resumed = planned > RESUMED * self.elapsed + LEAST_SECONDS
            self._first = (self._clock(), self.done) if resumed else (self._began, 0.0)

    @property
    def elapsed(self) -> float:
        """Seconds since the stage began."""
        return self._clock() - self._began

    @property
    def left(self) -> float | None:
        """Seconds until the job ends, or None where nothing is planned."""
        if not self._planned:
            return None
        return self._stage_left() + sum(self._after().values())

    @property
    def share(self) -> float:
        """Share of the whole plan that is done, 0 to 1."""
        total = sum(self._planned.values())
        if not total or self.name not in self._planned:
            return 0.0
        names = list(self._planned)
        before = sum(self._planned[name] for name in names[: names.index(self.name)])
        return (before + self.done * self._planned[self.name]) / total

    def _stage_left(self) -> float:
        if self._first is not None:
            moment, share = self._first
            seconds, gained = self._clock() - moment, self.done - share
            if gained >= LEAST_SHARE and seconds >= LEAST_SECONDS:
                return (1 - self.done) * seconds / gained
        planned = self._planned.get(self.name, 0.0)
        return max(0.0, (1 - self.done) * planned if self.done else planned - self.elapsed)

    def _after(self) -> dict[str, float]:
        names = list(self._planned)
        after = names[names.index(self.name) + 1 :] if self.name in names else names
        return {name: self._planned[name] for name in after}


def lasting(seconds: float) -> str:
    """Write a duration as a person would.

    Example:
        >>> lasting(4.2), lasting(95), lasting(1500), lasting(5400)
        ('4 s', '1 min 35 s', '25 min', '1 h 30 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
