"""Files that runtimes read as they are: ONNX, TFLite, ExecuTorch."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from sartor.deploy.opening.parameters import count_parameters
from sartor.deploy.opening.protocol import INT8, Counted, place, refuse_format
from sartor.deploy.quantize import SCHEMES, quantize
from sartor.errors import MissingExtraError, OptionError
from sartor.graph.formats import read_safely, read_tflite
from sartor.targets import RUNTIMES
from sartor_agent.files import load_onnx
from sartor_agent.program import Shapes

SAMPLES = 4
"""Random inputs over which ranges are taken: what int8 costs does not depend on them."""
INTEGERS = frozenset({
    "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger",
    "MatMulInteger", "DynamicQuantizeLinear",
})  # fmt: skip
"""Operators that a file has which computes in int8 already."""
OLDEST = 13
"""First version of ONNX in which weights have a scale for each channel."""
RANDOM = "it was quantized with random inputs for its cost alone; its accuracy is not measured."


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file as it is."""

    name: str
    parameters: int | None
    shapes: Shapes = field(default_factory=dict)
    counted: Counted = "file"
    note: str = ""

    @property
    def formats(self) -> tuple[str, ...]:
        """Its own ending alone."""
        return (Path(self.name).suffix,)

    def write(self, folder: Path, ending: str, precision: str, runtime: str) -> Path:
        """Return the file; float ONNX files are quantized where int8 is asked for."""
        file = Path(self.name)
        if ending not in self.formats:
            raise refuse_format(self.name, ending, self.formats)
        if precision != INT8:
            return file
        if ending == ".onnx":
            return in_int8(file, place(folder, self.name, f".{runtime}.int8.onnx"), runtime,
                           self.shapes)  # fmt: skip
        if ending == ".tflite" and _has_integers(file, self.shapes):
            return file
        raise OptionError(
            f"{self.name} cannot be quantized by Sartor; give a file that is int8 already, or the "
            "network as ONNX or PyTorch."
        )


def open_onnx(file: Path, shapes: Shapes) -> FileSource:
    """Open an ONNX file."""
    graph = read_safely(file, shapes)
    return FileSource(str(file), count_parameters(graph), shapes)


def open_tflite(file: Path, shapes: Shapes) -> FileSource:
    """Open a TFLite file."""
    try:
        parameters = count_parameters(read_safely(file, shapes))
    except MissingExtraError:
        parameters = None  # what is not installed cannot be counted with
    return FileSource(str(file), parameters, shapes)


def open_pte(file: Path, shapes: Shapes) -> FileSource:
    """Open an ExecuTorch file, whose parameters are packed and not told."""
    if shapes:
        raise OptionError(f"{file} says the shapes of its inputs; leave out --shape.")
    return FileSource(str(file), None)


def in_int8(source: Path, target: Path, runtime: str, shapes: Shapes) -> Path:
    """Quantize a float ONNX file for a runtime with random inputs, for its cost alone.

    Args:
        source: A file that is int8 already is returned as it is.
        target: Written, unless it is there.
        runtime: That will read it.
        shapes: Of inputs that the file leaves free.

    Raises:
        OptionError: The runtime has no int8, the file is too old, or none of it can be rounded.
    """
    model = load_onnx(source)
    if any(node.op_type in INTEGERS for node in model.graph.node):
        return source
    if runtime not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise OptionError(f"{runtime} does not execute ONNX in int8; these do: {known}.")
    version = max(
        (it.version for it in model.opset_import if it.domain in ("", "ai.onnx")), default=0
    )
    if version < OLDEST:
        raise OptionError(
            f"{source} is of version {version} of ONNX's operators; int8 needs {OLDEST} or newer. "
            "Export it again."
        )
    if target.exists():
        return target
    rng = np.random.default_rng(0)
    inputs = RUNTIMES["onnxruntime"]().compile(
        source, threads=1, precision="fp32", shapes=shapes
    ).inputs  # fmt: skip
    samples = [{port.name: port.noise(rng) for port in inputs} for _ in range(SAMPLES)]
    quantize(source, target, samples, runtime=runtime)
    if not any(node.op_type in INTEGERS for node in onnx.load(target).graph.node):
        target.unlink()
        raise OptionError(f"{source} has no operator that is computed in int8; measure it in fp32.")
    return target


def _has_integers(file: Path, shapes: Shapes) -> bool:
    """Tell whether a TFLite file multiplies integers of 8 bits."""
    graph = read_tflite(file, shapes)
    return any(
        tensor.item_bits == 8
        for it in graph.operations
        if it.products is not None
        for tensor in it.constants
    )
