"""An exported program that can be run, compiled and converted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import fx

from sartor.errors import OptionError
from sartor.targets.exported.archive import DTYPES, FORM, Json, read_archive
from sartor.targets.exported.building import build
from sartor_agent.files import damaged, ports
from sartor_agent.program import Port, Shapes


@dataclass(frozen=True, slots=True)
class Exported:
    """A network out of a `.pt2` file."""

    module: fx.GraphModule
    """Reads tensors in the order of `inputs`, and returns a tuple."""
    inputs: tuple[Port, ...]

    def examples(self) -> tuple[torch.Tensor, ...]:
        """Return zeros of the inputs' shapes and types."""
        return tuple(
            torch.zeros(port.shape, dtype=getattr(torch, port.kind)) for port in self.inputs
        )


def read_exported(file: Path, shapes: Shapes | None = None, device: str = "cpu") -> Exported:
    """Read a `.pt2` file; nothing in it is run.

    Operators are those of aten and torchvision. A file can still name sizes with which such an
    operator fails or takes all memory, as any file for any runtime can: measure files of others in
    a process of its own, as `sartor_agent.fresh` does.

    Args:
        file: As `torch.export.save` writes it.
        shapes: Of inputs that it leaves free, by name.
        device: Where it will run, as torch calls it, wherever it was exported.

    Raises:
        DamagedFileError: It is no exported program, or is damaged.
        OptionError: It holds something that is not known or could run, or a shape is free or
            unknown.
    """
    archive = read_archive(file)
    try:
        module, names = build(archive.program, archive.tensors, torch.device(device))
        told = archive.program["graph_module"]["graph"]["tensor_values"]
        declared = [(name, *_declared(told[name])) for name in names]
    except OptionError as error:
        raise OptionError(f"{file} cannot be read: {error}") from error
    except (
        KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, RuntimeError,
        SyntaxError, StopIteration,
    ) as error:  # fmt: skip
        raise damaged(file, FORM, error) from error
    return Exported(module, ports(declared, shapes, file))


def _declared(told: Json) -> tuple[str, list[int]]:
    """Return NumPy's name of a tensor's type, and its dimensions, 0 where they are free."""
    dims: list[Any] = [it.get("as_int", 0) for it in told["sizes"]]
    if any(type(it) is not int or it < 0 for it in dims):
        raise ValueError(f"an input has the shape {dims}")
    return str(DTYPES[told["dtype"]]).removeprefix("torch."), dims
