"""ONNX Runtime, on the CPU and on NVIDIA GPUs."""

import json
import math
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from sartor_agent.errors import MissingExtraError, OptionError
from sartor_agent.files import SHOWN, check_file, ports
from sartor_agent.gpu import gpu
from sartor_agent.program import Array, Capabilities, Port, Shape, Shapes, Step

FORMATS = (".onnx",)
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
AMPERE = 8.0
"""The first compute capability with tf32."""
KINDS = {
    "float": "float32", "double": "float64", "float16": "float16", "int64": "int64",
    "int32": "int32", "int16": "int16", "int8": "int8", "uint64": "uint64", "uint32": "uint32",
    "uint16": "uint16", "uint8": "uint8", "bool": "bool",
}  # fmt: skip
"""NumPy's names of the types that the library calls `tensor(...)`."""
PRECISIONS = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "uint8": "int8"}
ITEM_BYTES = {kind: np.dtype(name).itemsize for kind, name in KINDS.items()} | {"bfloat16": 2}
END = "_kernel_time"
"""Of the names of operations in a profile."""
Moved = tuple[str, Shape]
"""A tensor that is read or written: its type, as the library calls it, and its shape."""


class OnnxRuntime:
    """ONNX Runtime, one call at a time.

    Args:
        device: `cpu` or `cuda`.

    Raises:
        MissingExtraError: The installed package has no kernels for the device.
    """

    def __init__(self, device: str = "cpu") -> None:
        import onnxruntime

        self.name = "onnxruntime" if device == "cpu" else f"onnxruntime_{device}"
        self._library = onnxruntime
        self._device = device
        self._provider = PROVIDERS[device]
        onnxruntime.set_default_logger_severity(3)
        if self._provider not in onnxruntime.get_available_providers():
            raise MissingExtraError(
                f"{self.name} needs the package onnxruntime-gpu in the place of onnxruntime, and "
                "an NVIDIA GPU; install it with: pip install onnxruntime-gpu."
            )

    @property
    def version(self) -> str:
        """Version of the package."""
        return str(self._library.__version__)

    def capabilities(self) -> Capabilities:
        """Return fp32 alone on a CPU, whose kernels of other float types convert to it.

        GPUs that have tf32 compute fp32 in it unless they are told not to; both are there. What a
        file has in fp16 or bf16 is computed so under either.
        """
        if self._device == "cuda":
            newer = float(gpu().get("compute", 0)) >= AMPERE
            return Capabilities(FORMATS, ("fp32", "tf32") if newer else ("fp32",), device="cuda")
        return Capabilities(FORMATS, ("fp32",))

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "OnnxProgram":
        """Make a session."""
        floats = self.capabilities().float_precisions
        if precision not in floats:
            known = ", ".join((*floats, "int8"))
            raise OptionError(f"precision is {precision!r}; {self.name} executes: {known}.")
        check_file(file, FORMATS, self.name)
        provider = self._provider
        settings = {"use_tf32": "1" if precision == "tf32" else "0"}
        chosen = (provider, settings) if self._device == "cuda" else provider

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
                return self._library.InferenceSession(str(file), options, providers=[chosen])
            except self._errors as error:
                reason = str(error).strip()[:SHOWN]
                raise OptionError(f"{self.name} cannot execute {file}: {reason}") from error

        made = session()
        if made.get_providers()[0] != provider:
            # It falls back to the CPU by itself, for example where a CUDA library is missing.
            raise MissingExtraError(
                f"{self.name} cannot use the GPU; look whether the driver and the CUDA libraries "
                "are those that this release of onnxruntime-gpu asks for."
            )
        return OnnxProgram(made, ports(_declared(made), shapes, file), session, precision)

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
    """A session. A call ends when its outputs are on the host."""

    def __init__(
        self,
        session: Any,  # Any: untyped library
        inputs: tuple[Port, ...],
        again: Callable[[Path], Any],
        executed: str,
    ) -> None:
        self.inputs = inputs
        self.executed = executed
        self._session = session
        self._again = again
        self._outputs = [it.name for it in session.get_outputs()]

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs."""
        return tuple(self._session.run(self._outputs, self._feed(arrays)))

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        """Return a call that runs `arrays`; on a CPU into memory that stays the same.

        Where each call makes new arrays, networks with large outputs take 5 % longer, which is no
        cost of their layers. On a GPU the way there and back is part of a call, and what is bound
        would be sent once.
        """
        if self._session.get_providers()[0] != PROVIDERS["cpu"]:
            run, outputs, feed = self._session.run, self._outputs, self._feed(arrays)
            return lambda: run(outputs, feed)
        binding = self._session.io_binding()
        for name, array in self._feed(arrays).items():
            binding.bind_cpu_input(name, np.ascontiguousarray(array))
        for name in self._outputs:
            binding.bind_output(name)
        bound = self._session.run_with_iobinding
        bound(binding)
        for name, value in zip(self._outputs, binding.get_outputs(), strict=True):
            binding.bind_ortvalue_output(name, value)
        return lambda: bound(binding)

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
    constants = {it.name: _held(it) for it in graph.initializer}
    return tuple(
        _step(name, statistics.median(found[1:] or found), last[name], nodes.get(name), constants)
        for name, found in times.items()
    )


def _step(
    name: str,
    milliseconds: float,
    told: Mapping[str, Any],
    node: onnx.NodeProto | None,
    constants: Mapping[str, Moved],
) -> Step:
    read, written = _moved(told["input_type_shape"]), _moved(told["output_type_shape"])
    kinds = [kind for kind, _ in (*read, *written)]
    if node is not None:
        read = _all_reads(node, read, constants)
    return Step(
        name,
        told["op_name"],
        PRECISIONS.get(kinds[0], kinds[0]) if kinds else "",
        milliseconds,
        tuple(shape for _, shape in read),
        tuple(shape for _, shape in written),
        {} if node is None else dict(_attributes(node)),
        read_bytes=sum(map(_bytes, read)),
        written_bytes=sum(map(_bytes, written)),
    )


def _all_reads(
    node: onnx.NodeProto, told: Sequence[Moved], constants: Mapping[str, Moved]
) -> list[Moved]:
    """Put weights that were packed, which a profile leaves out, in their places."""
    left, found = list(told), []
    for value in filter(None, node.input):
        moved = constants.get(value, left[0] if left else ("", ()))
        if left and left[0][1] == moved[1]:
            left.pop(0)
        found.append(moved)
    return found


def _moved(told: Sequence[Mapping[str, Sequence[int]]]) -> list[Moved]:
    """Read [{type: shape}, ...]."""
    return [(kind, tuple(shape)) for one in told for kind, shape in one.items()]


def _held(constant: onnx.TensorProto) -> Moved:
    kind = onnx.helper.tensor_dtype_to_string(constant.data_type).rpartition(".")[2].lower()
    return kind, tuple(constant.dims)


def _bytes(moved: Moved) -> int:
    """Return the bytes of a tensor; none where the type has no fixed size, as text."""
    kind, shape = moved
    return ITEM_BYTES.get(kind, 0) * math.prod(shape)


def _attributes(node: onnx.NodeProto) -> Iterator[tuple[str, Any]]:
    """Yield what is number or text, and whose operator it is where it is not the standard's."""
    if node.domain:
        yield "domain", node.domain
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            yield attribute.name, value.decode(errors="replace")
        elif isinstance(value, int | float | list):
            yield attribute.name, value
