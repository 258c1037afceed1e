"""LiteRT, the runtime of TFLite files, with XNNPACK's kernels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sartor_agent.errors import OptionError
from sartor_agent.files import SHOWN, check_file, ports
from sartor_agent.program import Array, Capabilities, Port, Shapes, Step

FORMATS = (".tflite",)


class LiteRt:
    """LiteRT on the CPU; what XNNPACK cannot execute, its own kernels do."""

    name = "litert"

    def __init__(self) -> None:
        from ai_edge_litert import interpreter

        self._library = interpreter

    @property
    def version(self) -> str:
        """Version of the package."""
        from importlib.metadata import version

        return version("ai-edge-litert")

    def capabilities(self) -> Capabilities:
        """Return fp32; its Python interface tells no times of operations."""
        return Capabilities(FORMATS, ("fp32",), profiles=False)

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "LiteRtProgram":
        """Make an interpreter."""
        if precision != "fp32":
            raise OptionError(f"precision is {precision!r}; litert executes: fp32, int8.")
        check_file(file, FORMATS, self.name)
        try:
            interpreter = self._library.Interpreter(str(file), num_threads=threads)
            details = interpreter.get_input_details()
            inputs = ports([_declared(it) for it in details], shapes, file)
            for port, it in zip(inputs, details, strict=True):
                if tuple(it["shape"]) != port.shape:
                    interpreter.resize_tensor_input(it["index"], port.shape)
            interpreter.allocate_tensors()
        except OptionError:
            raise
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:SHOWN]
            raise OptionError(f"litert cannot execute {file}: {reason}") from error
        return LiteRtProgram(interpreter, inputs)


class LiteRtProgram:
    """An interpreter."""

    executed = "fp32"

    def __init__(self, interpreter: Any, inputs: tuple[Port, ...]) -> None:  # Any: untyped library
        self.inputs = inputs
        self._interpreter = interpreter
        self._reads = [it["index"] for it in interpreter.get_input_details()]
        self._writes = [it["index"] for it in interpreter.get_output_details()]

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs."""
        return tuple(it.copy() for it in self._call(arrays))

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        """Return a call that runs `arrays`."""
        return lambda: self._call(arrays)

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:  # noqa: ARG002
        """Return nothing: the library's Python interface does not tell."""
        return ()

    def _call(self, arrays: tuple[Array, ...]) -> list[Array]:
        for index, array in zip(self._reads, arrays, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._writes]


def _declared(details: Any) -> tuple[str, str, list[int]]:  # Any: untyped library
    free = details["shape_signature"].tolist() or details["shape"].tolist()
    return details["name"], details["dtype"].__name__, [max(0, it) for it in free]
