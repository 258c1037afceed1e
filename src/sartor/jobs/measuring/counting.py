"""What a network's graph tells without being run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sartor.cost.executed import executed_precision
from sartor.cost.memory import MemoryPlan, plan_memory
from sartor.deploy.opening import NetworkSource
from sartor.graph import Graph, fold_rounding
from sartor.graph.formats import READERS, read_graph
from sartor.jobs.measuring.costs import Activations
from sartor_agent.program import Shapes

EXCHANGED = ".onnx"


@dataclass(frozen=True, slots=True)
class Counted:
    """A graph and what is counted from it."""

    graph: Graph
    plan: MemoryPlan

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return self.graph.macs

    @property
    def precision(self) -> str:
        """In which the file multiplies."""
        return executed_precision((), "fp32", fold_rounding(self.graph))

    @property
    def activations(self) -> Activations:
        """What flows through it, in bytes."""
        plan = self.plan
        return Activations(plan.peak_bytes, plan.stored_peak_bytes, plan.arena_bytes, plan.exact)

    @property
    def memory(self) -> dict[str, Any]:
        """What is live while each operation runs: plain data."""
        live = zip(self.plan.graph.operations, self.plan.live_bytes, strict=True)
        return {
            "operations": [{"name": it.name, "live_bytes": used} for it, used in live],
            "arena_bytes": self.plan.arena_bytes,
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is not counted."""
        unknown = self.graph.uncounted
        if not unknown:
            return ()
        return (f"not counted, since their work is not known: {', '.join(unknown)}.",)


def count_file(file: Path, shapes: Shapes) -> Counted:
    """Count what a file tells that was read or written here before.

    Raises:
        OptionError: No graph can be read from its format.
    """
    graph = read_graph(file, shapes)
    return Counted(graph, plan_memory(graph))


def count_network(source: NetworkSource, file: Path, folder: Path) -> Counted | None:
    """Count a network by the file that is executed, or by its ONNX file where that tells nothing.

    Args:
        source: The network.
        file: What is executed.
        folder: For files.

    Returns:
        What is counted, or None where the network can be had in no format that tells.
    """
    if file.suffix in READERS:
        return count_file(file, source.shapes)
    if EXCHANGED not in source.formats:
        return None
    return count_file(source.write(folder, EXCHANGED, "fp32", "onnxruntime"), source.shapes)
