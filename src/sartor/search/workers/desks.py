"""A crew of threads, each of which waits for a worker somewhere else that may die."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Protocol

from sartor.errors import MeasurementError, OptionError
from sartor.search.workers.protocol import Measured
from sartor.space import Design

TRIES = 3
"""Workers that may die over one design before the design is held to be what kills them."""
STARTS = 20
"""Workers that may die in a row before they have a design."""


class WorkerDiedError(Exception):
    """A worker ended, though nobody had told it to."""


class OvertimeError(Exception):
    """An evaluation has not ended in time."""


class Desk(Protocol):
    """A place for one worker, who has the evaluation. One thread at a time uses it."""

    def settle(self) -> None:
        """Wait until the worker is there and alive. Raises WorkerDiedError."""
        ...

    def evaluate(self, design: Design, timeout_s: float | None) -> Measured:
        """Evaluate a design, or raise what that raises, WorkerDiedError or OvertimeError."""
        ...

    def kill(self) -> None:
        """End the worker, and what it is at. Called from any thread."""
        ...


class Desks:
    """Gives a design to a worker, and to another one when that dies; see `Crew`.

    Args:
        count: Evaluations that run at the same time.
        timeout_s: Seconds after which one is ended.
        make: Makes a desk, whose worker starts.
    """

    def __init__(self, count: int, timeout_s: float | None, make: Callable[[], Desk]) -> None:
        self.count = count
        self._timeout_s = timeout_s
        self._make = make
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="sartor-worker")
        self._free: SimpleQueue[Desk] = SimpleQueue()
        self._all: set[Desk] = set()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, design: Design) -> "Future[Measured]":
        """Begin an evaluation; see `Crew`."""
        return self._threads.submit(self._evaluated, design)

    @contextmanager
    def at_work(self) -> Iterator["Desks"]:
        """Hand out the crew; then end all workers, so that no thread waits for one."""
        try:
            yield self
        finally:
            with self._lock:
                self._closed = True
            for desk in tuple(self._all):
                self._clear(desk)
            self._threads.shutdown(cancel_futures=True)

    def _evaluated(self, design: Design) -> Measured:
        for _ in range(TRIES):
            desk = self._taken()
            try:
                measured = desk.evaluate(design, self._timeout_s)
            except WorkerDiedError:
                self._clear(desk)
            except OvertimeError as error:
                self._clear(desk)
                raise MeasurementError(
                    f"it took longer than {self._timeout_s:g} s and was ended."
                ) from error
            except BaseException:
                self._free.put(desk)
                raise
            else:
                self._free.put(desk)
                return measured
        raise MeasurementError(
            f"{TRIES} workers died over it, one after the other; it may need more memory than "
            "there is, or crash."
        )

    def _taken(self) -> Desk:
        """Take a free desk, or a new one.

        A worker that dies before it has a design says nothing of the design.
        """
        for _ in range(STARTS):
            desk = self._opened()
            try:
                desk.settle()
            except WorkerDiedError:
                self._clear(desk)
            except BaseException:
                self._clear(desk)
                raise
            else:
                return desk
        raise MeasurementError(f"{STARTS} workers died before they had anything to evaluate.")

    def _opened(self) -> Desk:
        try:
            return self._free.get_nowait()
        except Empty:
            desk = self._make()
        with self._lock:
            self._all.add(desk)
            closed = self._closed
        if closed:
            self._clear(desk)
        return desk

    def _clear(self, desk: Desk) -> None:
        with self._lock:
            self._all.discard(desk)
        desk.kill()


def check(count: int | None, timeout_s: float | None) -> None:
    """Refuse numbers of workers and seconds that cannot be.

    Raises:
        OptionError: They are below 1, or no more than 0.
    """
    if count is not None and count < 1:
        raise OptionError(f"the number of workers is {count}; allowed: 1 and more.")
    if timeout_s is not None and not timeout_s > 0:
        raise OptionError(f"timeout_s is {timeout_s}; allowed: seconds above 0, or None.")
