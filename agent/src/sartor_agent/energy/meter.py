"""Sums of energy over a window, from counters that wrap around or from samples of power."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sartor_agent.errors import MeasurementError
from sartor_agent.experiment import Clock

Total = Callable[[], float]
"""Joules since some moment. It is told by asking often enough: see `Meter`."""


class Meter:
    """Reads a total at both ends of a window, and regularly in between.

    In between since a counter must be read more often than it wraps around, and power sampled. A
    thread does that; it never reads while `start` or `stop` do.
    """

    def __init__(self, total: Total, every_s: float, clock: Clock) -> None:
        self._total = total
        self._every_s = every_s
        self._clock = clock
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="energy")
        self._reading: Future[None] | None = None
        self._began = (0.0, 0)

    def start(self) -> None:
        """Begin the window. A meter is used for one."""
        self._began = (self._total(), self._clock())
        self._reading = self._thread.submit(self._read)

    def stop(self) -> tuple[float, float]:
        """End the window and return its joules and seconds.

        Raises:
            MeasurementError: The window was not begun, or a reading failed in it.
        """
        if self._reading is None:
            raise MeasurementError("the window was not begun; call start before stop.")
        self._ended.set()
        with self._thread:
            self._reading.result()  # raises what failed in the thread
        joules, now = self._total(), self._clock()
        return joules - self._began[0], (now - self._began[1]) / 1e9

    def _read(self) -> None:
        while not self._ended.wait(self._every_s):
            self._total()


class Unwrapped:
    """A counter that begins again at 0 after its range, as one that only grows.

    It has to be read at least once in each round; nothing tells a second round that was missed.
    """

    def __init__(self, read: Callable[[], int], span: int) -> None:
        """Read once.

        Args:
            read: Tells the counter, 0 to `span`.
            span: After which it begins again.
        """
        self._read = read
        self._span = span
        self._last = read()
        self._sum = 0

    def __call__(self) -> int:
        """Read, and return by how much the counter has grown since the first reading."""
        now = self._read()
        self._sum += now - self._last + (self._span if now < self._last else 0)
        self._last = now
        return self._sum


class Integral:
    """The area under samples of power, with straight lines between them."""

    def __init__(self, watts: Callable[[], float], clock: Clock) -> None:
        self._watts = watts
        self._clock = clock
        self._last: tuple[int, float] | None = None
        self._joules = 0.0

    def __call__(self) -> float:
        """Take a sample, and return the joules since the first one."""
        now, watts = self._clock(), self._watts()
        if self._last is not None:
            before, held = self._last
            self._joules += (now - before) / 1e9 * (watts + held) / 2
        self._last = (now, watts)
        return self._joules
