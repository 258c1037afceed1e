"""Arm's Ethos-U, as its compiler estimates it."""

from dataclasses import asdict, replace
from pathlib import Path

from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Costs
from sartor.jobs.measuring.counting import Counted
from sartor.jobs.measuring.meters.counted import ByGraph
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.targets.simulated import estimate_ethos_u, open_ethos_u
from sartor.units import Measurement


@METERS.register("ethos-u", "Arm's Ethos-U: ethos-u:u55-128.", source="the package ethos-u-vela")
def ethos_u(asked: Asked) -> ByGraph:
    """Estimate networks on an Ethos-U."""
    device = open_ethos_u(asked.target)

    def told(file: Path, plain: Costs, _: Counted) -> Costs:
        estimate = estimate_ethos_u(file, device)
        notes = tuple(
            f"{it.name} ({it.kind}) falls to the CPU and is in no sum." for it in estimate.on_cpu
        )
        facts = {
            name: value
            for name, value in asdict(estimate).items()
            if name not in ("device", "layers", "latency_ms", "macs")
        }
        return replace(
            plain,
            latency_ms=Measurement(estimate.latency_ms, "predicted"),
            details=facts | {"layers": [asdict(it) for it in estimate.layers]},
            notes=(*plain.notes, *notes),
        )

    return ByGraph(asked, {"name": asked.target, **asdict(device)}, (".tflite",), told)
