"""ONNX Runtime, on the CPU and on NVIDIA GPUs."""

import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from sartor_agent.errors import OptionError
from sartor_agent.files import SHOWN, check_file, ports
from sartor_agent.program import Array, Capabilities, Port, Shape, Shapes, Step

FORMATS = (".onnx",)
KINDS = {
    "float": "float32", "double": "float64", "float16": "float16", "int64": "int64",
    "int32": "int32", "int16": "int16", "int8": "int8", "uint64": "uint64", "uint32": "uint32",
    "uint16": "uint16", "uint8": "uint8", "bool": "bool",
}  # fmt: skip
"""NumPy's names of the types that the library calls `tensor(...)`."""
PRECISIONS = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "uint8": "int8"}
END = "_kernel_time"
"""Of the names of operations in a profile."""


class OnnxRuntime:
    """ONNX Runtime with its CPU kernels, one call at a time."""

    name = "onnxruntime"

    def __init__(self, provider: str = "CPUExecutionProvider") -> None:
        import onnxruntime

        self._library = onnxruntime
        self._provider = provider
        onnxruntime.set_default_logger_severity(3)

    @property
    def version(self) -> str:
        """Version of the package."""
        return str(self._library.__version__)

    def capabilities(self) -> Capabilities:
        """Return fp32 alone: the CPU kernels of other float types convert to it."""
        return Capabilities(FORMATS, ("fp32",))

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "OnnxProgram":
        """Make a session."""
        if precision != "fp32":
            raise OptionError(f"precision is {precision!r}; onnxruntime executes: fp32, int8.")
        check_file(file, FORMATS, self.name)

        def session(profile: Path | None = None) -> Any:  # Any: untyped library
            options = self._library.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            if profile is not None:
                options.log_severity_level = 4  # that a saved graph suits this machine alone
                options.enable_profiling = True
                options.profile_file_prefix = str(profile / "profile")
                options.optimized_model_filepath = str(profile / "optimised.onnx")
            try:
                return self._library.InferenceSession(
                    str(file), options, providers=[self._provider]
                )
            except self._errors as error:
                reason = str(error).strip()[:SHOWN]
                raise OptionError(f"onnxruntime cannot execute {file}: {reason}") from error

        made = session()
        return OnnxProgram(made, ports(_declared(made), shapes, file), session)

    @cached_property
    def _errors(self) -> tuple[type[Exception], ...]:
        state = self._library.capi.onnxruntime_pybind11_state
        return (
            state.NotImplemented,
            state.Fail,
            state.InvalidGraph,
            state.InvalidArgument,
            state.RuntimeException,
        )


class OnnxProgram:
    """A session."""

    executed = "fp32"

    def __init__(
        self,
        session: Any,  # Any: untyped library
        inputs: tuple[Port, ...],
        again: Callable[[Path], Any],
    ) -> None:
        self.inputs = inputs
        self._session = session
        self._again = again
        self._outputs = [it.name for it in session.get_outputs()]

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs."""
        return tuple(self._session.run(self._outputs, self._feed(arrays)))

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        """Return a call that runs `arrays`."""
        run, outputs, feed = self._session.run, self._outputs, self._feed(arrays)
        return lambda: run(outputs, feed)

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:
        """Return what the optimised graph executes: fused, in the layouts that the kernels read."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._again(Path(folder))
            for _ in range(calls + 1):
                session.run(self._outputs, self._feed(arrays))
            events = json.loads(Path(session.end_profiling()).read_text())
            graph = onnx.load_model(Path(folder) / "optimised.onnx", load_external_data=False).graph
        return _steps(events, graph)

    def _feed(self, arrays: tuple[Array, ...]) -> dict[str, Array]:
        return {port.name: array for port, array in zip(self.inputs, arrays, strict=True)}


def _declared(session: Any) -> list[tuple[str, str, list[int]]]:  # Any: untyped library
    return [
        (
            it.name,
            KINDS.get(it.type.removeprefix("tensor(").rstrip(")"), it.type),
            [dim if isinstance(dim, int) else 0 for dim in it.shape],
        )
        for it in session.get_inputs()
    ]


def _steps(events: list[dict[str, Any]], graph: onnx.GraphProto) -> tuple[Step, ...]:
    """Join the times of a profile, (calls + 1) of each node, with the nodes of the graph."""
    times: dict[str, list[float]] = defaultdict(list)
    last: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(END):
            name = event["name"].removesuffix(END)
            times[name].append(event["dur"] / 1e3)
            last[name] = event["args"]
    nodes = {node.name: node for node in graph.node}
    constants = {it.name: tuple(it.dims) for it in graph.initializer}
    return tuple(
        _step(name, statistics.median(found[1:] or found), last[name], nodes.get(name), constants)
        for name, found in times.items()
    )


def _step(
    name: str,
    milliseconds: float,
    told: Mapping[str, Any],
    node: onnx.NodeProto | None,
    constants: Mapping[str, Shape],
) -> Step:
    read, written = _shapes(told["input_type_shape"]), _shapes(told["output_type_shape"])
    kinds = [kind for kind, _ in (*read, *written)]
    shapes = [shape for _, shape in read]
    return Step(
        name,
        told["op_name"],
        PRECISIONS.get(kinds[0], kinds[0]) if kinds else "",
        milliseconds,
        tuple(shapes) if node is None else _all_reads(node, shapes, constants),
        tuple(shape for _, shape in written),
        {} if node is None else dict(_attributes(node)),
    )


def _all_reads(
    node: onnx.NodeProto, told: Sequence[Shape], constants: Mapping[str, Shape]
) -> tuple[Shape, ...]:
    """Put the shapes of weights that were packed, which a profile leaves out, in their places."""
    left, shapes = list(told), []
    for value in filter(None, node.input):
        shape = constants.get(value, left[0] if left else ())
        if left and left[0] == shape:
            left.pop(0)
        shapes.append(shape)
    return tuple(shapes)


def _shapes(told: Sequence[Mapping[str, Sequence[int]]]) -> list[tuple[str, Shape]]:
    """Read [{type: shape}, ...]."""
    return [(kind, tuple(shape)) for one in told for kind, shape in one.items()]


def _attributes(node: onnx.NodeProto) -> Iterator[tuple[str, Any]]:
    """Yield what is number or text."""
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            yield attribute.name, value.decode(errors="replace")
        elif isinstance(value, int | float | list):
            yield attribute.name, value
