"""The efficiency gap: the time that a network takes, and the time it would take at the roof."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from sartor.cost.profile import Executed, Profile
from sartor.cost.roofline.roofs import Roofline

Bound = Literal["compute", "memory", "unknown"]
"""What an operation would wait for at the roof."""
OPERATIONS = 2
"""Of a multiply-add, which is one multiplication and one addition."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A step beside what the device could do at best."""

    executed: Executed
    at_peak_ms: float | None
    """Of its multiply-adds at the peak of its precision; None where the work or the peak is not
    known."""
    attainable_ms: float | None
    """The least that computing and moving allow."""

    @property
    def spent_ms(self) -> float:
        """Of one call."""
        return self.executed.milliseconds

    @property
    def efficiency(self) -> float | None:
        """Multiply-adds as a share of those that the peak allows in the time that was spent."""
        if self.at_peak_ms is None or self.spent_ms == 0:
            return None
        return self.at_peak_ms / self.spent_ms

    @property
    def attainable_efficiency(self) -> float | None:
        """The efficiency it would have at the roof; below 1 where it waits for memory."""
        if self.at_peak_ms is None or not self.attainable_ms:
            return None
        return self.at_peak_ms / self.attainable_ms

    @property
    def lost_ms(self) -> float:
        """Spent beyond what is attainable; 0 where that is not known."""
        return 0.0 if self.attainable_ms is None else max(0.0, self.spent_ms - self.attainable_ms)

    @property
    def bound(self) -> Bound:
        """What it would wait for at the roof."""
        if self.at_peak_ms is None or self.attainable_ms is None:
            return "unknown"
        return "compute" if self.at_peak_ms >= self.attainable_ms > 0 else "memory"


@dataclass(frozen=True, slots=True)
class Gap:
    """A network's layers beside the roofs, in the order of execution.

    Source:
        Lavin 2024, arXiv:2404.03617: a network's latency is its operations over the peak times
        the efficiency; efficiency gap; waterline. Differs: the layers are the steps that a
        runtime executes after fusion, each with the peak of its own precision, and the waterline
        is drawn over their time, so that areas are times at the peak.
    """

    layers: tuple[Layer, ...]

    @property
    def spent_ms(self) -> float:
        """Of all layers."""
        return sum(it.spent_ms for it in self.layers)

    @property
    def at_peak_ms(self) -> float:
        """Of all multiply-adds whose peak is known."""
        return sum(it.at_peak_ms or 0.0 for it in self.layers)

    @property
    def attainable_ms(self) -> float:
        """The least that all layers could take; a layer that is not known counts as it is."""
        known = ((it.attainable_ms, it.spent_ms) for it in self.layers)
        return sum(spent if least is None else least for least, spent in known)

    @property
    def efficiency(self) -> float:
        """Of the network: its waterline."""
        return self.at_peak_ms / self.spent_ms if self.spent_ms else 0.0

    def lost_ms_by_kind(self) -> dict[str, float]:
        """Return the milliseconds that kinds of layers lose, the largest first."""
        lost: defaultdict[str, float] = defaultdict(float)
        for it in self.layers:
            lost[it.executed.step.kind] += it.lost_ms
        return dict(sorted(lost.items(), key=lambda it: -it[1]))

    def first_to_mend(self, count: int = 5) -> tuple[Layer, ...]:
        """Return the layers that lose most, the worst first."""
        losing = [it for it in self.layers if it.lost_ms > 0]
        return tuple(sorted(losing, key=lambda it: -it.lost_ms)[:count])

    def operators_json(self) -> list[dict[str, Any]]:
        """Return plain data of each layer; `docs/measure.md` says what is in it."""
        return [self._plain(it) for it in self.layers]

    def _plain(self, layer: Layer) -> dict[str, Any]:
        it, known = layer.executed, layer.executed.counted != "unknown"
        return {
            "name": it.step.name,
            "kind": it.step.kind,
            "precision": it.step.precision,
            "milliseconds": layer.spent_ms,
            "share": layer.spent_ms / self.spent_ms if self.spent_ms else 0.0,
            "macs": it.macs if known else None,
            "flops": OPERATIONS * it.macs if known else None,
            "bytes": it.bytes_moved,
            "at_peak_ms": layer.at_peak_ms,
            "attainable_ms": layer.attainable_ms,
            "efficiency": layer.efficiency,
            "bound": layer.bound,
            "stands_for": list(it.operations),
        }


def efficiency_gap(profile: Profile, roofline: Roofline) -> Gap:
    """Compare what was executed with the roofs of the device that executed it."""
    return Gap(tuple(_layer(it, roofline) for it in profile.executed))


def _layer(it: Executed, roofline: Roofline) -> Layer:
    if it.counted == "unknown":
        return Layer(it, None, None)
    precision = it.step.precision
    return Layer(
        it,
        roofline.compute_ms(it.macs, precision),
        roofline.attainable_ms(it.macs, it.bytes_moved, precision),
    )
