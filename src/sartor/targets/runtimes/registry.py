"""Every runtime that this machine may have."""

from collections.abc import Callable
from functools import partial

import sartor_agent.runtimes as agent
from sartor.registry import Registry
from sartor.targets.runtimes.executorch import ExecuTorch
from sartor.targets.runtimes.torch import Torch
from sartor_agent.program import Runtime

RUNTIMES: Registry[Callable[[], Runtime]] = Registry("runtime")
"""Makes a runtime; raises ImportError where its package is not installed."""

READS: dict[str, tuple[tuple[str, ...], str]] = {
    "onnxruntime": ((".onnx",), "cpu"),
    "litert": ((".tflite",), "cpu"),
    "openvino": ((".onnx", ".tflite"), "cpu"),
    "onnxruntime_cuda": ((".onnx",), "cuda"),
    "torch": ((".pt2",), "cpu"),
    "torch_compile": ((".pt2",), "cpu"),
    "torch_cuda": ((".pt2",), "cuda"),
    "executorch": ((".pte",), "cpu"),
}
"""The formats that each runtime reads, and where it computes: known without loading it, which takes
seconds for some."""


def reading(ending: str, device: str = "cpu") -> dict[str, Runtime]:
    """Return the installed runtimes that read files of a format, by name.

    Args:
        ending: `.onnx`, `.tflite`, `.pt2` or `.pte`.
        device: Where they compute: `cpu` or `cuda`.
    """
    found = {}
    for name, (formats, place) in READS.items():
        if ending not in formats or place != device:
            continue
        try:
            found[name] = RUNTIMES[name]()
        except ImportError:
            continue
    return found


for name, description in {
    "onnxruntime": "ONNX Runtime with its own CPU kernels.",
    "litert": "LiteRT with XNNPACK's kernels, for TFLite files.",
    "openvino": "OpenVINO's CPU plugin.",
    "onnxruntime_cuda": "ONNX Runtime with its kernels for NVIDIA GPUs.",
}.items():
    RUNTIMES.register(name, description)(agent.RUNTIMES[name])

RUNTIMES.register("torch", "PyTorch as it is, operator by operator, for exported programs.")(Torch)
RUNTIMES.register("torch_compile", "PyTorch after torch.compile, for exported programs.")(
    partial(Torch, compiled=True)
)
RUNTIMES.register("torch_cuda", "PyTorch on an NVIDIA GPU, for exported programs.")(
    partial(Torch, device="cuda")
)
RUNTIMES.register("executorch", "ExecuTorch with XNNPACK's kernels, for its own files.")(ExecuTorch)
