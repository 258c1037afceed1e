"""OpenVINO on the CPU."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sartor.errors import OptionError
from sartor.targets.files import check_onnx
from sartor.targets.protocol import RUNTIMES, Images

HINTS = {"fp32": "f32", "bf16": "bf16"}
NAMES = {"float": "fp32", "f32": "fp32", "bfloat16": "bf16", "bf16": "bf16", "float16": "fp16"}
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

    def float_precisions(self) -> tuple[str, ...]:
        """Return fp32, and bf16 where the CPU has instructions for it."""
        found = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ("fp32", "bf16") if "BF16" in found else ("fp32",)

    def load(self, file: Path, *, threads: int, precision: str) -> "OpenVinoProgram":
        """Compile a file."""
        if precision not in self.float_precisions():
            known = ", ".join((*self.float_precisions(), "int8"))
            raise OptionError(f"precision is {precision!r}; openvino executes here: {known}.")
        shape = check_onnx(file)
        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            compiled = self._core.compile_model(str(file), "CPU", settings)
        except RuntimeError as error:
            raise OptionError(f"openvino cannot execute {file}: {error}") from error
        return OpenVinoProgram(compiled, shape, self._library.Tensor)


class OpenVinoProgram:
    """A compiled network and one request on it."""

    def __init__(self, compiled: Any, shape: tuple[int, int, int], tensor: Any) -> None:
        self.input_shape = shape
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        name = hint.get_type_name() if hasattr(hint, "get_type_name") else str(hint)
        self.executed = NAMES.get(name, name)
        self._request = compiled.create_infer_request()
        self._tensor = tensor
        partial = compiled.inputs[0].get_partial_shape()
        self._one_by_one = partial[0].is_static and partial[0].get_length() == 1

    def run(self, images: Images) -> Images:
        """Return logits, (n, k)."""
        import numpy as np

        if not self._one_by_one:
            return self._call(images)
        return np.concatenate([self._call(images[i : i + 1]) for i in range(len(images))])

    def prepare(self, image: Images) -> Callable[[], object]:
        """Return a call that runs `image`."""
        request, feed = self._request, [image]

        def call() -> object:
            request.infer(feed, share_inputs=True)
            return request.get_output_tensor(0).data

        return call

    def _call(self, images: Images) -> Images:
        import numpy as np

        self._request.infer([np.ascontiguousarray(images)], share_inputs=True)
        logits: Images = self._request.get_output_tensor(0).data.copy()
        return logits


RUNTIMES.register("openvino", "OpenVINO's CPU plugin.", source="the package openvino")(OpenVino)
