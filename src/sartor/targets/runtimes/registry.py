"""Every runtime that this machine may have: those of the agent, and those that need torch."""

from collections.abc import Callable
from functools import partial

import sartor_agent.runtimes as agent
from sartor.registry import Registry
from sartor.targets.runtimes import executorch, torch
from sartor_agent.program import Runtime
from sartor_agent.runtimes import Kind

KINDS: dict[str, Kind] = agent.KINDS | {
    "torch": Kind(
        torch.Torch,
        "PyTorch as it is, operator by operator, for exported programs.",
        torch.FORMATS,
    ),
    "torch_compile": Kind(
        partial(torch.Torch, compiled=True),
        "PyTorch after torch.compile, for exported programs.",
        torch.FORMATS,
    ),
    "torch_cuda": Kind(
        partial(torch.Torch, device="cuda"),
        "PyTorch on an NVIDIA GPU, for exported programs.",
        torch.FORMATS,
        "cuda",
    ),
    "executorch": Kind(
        executorch.ExecuTorch,
        "ExecuTorch with XNNPACK's kernels, for its own files.",
        executorch.FORMATS,
    ),
}
"""Those first that are to be preferred."""
RUNTIMES: Registry[Callable[[], Runtime]] = Registry("runtime")
"""Makes a runtime; raises ImportError where its package is not installed."""

for name, kind in KINDS.items():
    RUNTIMES.register(name, kind.description)(kind.make)


def reading(ending: str, device: str = "cpu") -> dict[str, Runtime]:
    """Return the installed runtimes that read files of a format, by name.

    Args:
        ending: `.onnx`, `.tflite`, `.pt2` or `.pte`.
        device: Where they compute: `cpu` or `cuda`.
    """
    found = {}
    for name, kind in KINDS.items():
        if ending not in kind.formats or kind.device != device:
            continue
        try:
            found[name] = kind.make()
        except ImportError:
            continue
    return found
