"""Every runtime that a device may have, by the name that a user types."""

from collections.abc import Callable
from functools import partial

from sartor_agent.program import Runtime
from sartor_agent.runtimes.litert import LiteRt
from sartor_agent.runtimes.onnxruntime import OnnxRuntime
from sartor_agent.runtimes.openvino import OpenVino

RUNTIMES: dict[str, Callable[[], Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "litert": LiteRt,
    "openvino": OpenVino,
    "onnxruntime_cuda": partial(OnnxRuntime, device="cuda"),
}
"""Those first that are to be preferred. Making one raises ImportError where its package is not
installed."""
