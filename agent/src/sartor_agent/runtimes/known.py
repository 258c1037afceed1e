"""Every runtime that a device may have, by the name that a user types."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sartor_agent.program import Runtime
from sartor_agent.runtimes import litert, onnxruntime, openvino


@dataclass(frozen=True, slots=True)
class Kind:
    """A runtime, and what is known of it before it is loaded, which takes seconds for some."""

    make: Callable[[], Runtime]
    """Raises ImportError where its package is not installed."""
    description: str
    formats: tuple[str, ...]
    """Endings of the files it reads."""
    device: str = "cpu"
    """Where it computes: `cpu` or `cuda`."""


KINDS: dict[str, Kind] = {
    "onnxruntime": Kind(
        onnxruntime.OnnxRuntime, "ONNX Runtime with its own CPU kernels.", onnxruntime.FORMATS
    ),
    "litert": Kind(
        litert.LiteRt, "LiteRT with XNNPACK's kernels, for TFLite files.", litert.FORMATS
    ),
    "openvino": Kind(openvino.OpenVino, "OpenVINO's CPU plugin.", openvino.FORMATS),
    "onnxruntime_cuda": Kind(
        partial(onnxruntime.OnnxRuntime, device="cuda"),
        "ONNX Runtime with its kernels for NVIDIA GPUs.",
        onnxruntime.FORMATS,
        "cuda",
    ),
}
"""Those first that are to be preferred."""
RUNTIMES: dict[str, Callable[[], Runtime]] = {name: it.make for name, it in KINDS.items()}
