"""Whether a network fits on a microcontroller: its plan against SRAM, its file against flash."""

from dataclasses import dataclass
from pathlib import Path

from sartor.cost.memory import Interpreter, MemoryPlan, PlannedLayer, plan_memory, widest_layer
from sartor.errors import OptionError, did_you_mean
from sartor.graph import Graph
from sartor.targets.texts import read_bytes, read_options

NAME = "mcu"
OPTIONS = {"sram": "320KB", "flash": "1MB", "runtime": "50KB", "stack": "4KB"}
"""Options, each with an example."""
EXAMPLE = f"{NAME}:sram=320KB,flash=1MB"


@dataclass(frozen=True, slots=True)
class Microcontroller:
    """The memories of a microcontroller, and what is not free in them."""

    sram_bytes: int
    flash_bytes: int
    runtime_bytes: int = 0
    """Of flash, for the code of the interpreter and of the program around it."""
    stack_bytes: int = 0
    """Of SRAM, for stacks and whatever does not flow through the network."""

    def __post_init__(self) -> None:
        for name in ("sram_bytes", "flash_bytes"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name)}; allowed: above 0.")
        for name in ("runtime_bytes", "stack_bytes"):
            if getattr(self, name) < 0:
                raise OptionError(f"{name} is {getattr(self, name)}; allowed: 0 or more.")


@dataclass(frozen=True, slots=True)
class Fit:
    """What a network needs on a microcontroller, and by how much it misses.

    Counted, for a plain interpreter: one operation after the other in the order of the file, each
    with all of its inputs and outputs in SRAM; weights are read from flash where they are. What an
    operation needs for itself, stacks, and the code are counted only as far as they were given.
    """

    microcontroller: Microcontroller
    plan: MemoryPlan
    file_bytes: int
    """Weights and graph, as they are stored."""
    widest: PlannedLayer | None
    """The layer with the most live bytes; None where there is no operation."""
    best_order: MemoryPlan
    """The same in the order that needs least, which the file would have to be written in."""

    @property
    def sram_bytes(self) -> int:
        """Needed: the block that holds all that flows, and the stacks."""
        return self.plan.arena_bytes + self.microcontroller.stack_bytes

    @property
    def flash_bytes(self) -> int:
        """Needed: the file, and the runtime."""
        return self.file_bytes + self.microcontroller.runtime_bytes

    @property
    def least_sram_bytes(self) -> int:
        """What no placing in the best order found can be below, and the stacks."""
        return self.best_order.peak_bytes + self.microcontroller.stack_bytes

    @property
    def sram_over_bytes(self) -> int:
        """By how much the SRAM is too small; 0 where it is not."""
        return max(0, self.sram_bytes - self.microcontroller.sram_bytes)

    @property
    def flash_over_bytes(self) -> int:
        """By how much the flash is too small; 0 where it is not."""
        return max(0, self.flash_bytes - self.microcontroller.flash_bytes)

    @property
    def fits(self) -> bool:
        """Tell whether both memories are large enough."""
        return not self.sram_over_bytes and not self.flash_over_bytes

    @property
    def fits_reordered(self) -> bool:
        """Tell whether it fits when the file is written in the best order."""
        needed = self.best_order.arena_bytes + self.microcontroller.stack_bytes
        return needed <= self.microcontroller.sram_bytes and not self.flash_over_bytes


def open_microcontroller(text: str) -> Microcontroller:
    """Read a microcontroller as a user writes it.

    Args:
        text: `mcu:sram=320KB,flash=1MB`, and if they shall be counted `runtime=50KB` of flash and
            `stack=4KB` of SRAM. KB are 1000 bytes, KiB 1024.

    Raises:
        OptionError: The text is not understood, or one of the two memories is left out.

    Example:
        >>> open_microcontroller("mcu:sram=320KiB,flash=1MB").sram_bytes
        327680
    """
    name, _, options = text.partition(":")
    if name.strip() != NAME:
        raise OptionError(
            f"{text!r} is no microcontroller; write for example {EXAMPLE}."
            f"{did_you_mean(name, [NAME])}"
        )
    given = read_options(NAME, options, OPTIONS)
    for word in ("sram", "flash"):
        if word not in given:
            raise OptionError(f"{text!r} does not say how much {word} there is; write {EXAMPLE}.")
    sizes = {word: read_bytes(word, value, OPTIONS[word]) for word, value in given.items()}
    return Microcontroller(
        sizes["sram"], sizes["flash"], sizes.get("runtime", 0), sizes.get("stack", 0)
    )


def fit_on(
    microcontroller: Microcontroller, graph: Graph, file: Path, *, alignment: int = 1
) -> Fit:
    """Plan a network on a microcontroller.

    Args:
        microcontroller: With its memories.
        graph: Of the file.
        file: As it would be stored in flash.
        alignment: Bytes; tensors begin at multiples of it. TensorFlow Lite Micro has 16.

    Source:
        Lin et al. 2020, MCUNet, arXiv:2007.10319, section 2 (activations bound SRAM, weights
        flash). Simplified: no patches, no scratch buffers of kernels.
    """
    plan = plan_memory(graph, Interpreter(reorder=False, alignment=alignment))
    best = plan_memory(graph, Interpreter(alignment=alignment))
    size = file.stat().st_size
    return Fit(microcontroller, plan, size, widest_layer(plan), best)
