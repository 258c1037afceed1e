"""A clock, a provider and trees of files that do what a test says."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from sartor_agent.energy import Processor, Provider, Reading
from sartor_agent.errors import MeasurementError


class Clock:
    """Nanoseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns

    def wait(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


def write(file: Path, content: object) -> Path:
    """Write a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{content}\n")
    return file


class Steady:
    """A provider whose device takes a steady power, and some joules more for each call."""

    processors: tuple[Processor, ...] = ("cpu",)
    update_s = 0.0

    def __init__(
        self, *, name: str = "steady", watts: float = 10.0, reason: str | None = None
    ) -> None:
        self.name = name
        self.reason = reason
        self.watts = watts
        self.extra = 0.0
        self.seconds = 2.0
        self.windows = 0
        self.covers = ("all",)
        self.open = False

    def available(self) -> str | None:
        return self.reason

    def start(self) -> None:
        assert not self.open
        self.open = True
        self.extra = 0.0

    def stop(self) -> Reading:
        assert self.open
        self.open = False
        self.windows += 1
        joules = self.watts * self.seconds + self.extra
        return Reading(joules, self.seconds, self.name, True, self.covers)

    def call(self, joules: float) -> Callable[[], None]:
        """Return a call that takes so much."""

        def taken() -> None:
            self.extra += joules

        return taken


class ProviderContract(ABC):
    """What every provider keeps. Its test subclasses this and says how one is made."""

    @abstractmethod
    def readable(self, tmp_path: Path) -> tuple[Provider, Callable[[float], None]]:
        """Return a provider that can be read, and what makes its device take joules in 1 s."""

    @abstractmethod
    def absent(self, tmp_path: Path) -> Provider:
        """Return a provider that has nothing to read."""

    def test_a_reading_says_what_was_taken_and_by_whom(self, tmp_path: Path) -> None:
        provider, take = self.readable(tmp_path)
        assert provider.available() is None
        provider.start()
        take(12.5)
        reading = provider.stop()
        assert abs(reading.joules - 12.5) < 1e-6
        assert reading.seconds == 1.0
        assert reading.provider == provider.name
        assert reading.measured
        assert reading.covers

    def test_joules_of_windows_in_a_row_add_up(self, tmp_path: Path) -> None:
        provider, take = self.readable(tmp_path)
        taken = []
        for joules in (3.0, 4.5, 6.0):
            provider.start()
            take(joules)
            taken.append(provider.stop().joules)
        assert abs(sum(taken) - 13.5) < 1e-6

    def test_what_cannot_be_read_says_why_and_gives_no_window(self, tmp_path: Path) -> None:
        provider = self.absent(tmp_path)
        reason = provider.available()
        assert reason
        with pytest.raises(MeasurementError) as failed:
            provider.start()
        assert str(failed.value) == reason

    def test_a_window_that_was_not_begun_cannot_end(self, tmp_path: Path) -> None:
        provider, _ = self.readable(tmp_path)
        with pytest.raises(MeasurementError, match="call start"):
            provider.stop()
