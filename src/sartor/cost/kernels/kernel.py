"""A kernel: one operation of a compiled network, as the numbers that its time depends on."""

from dataclasses import dataclass, fields

ITEM_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2, "int8": 1}
"""Of a number in a precision; 4 for what is not here."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a runtime executes in one step.

    Products are `count` times (rows, inner) by (inner, columns); kernels without products have
    `inner` 0.
    """

    runtime: str
    kind: str
    """Operator, as the runtime calls it."""
    precision: str
    form: str
    """Which of the ways in which the runtime computes the operator: `pointwise`, `depthwise`."""
    detail: str = ""
    """What is computed along with it: `Relu`, `sum`."""
    count: int = 1
    """Groups of a convolution, matrices of a batch."""
    rows: int = 1
    """Pixels that a convolution writes, rows of a matrix."""
    inner: int = 0
    """Numbers that are multiplied and added for each that is written."""
    columns: int = 1
    """Channels that a group writes, columns of a matrix."""
    taps: int = 1
    """Pixels that each output pixel looks at."""
    stride: int = 1
    width: int = 1
    """Numbers that are worked on in a run: pixels of a row, the last dimension."""
    read: int = 0
    """Numbers that flow in."""
    written: int = 0
    constants: int = 0
    """Numbers of the weights."""
    cold: int = 0
    """Quarters of the weights that other weights of the network have pushed out of the cache."""

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return self.count * self.rows * self.inner * self.columns

    @property
    def item_bytes(self) -> int:
        """Bytes of a number."""
        return ITEM_BYTES.get(self.precision, 4)

    @property
    def moved_bytes(self) -> int:
        """Bytes of all that is read and written, weights included."""
        return (self.read + self.written + self.constants) * self.item_bytes

    @property
    def group(self) -> tuple[str, str, str, str]:
        """Kernels of one group are predicted from one another: runtime, kind, precision, form."""
        return self.runtime, self.kind, self.precision, self.form

    def to_json(self) -> list[str | int]:
        """Return plain data."""
        return [getattr(self, it.name) for it in fields(self)]
