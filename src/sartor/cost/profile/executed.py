"""What was executed, with its work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sartor.targets import Step

Counted = Literal["graph", "shapes", "unknown"]
"""Where multiply-adds come from: the operations of the file, or the shapes that a step reads and
writes. Nothing is known of an operator that no table has."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A step of a program, with its work and the operations of the file that it computes."""

    step: Step
    operations: tuple[str, ...]
    """Of the file, by name, in its order; empty where the runtime added the step."""
    macs: int
    """Nominal multiply-adds: those of the file, without what the runtime pads; 0 if unknown."""
    counted: Counted
    bytes_moved: int
    """Read and written; 0 for a change of shape, which moves nothing."""

    @property
    def milliseconds(self) -> float:
        """Of one call."""
        return self.step.milliseconds


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that one call executes, in order."""

    executed: tuple[Executed, ...]
    unplaced: tuple[str, ...]
    """Operations of the file with multiply-adds that were found in no step."""

    @property
    def macs(self) -> int:
        """Multiply-adds of all steps; those of the graph, unless `unplaced` or `uncounted`."""
        return sum(it.macs for it in self.executed)

    @property
    def milliseconds(self) -> float:
        """Of all steps."""
        return sum(it.milliseconds for it in self.executed)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Kinds of steps whose work is not known, each once."""
        kinds = (it.step.kind for it in self.executed if it.counted == "unknown")
        return tuple(dict.fromkeys(kinds))

    @property
    def step_of(self) -> Mapping[str, int]:
        """The position of the step into which each operation of the file went."""
        return {name: at for at, it in enumerate(self.executed) for name in it.operations}
