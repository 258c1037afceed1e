"""OpenVINO on the CPU."""

import math
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sartor_agent.errors import OptionError
from sartor_agent.files import SHOWN, check_file, ports
from sartor_agent.program import Array, Capabilities, Port, Shape, Shapes, Step

FORMATS = (".onnx", ".tflite")
HINTS = {"fp32": "f32", "bf16": "bf16"}
NAMES = {
    "float": "fp32", "f32": "fp32", "bfloat16": "bf16", "bf16": "bf16", "float16": "fp16",
    "f16": "fp16", "u8": "int8", "i8": "int8",
}  # fmt: skip
"""What the library calls a precision, in our words."""


class OpenVino:
    """OpenVINO's CPU plugin, one stream.

    By default it computes "fp32" in bf16 where the CPU can; the precision is pinned here, and what
    was executed is read back from the compiled network.
    """

    name = "openvino"

    def __init__(self) -> None:
        import openvino

        self._library = openvino
        self._core = openvino.Core()

    @property
    def version(self) -> str:
        """Version of the package."""
        return str(self._library.__version__).partition("-")[0]

    def capabilities(self) -> Capabilities:
        """Return fp32, and bf16 where the CPU has instructions for it."""
        found = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return Capabilities(FORMATS, ("fp32", "bf16") if "BF16" in found else ("fp32",))

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "OpenVinoProgram":
        """Compile a file."""
        floats = self.capabilities().float_precisions
        if precision not in floats:
            known = ", ".join((*floats, "int8"))
            raise OptionError(f"precision is {precision!r}; openvino executes here: {known}.")
        check_file(file, FORMATS, self.name)
        settings: dict[str, str | int | bool] = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            network = self._core.read_model(str(file))
            inputs = ports(_declared(network), shapes, file)
            if shapes:
                network.reshape({port.name: list(port.shape) for port in inputs})

            def compiled(**more: bool) -> Any:  # Any: untyped library
                return self._core.compile_model(network, "CPU", settings | more)

            return OpenVinoProgram(compiled(), inputs, lambda: compiled(PERF_COUNT=True))
        except RuntimeError as error:
            if isinstance(error, OptionError):
                raise
            reason = str(error).strip()[:SHOWN]
            raise OptionError(f"openvino cannot execute {file}: {reason}") from error


class OpenVinoProgram:
    """A compiled network and one request on it."""

    def __init__(
        self,
        compiled: Any,  # Any: untyped library
        inputs: tuple[Port, ...],
        again: Callable[[], Any],
    ) -> None:
        self.inputs = inputs
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        name = hint.get_type_name() if hasattr(hint, "get_type_name") else str(hint)
        self.executed = NAMES.get(name, name)
        self._again = again
        self._request = compiled.create_infer_request()
        self._outputs = range(len(compiled.outputs))

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs."""
        self._request.infer([np.ascontiguousarray(it) for it in arrays], share_inputs=True)
        return tuple(self._request.get_output_tensor(it).data.copy() for it in self._outputs)

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        """Return a call that runs `arrays`."""
        request, feed, outputs = self._request, list(arrays), self._outputs

        def call() -> object:
            request.infer(feed, share_inputs=True)
            return [request.get_output_tensor(it).data for it in outputs]

        return call

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:
        """Return what the plugin executes: fused, with the reorders between layouts."""
        compiled = self._again()
        request = compiled.create_infer_request()
        times: dict[str, list[float]] = {}
        told: dict[str, Any] = {}
        for _ in range(calls + 1):
            request.infer(list(arrays), share_inputs=True)
            for it in request.get_profiling_info():
                if str(it.status).endswith("EXECUTED"):
                    times.setdefault(it.node_name, []).append(it.real_time.total_seconds() * 1e3)
                    told[it.node_name] = it
        nodes = {op.get_friendly_name(): op for op in compiled.get_runtime_model().get_ops()}
        return tuple(
            _step(told[name], statistics.median(found[1:] or found), nodes.get(name))
            for name, found in times.items()
        )


def _declared(network: Any) -> list[tuple[str, str, list[int]]]:  # Any: untyped library
    return [
        (
            port.get_any_name(),
            port.get_element_type().to_dtype().name,
            [dim.get_length() if dim.is_static else 0 for dim in port.get_partial_shape()],
        )
        for port in network.inputs
    ]


def _step(told: Any, milliseconds: float, node: Any) -> Step:  # Any: untyped library
    facts: Mapping[str, Any] = {} if node is None else node.get_rt_info()
    kind = _text(facts, "layerType") or told.node_type
    text = {name: _text(facts, name) for name in ("runtimePrecision", "originalLayersNames")}
    precision = text["runtimePrecision"].lower()
    return Step(
        told.node_name,
        kind,
        NAMES.get(precision, precision),
        milliseconds,
        () if node is None else tuple(_shape(it.get_partial_shape()) for it in node.inputs()),
        () if node is None else tuple(_shape(it.get_partial_shape()) for it in node.outputs()),
        {"exec_type": told.exec_type},
        tuple(filter(None, text["originalLayersNames"].split(","))),
        None if node is None else sum(map(_bytes, node.inputs())),
        None if node is None else sum(map(_bytes, node.outputs())),
    )


def _text(facts: Mapping[str, Any], name: str) -> str:
    return str(facts[name].astype(str)) if name in facts else ""


def _bytes(port: Any) -> int:  # Any: untyped library
    """Return the bytes of a tensor; none where an input is left out, which has no type."""
    kind = port.get_element_type()
    items = math.prod(_shape(port.get_partial_shape()))
    return 0 if kind.is_dynamic() else items * kind.bitwidth // 8


def _shape(partial: Any) -> Shape:  # Any: untyped library
    return tuple(dim.get_length() if dim.is_static else 1 for dim in partial)
