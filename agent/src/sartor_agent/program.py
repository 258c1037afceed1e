"""What a runtime is, and what a program is that it has compiled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # Any: programs read and give numbers of every type
Shape = tuple[int, ...]
Shapes = Mapping[str, Sequence[int]]
"""Of inputs, by name, where the file leaves them free."""


@dataclass(frozen=True, slots=True)
class Port:
    """What a program reads at one of its inputs."""

    name: str
    shape: Shape
    """Of one call; the first dimension is 1 where the file leaves it free."""
    kind: str
    """NumPy's name of the type: `float32`."""
    any_batch: bool = False
    """The file leaves the first dimension free."""

    def noise(self, rng: np.random.Generator) -> Array:
        """Return random numbers to read: normal ones, or 0 and 1 where integers are asked for."""
        if np.dtype(self.kind).kind == "f":
            return rng.standard_normal(self.shape).astype(self.kind)
        return rng.integers(0, 2, self.shape).astype(self.kind)


@dataclass(frozen=True, slots=True)
class Step:
    """An operation that a runtime really executes, after it has optimised the graph."""

    name: str
    kind: str
    """Operator, as the runtime calls it."""
    precision: str
    """In which it computes: `fp32`, `bf16`, `fp16`, `int8`, or the type of what it moves."""
    milliseconds: float
    """Of one call, median over the calls that were profiled."""
    reads: tuple[Shape, ...] = ()
    """Shapes of all inputs, weights among them, as far as the runtime tells."""
    writes: tuple[Shape, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)  # Any: plain data of the operator
    stands_for: tuple[str, ...] = ()
    """Operations of the file that it computes, where the runtime tells."""
    read_bytes: int | None = None
    """Of all inputs, weights among them; None where the runtime does not tell their types."""
    written_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a runtime can do on this device."""

    formats: tuple[str, ...]
    """Endings of the files it reads: `.onnx`."""
    float_precisions: tuple[str, ...]
    """In which this device really computes float operations."""
    profiles: bool = True
    """It tells the time of every operation."""
    device: str = "cpu"
    """Where it computes: `cpu` or `cuda`."""


class Program(Protocol):
    """A network compiled for a target. Used by one thread at a time."""

    executed: str
    """Precision in which the runtime says it computes float operations."""
    inputs: tuple[Port, ...]

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return all outputs for inputs, in the order and with the shapes of `inputs`.

        The first dimension may be any where all inputs say so.
        """

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        """Return a call that runs `arrays` and leaves the outputs on the host.

        It does what a user's program does for each call, and nothing else: it is what is timed.
        """

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:
        """Return the time of every operation, in the order of execution; nothing if unknown."""


class Runs(Protocol):
    """A program as far as it can be run: here, or somewhere else."""

    inputs: tuple[Port, ...]

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return all outputs for inputs; see `Program.run`."""


def run_rows(program: Runs, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """Run a program on many rows at once, or row by row where it reads one at a time.

    Args:
        program: All of whose outputs have a row for each that is read.
        arrays: Its inputs, (n, ...) each, of any number of rows.
    """
    if all(port.any_batch for port in program.inputs):
        return program.run(*arrays)
    rows = range(len(arrays[0]))
    each = [program.run(*(it[row : row + 1] for it in arrays)) for row in rows]
    return tuple(np.concatenate(found) for found in zip(*each, strict=True))


class Runtime(Protocol):
    """Software that executes files on a device. Stateless."""

    name: str

    @property
    def version(self) -> str:
        """Version of the installed package."""

    def capabilities(self) -> Capabilities:
        """Say what the runtime can do on this device."""

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> Program:
        """Compile a file.

        Args:
            file: Of one of the formats, with its weights inside. int8 operations are in the file.
            threads: Threads of one call.
            precision: Of float operations: one of the device's `float_precisions`.
            shapes: Of inputs that the file leaves free.

        Raises:
            DamagedFileError: The file is no model, or keeps weights elsewhere.
            OptionError: The precision is not one of the device's, the runtime lacks an operator,
                or a shape is free.
        """
