"""Boards that run the agent, reached over the network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sartor.cost.roofline import Kernels, Roofline, keep_roofline, measure_roofline
from sartor.errors import OptionError
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.jobs.measuring.meters.running import Running
from sartor.targets.remote import Board, open_board
from sartor_agent.energy import Energy, NotAvailable
from sartor_agent.fresh import Inspection, Protocol, Report, TimedFile
from sartor_agent.program import Capabilities, Step
from sartor_agent.timings import Timing


class There:
    """A board, kept until it is closed."""

    device = "cpu"

    def __init__(self, board: Board, threads: int) -> None:
        if threads > board.cores:
            raise OptionError(
                f"threads is {threads}; allowed: 1 to {board.cores}, the cores of {board.name}."
            )
        self._board = board
        self._threads = threads

    @property
    def runtimes(self) -> Mapping[str, Capabilities]:
        """What the board has."""
        return self._board.runtimes

    def facts(self) -> Mapping[str, Any]:
        """Return the fingerprint, and the board's name."""
        return {"name": self._board.name, **self._board.fingerprint(self._threads)}

    def inspect_file(self, it: TimedFile, how: Protocol, *, calls: int = 0) -> Inspection:
        """Run a file once on the board."""
        return self._board.inspect_file(it, how, calls=calls)

    def time_files(
        self, files: Mapping[str, TimedFile], how: Protocol, report: Report | None = None
    ) -> dict[str, Timing]:
        """Time files on the board."""
        return self._board.time_files(files, how, report)

    def measure_energy(self, it: TimedFile, how: Protocol) -> Energy | NotAvailable:
        """Measure the energy of a call on the board."""
        return self._board.measure_energy(it, how)

    def roofline(self, runtime: str, cache: Path) -> Roofline:
        """Return the roofs of the board."""
        floats = self.runtimes[runtime].float_precisions

        def profiled(file: Path, precision: str, calls: int) -> tuple[Step, ...]:
            how = Protocol(threads=self._threads)
            return self.inspect_file(TimedFile(file, runtime, precision), how, calls=calls).steps

        def measure() -> Roofline:
            return measure_roofline(
                runtime, self._threads, profiled, Kernels(float_precisions=floats)
            )

        fingerprint = self._board.fingerprint(self._threads)
        return keep_roofline(cache / "roofs", runtime, fingerprint, measure)

    def close(self) -> None:
        """End the connection."""
        self._board.close()


def board(asked: Asked) -> Running:
    """Time networks on a board."""
    opened = open_board(asked.target, tokens=asked.tokens, certificate=asked.certificate)
    try:
        return Running(asked, There(opened, asked.threads))
    except Exception:
        opened.close()
        raise


for scheme, example in {
    "http": "http://pi.local:8040",
    "https": "https://pi.local:8040",
    "ssh": "ssh://user@board",
    "adb": "adb:SERIAL",
}.items():
    METERS.register(scheme, f"A board that runs sartor-agent: {example}.")(board)
