"""Boards as a place where programs run: one, or several equal ones at the same time."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sartor.errors import BoardError, OptionError
from sartor.targets.remote.board import Board
from sartor.targets.target import Fingerprint, Loaded
from sartor_agent import energy, fresh
from sartor_agent.fresh import Inspection, Protocol, Report, TimedFile
from sartor_agent.program import Array, Capabilities, Step
from sartor_agent.timings import Timing

MOST_SENT = 2**23
"""Bytes of inputs in one request: an agent takes messages of 16 MiB, and base64 adds a third."""
MOST_S = 60.0
"""Seconds for all inputs of one request, about."""
SLOWER = 10.0
"""Times that a call may take longer than the first one did."""
Json = dict[str, Any]  # Any: plain data


class Pool:
    """Equal boards that share work. A board that fails gives its work to the others.

    Every measurement is asked of whichever board is free; one that finds none waits. Used from as
    many threads as there are boards, all of them work.

    Raises:
        OptionError: There are none, or they differ.
    """

    def __init__(self, boards: Sequence[Board]) -> None:
        if not boards:
            raise OptionError("a pool has no boards; give the address of one at least.")
        for other in boards[1:]:
            _refuse_unequal(boards[0], other)
        self.boards = tuple(boards)
        self.at_once = len(boards)
        self._free = list(boards)
        self._left = len(boards)
        self._reasons: list[str] = []
        self._changed = threading.Condition()

    @property
    def runtimes(self) -> Mapping[str, Capabilities]:
        """What each runtime of the boards can do, by name."""
        return self.boards[0].runtimes

    @property
    def cores(self) -> int:
        """Cores that an agent may use."""
        return self.boards[0].cores

    def fingerprint(self, threads: int, runtimes: Sequence[str]) -> Fingerprint:
        """Return what measurements in some runtimes depend on."""
        board = self.boards[0]
        others = set(board.runtimes) - set(runtimes)
        return {n: it for n, it in board.fingerprint(threads).items() if n not in others}

    def time_files(
        self, files: Mapping[str, TimedFile], how: Protocol, report: Report | None = None
    ) -> dict[str, Timing]:
        """Time files in turn; see `sartor_agent.fresh.time_files`.

        Raises:
            MeasurementError: A process crashed or did not end in time.
            BoardError: No board is left.
        """
        return fresh.time_files(files, how, report, ask=self.ask)

    def time_in_turn(self, files: Mapping[str, TimedFile], how: Protocol) -> dict[str, Timing]:
        """Time files in turn in one process."""
        return self.time_files(files, replace(how, processes=1))

    def inspect_file(self, it: TimedFile, how: Protocol, *, calls: int = 0) -> Inspection:
        """Compile and run a file; see `sartor_agent.fresh.inspect_file`."""
        return fresh.inspect_file(it, how, calls=calls, ask=self.ask)

    def steps(
        self, files: Mapping[str, TimedFile], how: Protocol, calls: int
    ) -> dict[str, tuple[Step, ...]]:
        """Profile files in one process; see `sartor_agent.fresh.profile_files`."""
        return fresh.profile_files(files, how, calls=calls, ask=self.ask)

    def load(self, it: TimedFile, how: Protocol) -> Loaded:
        """Say what a file reads; it is run in as few processes as messages have room for."""
        found = self.inspect_file(it, how)
        row = sum(math.prod(port.shape) * np.dtype(port.kind).itemsize for port in found.inputs)
        rows = max(1, min(MOST_SENT // max(1, row), int(1e3 * MOST_S / max(found.call_ms, 1e-3))))
        patient = replace(how, patience_s=how.patience_s + SLOWER * rows * found.call_ms / 1e3)

        def run(*arrays: Array) -> tuple[Array, ...]:
            starts = range(0, len(arrays[0]), rows)
            parts = [
                fresh.run_file(it, [a[start : start + rows] for a in arrays], patient, ask=self.ask)
                for start in starts
            ]
            return tuple(np.concatenate(found) for found in zip(*parts, strict=True))

        return Loaded(found.inputs, run, rows)

    def measure_energy(self, it: TimedFile, how: Protocol) -> energy.Energy | energy.NotAvailable:
        """Measure the joules of a call; see `sartor_agent.energy.measure_energy`."""
        return energy.measure_energy(it, how, ask=self.ask)

    def ask(
        self, request: Mapping[str, Any], patience: float, files: Sequence[str], worker: str
    ) -> Json:
        """Let the next free board answer what a fresh process is asked; see `Board.ask`.

        Raises:
            MeasurementError: The process crashed or did not end in time.
            BoardError: No board is left.
        """
        while True:
            board = self._take()
            lost = False
            try:
                return board.ask(request, patience, files, worker)
            except BoardError as error:
                lost = True
                self._reasons.append(str(error))
            finally:
                self._give_back(board, lost)

    def close(self) -> None:
        """End all connections."""
        for board in self.boards:
            board.close()

    def _take(self) -> Board:
        with self._changed:
            self._changed.wait_for(lambda: self._free or not self._left)
            if not self._free:
                raise BoardError(f"no board is left to measure on: {' '.join(self._reasons)}")
            return self._free.pop(0)

    def _give_back(self, board: Board, lost: bool) -> None:
        with self._changed:
            if lost:
                self._left -= 1
            else:
                self._free.append(board)
            self._changed.notify_all()


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
