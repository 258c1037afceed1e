"""ExecuTorch, PyTorch's runtime for small devices, with XNNPACK's kernels."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sartor.errors import DamagedFileError, MissingExtraError, OptionError
from sartor_agent.files import SHOWN, check_file, damaged, ports
from sartor_agent.program import Array, Capabilities, Port, Shapes, Step

FORMATS = (".pte",)
MARK = b"ET"
"""Of the file's identifier, which stands after its first four bytes."""
METHOD = "forward"
KINDS = {
    0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32",
    7: "float64", 11: "bool",
}  # fmt: skip
"""NumPy's names of the types, by the library's numbers."""


class ExecuTorch:
    """ExecuTorch's own loader of `.pte` files; its Python package needs PyTorch beside it.

    Threads are those of the whole process: what was compiled last decides.

    Raises:
        MissingExtraError: The package is not installed.
    """

    name = "executorch"

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its interface is experimental
            try:
                import executorch.runtime
                from executorch.extension.pybindings import portable_lib
            except ImportError as error:
                raise MissingExtraError(
                    "executorch needs its extra; install it with: pip install 'sartor[executorch]'."
                ) from error
        self._library = executorch.runtime
        self._pool = portable_lib

    @property
    def version(self) -> str:
        """Version of the package."""
        from importlib.metadata import version

        return version("executorch")

    def capabilities(self) -> Capabilities:
        """Return fp32; XNNPACK does not tell what its part of a network consists of."""
        return Capabilities(FORMATS, ("fp32",), profiles=False)

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "ExecuTorchProgram":
        """Load a file, its structure verified first."""
        if precision != "fp32":
            raise OptionError(f"precision is {precision!r}; executorch executes: fp32, int8.")
        check_file(file, FORMATS, self.name)
        _check_mark(file)
        self._pool._unsafe_reset_threadpool(threads)
        verified = self._library.Verification.InternalConsistency
        try:
            program = self._library.Runtime.get().load_program(file, verification=verified)
        except (RuntimeError, ValueError) as error:
            raise damaged(file, "ExecuTorch", error) from error
        try:
            method = program.load_method(METHOD)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:SHOWN]
            raise OptionError(f"executorch cannot execute {file}: {reason}") from error
        if method is None:
            raise OptionError(f"{file} has no method {METHOD!r}; lower a network's forward.")
        return ExecuTorchProgram(method, ports(_declared(method, file), shapes, file))


class ExecuTorchProgram:
    """A method of a file."""

    executed = "fp32"

    def __init__(self, method: Any, inputs: tuple[Port, ...]) -> None:  # Any: untyped library
        self.inputs = inputs
        self._method = method

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs."""
        return tuple(it.numpy().copy() for it in self.prepare(*arrays)())

    def prepare(self, *arrays: Array) -> Callable[[], Any]:  # Any: a list of tensors
        """Return a call that runs `arrays`."""
        import torch

        execute = self._method.execute
        tensors = [torch.from_numpy(np.require(it, requirements=["C", "W"])) for it in arrays]
        return lambda: execute(tensors)

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:  # noqa: ARG002
        """Return nothing: what XNNPACK executes is not told apart."""
        return ()


def _check_mark(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            start = opened.read(8)
    except OSError as error:
        raise damaged(file, "ExecuTorch", error) from error
    if start[4:6] != MARK:
        raise DamagedFileError(f"{file} is no ExecuTorch program.")


def _declared(method: Any, file: Path) -> list[tuple[str, str, list[int]]]:  # Any: untyped library
    """Name inputs by their places: a file does not say their names."""
    found = []
    for place in range(method.metadata.num_inputs()):
        told = method.metadata.input_tensor_meta(place)
        if told.dtype() not in KINDS:
            raise OptionError(f"{file} reads a type of number that NumPy does not have.")
        found.append((f"input_{place}", KINDS[told.dtype()], list(told.sizes())))
    return found
