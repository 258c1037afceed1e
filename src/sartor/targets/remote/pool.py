"""Several equal boards, used at the same time."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from sartor.errors import BoardError, MeasurementError, OptionError
from sartor.targets.remote.board import Board
from sartor_agent.fresh import Inspection, Protocol, TimedFile
from sartor_agent.timings import Timing

T = TypeVar("T")
Failure = MeasurementError | BoardError


class Pool:
    """Equal boards that share work. A board that fails gives its work to the others.

    Raises:
        OptionError: There are none, or they differ.
    """

    def __init__(self, boards: Sequence[Board]) -> None:
        if not boards:
            raise OptionError("a pool has no boards; give the address of one at least.")
        for other in boards[1:]:
            _refuse_unequal(boards[0], other)
        self.boards = tuple(boards)

    def time_files(
        self, experiments: Sequence[Mapping[str, TimedFile]], how: Protocol | None = None
    ) -> list[dict[str, Timing] | Failure]:
        """Time the files of each experiment in turn, on one board, and the experiments on all.

        Args:
            experiments: Files by any name, as `Board.time_files` takes them.
            how: Threads, time, processes.

        Returns:
            What each experiment found, in their order, or why it found nothing: one that fails
            takes no other's result with it.
        """
        return self._share([partial(_time, files=it, how=how) for it in experiments])

    def inspect_files(
        self, files: Sequence[TimedFile], how: Protocol | None = None, *, calls: int = 0
    ) -> list[Inspection | Failure]:
        """Inspect files, each on one of the boards; see `time_files`.

        Args:
            files: In any order.
            how: Threads, memory.
            calls: Calls over which the operations are profiled.
        """
        return self._share([partial(_inspect, it=it, how=how, calls=calls) for it in files])

    def _share(self, tasks: Sequence[Callable[[Board], T]]) -> list[T | Failure]:
        shared = _Shared(tasks)
        with ThreadPoolExecutor(len(self.boards)) as threads:
            for done in [threads.submit(shared.work, board) for board in self.boards]:
                done.result()
        return shared.results()


class _Shared(Generic[T]):
    """Tasks that boards take from a queue, and what came of them."""

    def __init__(self, tasks: Sequence[Callable[[Board], T]]) -> None:
        self._tasks = tasks
        self._waiting = deque(range(len(tasks)))
        self._running = 0
        self._changed = threading.Condition()
        self._found: dict[int, T | Failure] = {}
        self._reasons: list[str] = []

    def work(self, board: Board) -> None:
        """Do tasks on one board until none is left, or the board fails."""
        while (number := self._take()) is not None:
            given_back = True
            try:
                self._found[number] = self._tasks[number](board)
                given_back = False
            except MeasurementError as error:
                self._found[number] = error
                given_back = False
            except BoardError as error:
                self._reasons.append(str(error))
                return
            finally:
                self._end(number, given_back)

    def results(self) -> list[T | Failure]:
        """Return what was found, and for the rest why no board was left to do it."""
        left = BoardError(f"no board is left to measure on: {' '.join(self._reasons)}")
        return [self._found.get(number, left) for number in range(len(self._tasks))]

    def _take(self) -> int | None:
        """Return the next task; wait as long as another board may give one back."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._running)
            if not self._waiting:
                return None
            self._running += 1
            return self._waiting.popleft()

    def _end(self, number: int, given_back: bool) -> None:
        with self._changed:
            self._running -= 1
            if given_back:
                self._waiting.appendleft(number)
            self._changed.notify_all()


def _time(
    board: Board, *, files: Mapping[str, TimedFile], how: Protocol | None
) -> dict[str, Timing]:
    return board.time_files(files, how)


def _inspect(board: Board, *, it: TimedFile, how: Protocol | None, calls: int) -> Inspection:
    return board.inspect_file(it, how, calls=calls)


def _refuse_unequal(one: Board, other: Board) -> None:
    """Say in what two boards differ."""
    first, second = one.fingerprint(1), other.fingerprint(1)
    differing = [
        f"{name} ({first.get(name, 'none')}, {second.get(name, 'none')})"
        for name in sorted({*first, *second})
        if first.get(name) != second.get(name)
    ]
    if differing:
        raise OptionError(
            f"{one.name} and {other.name} differ in {', '.join(differing)}; a pool needs equal "
            "boards. Use them one by one."
        )
