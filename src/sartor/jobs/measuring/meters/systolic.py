"""Simulated systolic arrays."""

from dataclasses import asdict, replace
from pathlib import Path

from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Costs
from sartor.jobs.measuring.counting import Counted
from sartor.jobs.measuring.meters.counted import ByGraph
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.targets.simulated import advise, open_array, simulate
from sartor.units import Measurement

MOST_ADVICE = 5
"""Changes that are told, those that save most."""


@METERS.register(
    "systolic",
    "A simulated array of multipliers: systolic:64x64,dataflow=output,sram=256KiB.",
    source="Samajdar et al. 2018, arXiv:1811.02883",
)
def systolic(asked: Asked) -> ByGraph:
    """Simulate networks on an array."""
    array = open_array(asked.target)

    def told(_: Path, plain: Costs, counted: Counted) -> Costs:
        simulation = simulate(counted.graph, array)
        changes = advise(counted.graph, array)[:MOST_ADVICE]
        layers = tuple(
            {
                "name": it.name,
                "kind": it.kind,
                "macs": it.macs,
                "cycles": it.cycles,
                "stall_cycles": it.stall_cycles,
                "utilisation": it.utilisation(array),
                "sram_bytes": it.sram_bytes,
                "dram_bytes": it.dram_bytes,
                "energy_mj": it.energy_mj,
                "milliseconds": it.cycles / array.clock_mhz / 1e3,
            }
            for it in simulation.layers
        )
        details = {
            "cycles": simulation.cycles,
            "utilisation": counted.macs / (simulation.cycles * array.rows * array.columns),
            "energy_mj": simulation.energy_mj,
            "advice": [asdict(it) for it in changes],
        }
        return replace(
            plain,
            latency_ms=Measurement(simulation.latency_ms, "predicted"),
            details=details | {"layers": layers},
        )

    return ByGraph(asked, {"name": asked.target, **asdict(array)}, (".onnx", ".tflite"), told)
