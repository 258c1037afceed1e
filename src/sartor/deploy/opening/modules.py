"""Networks that are PyTorch modules: written as exported programs, ONNX or ExecuTorch files."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from sartor.deploy.export import export, export_any, first_line
from sartor.deploy.lowering import lower
from sartor.deploy.opening.files import in_int8
from sartor.deploy.opening.parameters import count_parameters
from sartor.deploy.opening.protocol import INT8, Counted, place, refuse_format
from sartor.errors import OptionError
from sartor.targets.exported import read_exported
from sartor_agent.program import Shapes

FORMATS = (".pt2", ".onnx", ".pte")


@dataclass(frozen=True, slots=True, eq=False)
class ModuleSource:
    """A module and what it reads."""

    name: str
    module: nn.Module
    """In evaluation mode."""
    examples: tuple[torch.Tensor, ...]
    file: Path | None = None
    """Where it was read from, if it is an exported program."""
    inputs: tuple[str, ...] | None = None
    """Names for a file; by default those of `forward`."""
    counted: Counted = "module"
    note: str = ""

    @property
    def parameters(self) -> int:
        """Of the module, batch norms included."""
        return count_parameters(self.module)

    @property
    def shapes(self) -> Shapes:
        """None: what it reads is fixed when it is written."""
        return {}

    @property
    def formats(self) -> tuple[str, ...]:
        """Endings of the files it can be written as."""
        return FORMATS

    def write(self, folder: Path, ending: str, precision: str, runtime: str) -> Path:
        """Export the network, once for each format, and quantize it where int8 is asked for."""
        if ending == ".onnx":
            return self._onnx(folder, precision, runtime)
        if ending == ".pt2":
            return self._pt2(folder, precision, runtime)
        if ending == ".pte":
            kind = INT8 if precision == INT8 else "float"
            file = place(folder, self.name, f".{kind}.pte")
            if not file.exists():
                lower(self._program(), file, self.examples if precision == INT8 else None)
            return file
        raise refuse_format(self.name, ending, FORMATS)

    def _onnx(self, folder: Path, precision: str, runtime: str) -> Path:
        file = place(folder, self.name, ".onnx")
        if not file.exists():
            if self._reads_one_image():
                export(self.module, file, tuple(self.examples[0].shape[1:]))  # type: ignore[arg-type]
            else:
                export_any(self.module, file, self.examples, self.inputs)
        if precision != INT8:
            return file
        return in_int8(file, place(folder, self.name, f".{runtime}.int8.onnx"), runtime, {})

    def _pt2(self, folder: Path, precision: str, runtime: str) -> Path:
        if precision == INT8:
            raise OptionError(
                f"{runtime} computes exported programs in float; for int8 choose onnxruntime, "
                "openvino or executorch."
            )
        if self.file is not None:
            return self.file
        file = place(folder, self.name, ".pt2")
        if not file.exists():
            with warnings.catch_warnings():
                # Weights that are channels-last are written whole in spite of it.
                warnings.filterwarnings("ignore", "No complete tensor found")
                torch.export.save(self._program(), file)
        return file

    def _reads_one_image(self) -> bool:
        first = self.examples[0]
        return (
            self.inputs is None
            and len(self.examples) == 1
            and first.ndim == 4
            and len(first) == 1
            and first.dtype == torch.float32
        )

    def _program(self) -> torch.export.ExportedProgram:
        """Trace the network.

        Raises:
            OptionError: PyTorch cannot.
        """
        try:
            return torch.export.export(self.module, self.examples)
        except Exception as error:  # a border: it runs the network's own code
            raise OptionError(
                f"{self.name} cannot be exported by PyTorch: {first_line(error)} Give a network "
                "that torch.export accepts."
            ) from error


def open_pt2(file: Path, shapes: Shapes) -> ModuleSource:
    """Open an exported program; nothing in it is run."""
    exported = read_exported(file, shapes)
    names = tuple(port.name for port in exported.inputs)
    return ModuleSource(str(file), exported.module, exported.examples(), file, names)
