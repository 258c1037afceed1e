"""In which precision a network was executed."""

from collections.abc import Sequence

from sartor.cost.profile.kinds import multiplies
from sartor.graph import Graph
from sartor_agent.program import Step

MIXED = "mixed"


def executed_precision(steps: Sequence[Step], floats: str, graph: Graph | None = None) -> str:
    """Name the precision in which the operators that multiply matrices were executed.

    Args:
        steps: What was executed; empty where the runtime does not tell.
        floats: In which the runtime computes float operations.
        graph: Of the file, for runtimes that do not tell: its types are taken.

    Returns:
        `fp32`, `bf16`, `fp16` or `int8`, or `mixed` where there are several.
    """
    found = {it.precision for it in steps if multiplies(it.kind)}
    if not found and graph is not None:
        found = {_of_file(bits, floats) for bits in _bits(graph)}
    found = found or {floats}
    return found.pop() if len(found) == 1 else MIXED


def _bits(graph: Graph) -> set[int]:
    """Return the sizes of the numbers that are multiplied."""
    return {
        graph.tensors[it.reads[0]].item_bits
        for it in graph.operations
        if it.products is not None and it.reads
    }


def _of_file(bits: int, floats: str) -> str:
    return floats if bits >= 16 else f"int{bits}"
