"""Pairs of nodes that round to integers and back, taken into the operations around them."""

from collections.abc import Sequence
from dataclasses import replace

from sartor.graph.graph import Effect, Graph, Operation

ROUNDS = "QuantizeLinear"
RESTORES = "DequantizeLinear"
CLIPS = frozenset({"Relu", "Clip"})
"""What an integer kernel does by the limits of its integers."""
RESCALES = frozenset({Effect.PRODUCTS, Effect.DEPTHWISE})
"""Sums of products leave as integers or as floats: they are rescaled in any case."""


def fold_rounding(graph: Graph) -> Graph:
    """Return the graph that integer kernels execute, for one with pairs of rounding nodes.

    A file says "int8" by rounding floats and restoring them between operators. What flows through
    the runtime are the integers: an operator that reads only restored values reads the integers
    behind them, and where its result is rounded and nothing else reads it, it writes integers. A
    ReLU or clipping in between is part of the rounding. Convolutions and matrix products also
    write floats. Pairs that no operator can take in stay.

    Simplified: every operator between two pairs has an integer kernel. ONNX Runtime has none for
    some activations (h-swish) and restores floats around them.

    Args:
        graph: Without pairs it comes back as it is.

    Source:
        Jacob et al. 2018, arXiv:1712.05877, section 2 (integer-arithmetic-only inference).
    """
    if not any(it.kind in (ROUNDS, RESTORES) for it in graph.operations):
        return graph
    readers: dict[str, list[Operation]] = {}
    for operation in graph.operations:
        for name in dict.fromkeys(operation.reads):
            readers.setdefault(name, []).append(operation)
    integers = {
        it.writes[0]: it.reads[0]
        for it in graph.operations
        if it.kind == RESTORES and len(it.reads) == 1
    }
    taken_in: set[str] = set()  # names of operations
    kept = []
    for operation in graph.operations:
        if operation.name in taken_in:
            continue
        following = _until_rounded(operation, graph, readers)
        if _computes_in_integers(operation, integers, following):
            taken_in.update(it.name for it in following)
            operation = replace(
                operation,
                reads=tuple(integers[name] for name in operation.reads),
                writes=following[-1].writes if following else operation.writes,
            )
        kept.append(operation)
    return _without_idle_restoring(graph, kept)


def _until_rounded(
    operation: Operation, graph: Graph, readers: dict[str, list[Operation]]
) -> tuple[Operation, ...]:
    """Return what follows an operation up to the rounding of its result; nothing where that is
    not rounded, or read by something else too."""
    path: list[Operation] = []
    end = operation
    while len(end.writes) == 1 and end.writes[0] not in graph.outputs:
        reading = readers.get(end.writes[0], [])
        if len(reading) != 1:
            break
        end = reading[0]
        path.append(end)
        if end.kind == ROUNDS:
            return tuple(path)
        if end.kind not in CLIPS or len(end.reads) != 1:
            break
    return ()


def _computes_in_integers(
    operation: Operation, integers: dict[str, str], following: Sequence[Operation]
) -> bool:
    reads_integers = bool(operation.reads) and all(it in integers for it in operation.reads)
    pair = operation.kind in (ROUNDS, RESTORES)
    return reads_integers and not pair and (bool(following) or operation.effect in RESCALES)


def _without_idle_restoring(graph: Graph, operations: Sequence[Operation]) -> Graph:
    """Leave out restored values that nothing reads any more, and tensors that flow no more."""
    read = {name for it in operations for name in it.reads} | set(graph.outputs)
    kept = tuple(it for it in operations if it.kind != RESTORES or read & set(it.writes))
    flowing = {name for it in kept for name in (*it.reads, *it.writes)} | set(graph.inputs)
    flowing |= set(graph.outputs)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in flowing}
    return replace(graph, operations=kept, tensors=tensors)
