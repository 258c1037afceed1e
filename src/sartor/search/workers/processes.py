"""In processes on this machine."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sartor.errors import OptionError
from sartor.search.workers.desks import Desks, OvertimeError, WorkerDiedError, check
from sartor.search.workers.protocol import Evaluate, Measured
from sartor.space import Design

LOOKS_S = 1.0
"""Seconds between two looks of a worker whether the search is still there."""
THREADS = "OMP_NUM_THREADS"
"""What OpenMP, OpenBLAS, MKL and PyTorch read when they are loaded."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Fresh processes, so that an evaluation may hang or crash without harm to the search.

    The evaluation is sent to each once, by cloudpickle: functions of a script or a notebook and
    lambdas are sent whole, those of a module by their name. The threads of each have an equal share
    of the cores, unless OMP_NUM_THREADS is set: they would wait for one another else.
    """

    count: int
    """Evaluations that run at the same time."""
    timeout_s: float | None = None
    """Seconds after which an evaluation is ended and counts as failed; None waits for ever."""

    def __post_init__(self) -> None:
        check(self.count, self.timeout_s)

    @contextmanager
    def begin(self, evaluate: Evaluate) -> Iterator[Desks]:
        """Start the processes as they are needed; see `Workers`."""
        import cloudpickle

        try:
            sent = cloudpickle.dumps(evaluate)
        except Exception as error:  # whatever the parts of a foreign function raise
            raise OptionError(
                f"the evaluation cannot be sent to other processes ({error}); let it open what it "
                "needs itself, or leave out workers."
            ) from error
        environment = {} if THREADS in os.environ else {THREADS: str(_share(self.count))}
        desks = Desks(self.count, self.timeout_s, lambda: _Process(sent, environment))
        with desks.at_work() as crew:
            yield crew


class _Process:
    """A desk: an executor of one process, since those that share one die together."""

    def __init__(self, sent: bytes, environment: dict[str, str]) -> None:
        from loky import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(1, env=environment)
        self._sent: bytes | None = sent

    def settle(self) -> None:
        """Wait until the process has the evaluation and is alive; see `Desk`."""
        try:
            if self._sent is None:
                self._pool.submit(os.getpid).result()
            else:
                self._pool.submit(_settle, self._sent, os.getpid()).result()
                self._sent = None
        except BrokenExecutor as error:
            raise WorkerDiedError from error

    def evaluate(self, design: Design, timeout_s: float | None) -> Measured:
        """Evaluate a design; see `Desk`."""
        try:
            future = self._pool.submit(_evaluate, design)
            try:
                measured: Measured = future.result(timeout_s)
            except TimeoutError as error:
                if future.done():
                    raise  # the evaluation's own
                raise OvertimeError from error
        except BrokenExecutor as error:
            raise WorkerDiedError from error
        return measured

    def kill(self) -> None:
        """End the process; see `Desk`."""
        self._pool.shutdown(kill_workers=True)


def _share(processes: int) -> int:
    """Return how many threads each of some processes has cores for."""
    from loky import cpu_count

    return max(1, int(cpu_count()) // processes)


_HELD: list[Evaluate] = []
"""What this process evaluates with, in a worker: sent once, as it may hold a whole table."""


def _settle(sent: bytes, search: int) -> None:
    """Take in the evaluation, and watch from now on whether the search is still there.

    What is unpickled comes through a pipe from the search that started this process, never from a
    file or a network.
    """
    import cloudpickle

    _HELD[:] = [cloudpickle.loads(sent)]
    threading.Thread(target=_watch, args=(search,), daemon=True).start()


def _watch(search: int) -> None:
    """End this process when the search was killed: nobody is left to take its results."""
    while os.getppid() == search:
        time.sleep(LOOKS_S)
    os._exit(1)


def _evaluate(design: Design) -> Measured:
    return _HELD[0](design)
