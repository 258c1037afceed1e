"""On a Ray cluster."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sartor.errors import MissingExtraError
from sartor.search.workers.desks import Desks, OvertimeError, WorkerDiedError, check
from sartor.search.workers.protocol import Evaluate, Measured
from sartor.space import Design


@dataclass(frozen=True, slots=True)
class Ray:
    """A Ray cluster, or a local one that is started where there is none."""

    count: int | None = None
    """Evaluations that run at the same time; None for as many as the cluster has cores."""
    address: str | None = None
    """Of the cluster, as `ray.init` has it: "auto", "ray://host:10001"; None starts a local one."""
    timeout_s: float | None = None
    """Seconds after which an evaluation is ended and counts as failed; None waits for ever."""
    cores: float = 1
    """That each evaluation holds."""

    def __post_init__(self) -> None:
        check(self.count, self.timeout_s)

    @contextmanager
    def begin(self, evaluate: Evaluate) -> Iterator[Desks]:
        """Connect to the cluster; see `Workers`.

        Raises:
            MissingExtraError: Ray is not installed.
        """
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError(
                "Ray is not installed; install sartor[ray], or give a number of workers."
            ) from error
        own = not ray.is_initialized()
        if own:
            # A local one finds the modules that this process finds.
            seen = {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}
            ray.init(
                address=self.address,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env=None if self.address else seen,
            )
        try:
            resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            count = self.count or max(1, int(resources["CPU"] / self.cores))
            sent = ray.put(evaluate)
            make = partial(_Actor, sent, self.cores)
            with Desks(count, self.timeout_s, make).at_work() as crew:
                yield crew
        finally:
            if own:
                ray.shutdown()


class _Actor:
    """A desk: an actor in the cluster."""

    def __init__(self, sent: Any, cores: float) -> None:  # Any: Ray's references are not typed
        import ray

        # Not restarted by Ray: a dead worker means the same everywhere.
        self._actor: Any = ray.remote(num_cpus=cores, max_restarts=0)(_Evaluator).remote(sent)

    def settle(self) -> None:
        """Wait until the actor has the evaluation and is alive; see `Desk`."""
        _got(self._actor.ready.remote(), None)

    def evaluate(self, design: Design, timeout_s: float | None) -> Measured:
        """Evaluate a design; see `Desk`."""
        measured: Measured = _got(self._actor.evaluate.remote(design), timeout_s)
        return measured

    def kill(self) -> None:
        """End the actor; see `Desk`."""
        import ray

        ray.kill(self._actor)


class _Evaluator:
    """What an actor does."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate

    def ready(self) -> None:
        """Answer."""

    def evaluate(self, design: Design) -> Measured:
        return self._evaluate(design)


def _got(job: Any, timeout_s: float | None) -> Any:  # Any: Ray's references are not typed
    """Wait for what an actor returns."""
    import ray
    from ray.exceptions import GetTimeoutError, RayError, RayTaskError

    try:
        return ray.get(job, timeout=timeout_s)
    except GetTimeoutError as error:
        raise OvertimeError from error
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:  # it crashed, its node died, its memory was taken
        raise WorkerDiedError from error
