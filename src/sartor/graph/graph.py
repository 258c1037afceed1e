"""A network as operations and the tensors that flow between them."""

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers of one shape."""

    name: str
    shape: tuple[int, ...]
    item_bits: int
    """Of one number."""

    @property
    def items(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of all of them, rounded up."""
        return -(-self.items * self.item_bits // 8)


@dataclass(frozen=True, slots=True)
class Products:
    """Matrix products of equal shape, what convolutions and linear layers consist of."""

    count: int
    """Groups of a convolution, or matrices of a batch."""
    rows: int
    """Pixels of the output."""
    inner: int
    """Numbers that are multiplied and added for each of the output."""
    columns: int
    """Channels of the output, of one group."""

    @property
    def macs(self) -> int:
        """Multiply-adds: half of the operations of tools that count both."""
        return self.count * self.rows * self.inner * self.columns


class Effect(enum.Enum):
    """What an operation does to its inputs, as far as memory and work depend on it."""

    PRODUCTS = "multiplies matrices"
    DEPTHWISE = "convolves each channel for itself"
    ELEMENTWISE = "computes each number from those at its place"
    VIEW = "changes nothing but the shape"
    LIGHT = "computes without matrices: pooling, norms, moving"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Operation:
    """What computes tensors from others."""

    name: str
    kind: str
    """Operator, as the file calls it."""
    reads: tuple[str, ...]
    """Tensors that flow in, by name; constants are not among them."""
    writes: tuple[str, ...]
    effect: Effect = Effect.UNKNOWN
    products: Products | None = None
    """Of those with the effects that have products."""
    constants: tuple[Tensor, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """Operations in the order of the file, which is one in which they can be computed."""

    operations: tuple[Operation, ...]
    tensors: Mapping[str, Tensor]
    """All that flow, inputs and outputs included, by name."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def macs(self) -> int:
        """Multiply-adds of all operations whose products are known; see `uncounted`."""
        return sum(it.products.macs for it in self.operations if it.products is not None)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Kinds of operations whose work is not known, each once."""
        kinds = (it.kind for it in self.operations if it.effect is Effect.UNKNOWN)
        return tuple(dict.fromkeys(kinds))

    def __post_init__(self) -> None:
        known = set(self.inputs)
        for operation in self.operations:
            missing = [name for name in operation.reads if name not in known]
            if missing:
                raise ValueError(f"{operation.name} reads {missing[0]!r} before it is there")
            known.update(operation.writes)
        absent = known - set(self.tensors)
        if absent or not set(self.outputs) <= known:
            raise ValueError(f"tensors without a shape or a writer: {sorted(absent)}")

    def in_order(self, order: Sequence[int]) -> "Graph":
        """Return the same network with its operations in another order.

        Args:
            order: Positions of all operations.

        Raises:
            ValueError: An operation would read what is not there yet.
        """
        return Graph(
            tuple(self.operations[place] for place in order),
            self.tensors,
            self.inputs,
            self.outputs,
        )
