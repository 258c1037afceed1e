"""Every runtime that this machine may have."""

from collections.abc import Callable

import sartor_agent.runtimes as agent
from sartor.registry import Registry
from sartor_agent.program import Runtime

RUNTIMES: Registry[Callable[[], Runtime]] = Registry("runtime")
"""Makes a runtime; raises ImportError where its package is not installed."""


def reading(ending: str) -> dict[str, Runtime]:
    """Return the installed runtimes that read files of a format, by name.

    Args:
        ending: `.onnx`, `.tflite` or `.pt2`.
    """
    found = {}
    for name in RUNTIMES:
        try:
            runtime = RUNTIMES[name]()
        except ImportError:
            continue
        if ending in runtime.capabilities().formats:
            found[name] = runtime
    return found


for name, description in {
    "onnxruntime": "ONNX Runtime with its own CPU kernels.",
    "openvino": "OpenVINO's CPU plugin.",
    "litert": "LiteRT with XNNPACK's kernels, for TFLite files.",
}.items():
    RUNTIMES.register(name, description)(agent.RUNTIMES[name])
