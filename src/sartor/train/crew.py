"""Trainings side by side, each on its share of the threads."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from sartor.train.loop import Report
from sartor.train.memory import give_freed_memory_back

MOST = 4
"""Trainings at a time: what Python does between operations waits for one another."""

TRIAL, ROUNDS = 0.5, 3
"""Seconds in turn, and rounds, in which it is tried whether several at a time get further."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """A training to be done."""

    name: str
    share: float
    """Of the time of all."""
    do: Callable[[Report], T]
    """Calls what it is given about once a second."""


class Stopped(Exception):
    """Ends a training since another one failed or the user stopped the run."""


class Crew:
    """Does trainings side by side.

    The operations of a small network are too short to be divided among threads: two trainings on a
    thread each get further than two in turn on both threads. Large networks with depthwise
    convolutions gain nothing or lose (docs/benchmarks.md): `gain` tells.

    Args:
        update: Told the share done of all work and a note, from one thread at a time.
        places: Trainings at a time; with 1 they are done in turn, in the caller's thread.
    """

    def __init__(self, update: Callable[[float, str], None], places: int) -> None:
        self.places = places
        self.lock = threading.RLock()
        """For what several trainings change."""
        self._update = update
        self._done: dict[str, float] = {}
        self._stop = threading.Event()

    def run(self, work: Sequence[Work[T]]) -> list[T]:
        """Begin in the order given, and return what came of it in that order.

        Raises:
            Exception: Whatever one of them raised; the others are stopped.
        """
        if self.places == 1:
            return [self._do(it) for it in work]
        give_freed_memory_back()
        threads = torch.get_num_threads()
        each = max(1, threads // self.places)
        try:
            with ThreadPoolExecutor(
                self.places, initializer=torch.set_num_threads, initargs=(each,)
            ) as pool:
                futures = [pool.submit(self._do, it) for it in work]
                try:
                    for future in as_completed(futures):
                        future.result()
                except BaseException:
                    self._stop.set()
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise
        finally:
            torch.set_num_threads(threads)  # parts of it are the same for all threads
        return [future.result() for future in futures]

    def _do(self, work: Work[T]) -> T:
        result = work.do(self._listener(work))
        with self.lock:
            self._done[work.name] = work.share  # also where an earlier session did it
        return result

    def _listener(self, work: Work[T]) -> Report:
        def report(done: float, loss: float) -> None:
            if self._stop.is_set():
                raise Stopped(work.name)
            with self.lock:
                self._done[work.name] = work.share * done
                self._update(sum(self._done.values()), f"{work.name}, loss {loss:.2f}")

        return report


def places(trainings: int = MOST) -> int:
    """Return how many trainings are done at a time at most, given the threads of this process."""
    return max(1, min(MOST, torch.get_num_threads(), trainings))


def gain(
    steps: Sequence[Callable[[], object]], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return how many times as fast steps are done side by side as in turn, by the stopwatch.

    Args:
        steps: One for each place, all of the same work.
        clock: Seconds since some moment.
    """
    threads = torch.get_num_threads()
    each = max(1, threads // len(steps))

    def repeat(step: Callable[[], object], times: int) -> None:
        for _ in range(times):
            step()

    def alone(times: int) -> None:
        for step in steps:
            repeat(step, times)

    def together(times: int) -> None:
        try:
            with ThreadPoolExecutor(
                len(steps), initializer=torch.set_num_threads, initargs=(each,)
            ) as pool:
                list(pool.map(repeat, steps, [times] * len(steps)))
        finally:
            torch.set_num_threads(threads)  # parts of it are the same for all threads

    def seconds(way: Callable[[int], None], times: int) -> float:
        started = clock()
        way(times)
        return clock() - started

    give_freed_memory_back()  # what one thread has freed no other can use
    together(1)
    times = math.ceil(TRIAL / max(seconds(alone, 1), 1e-6))
    rounds = [(seconds(alone, times), seconds(together, times)) for _ in range(ROUNDS)]
    give_freed_memory_back()
    return min(one for one, _ in rounds) / min(other for _, other in rounds)


def makespan(shares: Sequence[float], places: int) -> float:
    """Return the time until all is done, if each begins as soon as a place is free.

    Example:
        >>> makespan([3, 2, 1], 2)
        3
    """
    ends: list[float] = [0] * places
    for share in shares:
        first = ends.index(min(ends))
        ends[first] += share
    return max(ends)
