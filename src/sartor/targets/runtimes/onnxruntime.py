"""ONNX Runtime on the CPU."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from sartor.errors import OptionError
from sartor.targets.files import check_onnx
from sartor.targets.protocol import RUNTIMES, Images


class OnnxRuntime:
    """ONNX Runtime with its CPU kernels, one call at a time."""

    name = "onnxruntime"

    def __init__(self) -> None:
        import onnxruntime

        self._library = onnxruntime
        onnxruntime.set_default_logger_severity(3)

    @property
    def version(self) -> str:
        """Version of the package."""
        return str(self._library.__version__)

    def float_precisions(self) -> tuple[str, ...]:
        """Return fp32: the CPU kernels of other float types convert to it."""
        return ("fp32",)

    def load(self, file: Path, *, threads: int, precision: str) -> "OnnxProgram":
        """Make a session."""
        if precision != "fp32":
            raise OptionError(f"precision is {precision!r}; onnxruntime executes: fp32, int8.")
        shape = check_onnx(file)
        options = self._library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = self._library.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            raise OptionError(f"onnxruntime cannot execute {file}: {error}") from error
        return OnnxProgram(session, shape)

    @cached_property
    def _errors(self) -> tuple[type[Exception], ...]:
        state = self._library.capi.onnxruntime_pybind11_state
        return (state.NotImplemented, state.Fail, state.InvalidGraph, state.InvalidArgument)


class OnnxProgram:
    """A session."""

    executed = "fp32"

    def __init__(self, session: Any, shape: tuple[int, int, int]) -> None:  # Any: untyped library
        self.input_shape = shape
        self._session = session
        first = session.get_inputs()[0]
        self._input = first.name
        self._outputs = [session.get_outputs()[0].name]
        self._one_by_one = first.shape[0] == 1

    def run(self, images: Images) -> Images:
        """Return logits, (n, k)."""
        import numpy as np

        if not self._one_by_one:
            return self._call(images)
        return np.concatenate([self._call(images[i : i + 1]) for i in range(len(images))])

    def prepare(self, image: Images) -> Callable[[], object]:
        """Return a call that runs `image`."""
        run, outputs, feed = self._session.run, self._outputs, {self._input: image}
        return lambda: run(outputs, feed)

    def _call(self, images: Images) -> Images:
        logits: Images = self._session.run(self._outputs, {self._input: images})[0]
        return logits


RUNTIMES.register(
    "onnxruntime", "ONNX Runtime with its own CPU kernels.", source="the package onnxruntime"
)(OnnxRuntime)
