"""Convolutions with other group sizes: how many channels each output is computed from."""

from dataclasses import replace

from sartor.errors import OptionError
from sartor.graph import Graph, Operation, Products

CHANNELS = {
    "Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 1, "NhwcFusedConv": 3,
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3,
}  # fmt: skip
"""Convolutions, and the axis of the channels of what they read."""


def group_size(operation: Operation, graph: Graph) -> int | None:
    """Return the channels of one group; 1 of a depthwise convolution, None of anything else."""
    if operation.kind not in CHANNELS or operation.products is None:
        return None
    channels = graph.tensors[operation.reads[0]].shape[CHANNELS[operation.kind]]
    return channels // operation.products.count


def larger_sizes(operation: Operation, graph: Graph) -> list[int]:
    """Return the group sizes above the present one that divide its channels, in order."""
    size = group_size(operation, graph)
    if size is None or operation.products is None:
        return []
    count = operation.products.count
    return [size * more for more in range(2, count + 1) if count % more == 0]


def with_group_size(operation: Operation, graph: Graph, size: int) -> Operation:
    """Return a convolution of the same channels whose groups have `size` of them.

    Raises:
        OptionError: It is no convolution, or its groups cannot be put together so.
    """
    present, products = group_size(operation, graph), operation.products
    allowed = [] if present is None else [present, *larger_sizes(operation, graph)]
    if present is None or products is None or size not in allowed:
        raise OptionError(
            f"{operation.name} cannot have groups of {size} channels; allowed: "
            f"{', '.join(map(str, allowed)) or 'none, it is no convolution'}."
        )
    more = size // present
    return replace(
        operation,
        products=Products(
            products.count // more, products.rows, products.inner * more, products.columns * more
        ),
    )
