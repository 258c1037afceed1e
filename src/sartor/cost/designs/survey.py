"""The survey of a target: the networks that were timed on it, and the models fitted to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.cost.designs.count import count
from sartor.cost.designs.features import stack
from sartor.cost.designs.latency import LatencyModel
from sartor.cost.designs.precision import deployment, deployment_space
from sartor.cost.designs.size import SizeModel
from sartor.cost.prediction import LatencyError
from sartor.nets import Family
from sartor.space import Design, Space


@dataclass(frozen=True, slots=True)
class Timed:
    """A network that was timed."""

    design: Design
    """Architecture and deployment."""
    group: int
    """Number of its architecture."""
    latency_ms: float
    size_bytes: int
    pace: float
    """Milliseconds of the anchors, timed in turn with it: their geometric mean."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a target: the networks timed on it, and the models fitted to them."""

    family: Family
    runtimes: Mapping[str, tuple[str, ...]]
    """Float precisions of every runtime that is worth choosing."""
    timed: tuple[Timed, ...]
    models: Mapping[str, LatencyModel]
    """By runtime."""
    errors: Mapping[tuple[str, str], LatencyError]
    """By runtime and precision, on networks that the models were not fitted on."""
    sizes: SizeModel
    pace: float
    """The usual milliseconds of the anchors: the speed of the machine that predictions are for."""
    dropped: tuple[str, ...] = ()
    """Sentences on runtimes and precisions that were left out."""

    @property
    def space(self) -> Space:
        """The space of deployments."""
        return deployment_space(self.runtimes, self.family.stages)

    def estimate(self, designs: Sequence[Design]) -> dict[str, npt.NDArray[np.float64]]:
        """Return what is known of designs before they are evaluated, (n,) each."""
        vectors = stack(self.family, designs)
        latency = np.empty(len(designs))
        runtimes = np.array([design.text("runtime") for design in designs])
        for runtime in np.unique(runtimes):
            rows = runtimes == runtime
            latency[rows] = self.models[str(runtime)].predict(vectors[rows])
        counts = [count(self.family, design) for design in designs]
        return {
            "latency_ms": latency,
            "size_bytes": self.sizes.predict(self.family, designs),
            "macs": np.array([c.macs for c in counts], float),
            "params": np.array([c.params for c in counts], float),
            "entropy": np.array([c.entropy for c in counts], float),
            "resolution": np.array([self.family.resolution(it) for it in designs], float),
        }

    def error_of(self, design: Design) -> float:
        """Return by which share predictions like that of `design` are off, in 19 of 20 cases."""
        how = deployment(design)
        return self.errors[how.runtime, how.precision].p95_error

    def errors_json(self) -> list[dict[str, Any]]:
        """Return the errors for `summary.json`."""
        return [
            {"runtime": runtime, "precision": precision, **error.to_json()}
            for (runtime, precision), error in self.errors.items()
        ]
