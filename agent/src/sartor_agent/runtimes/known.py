"""Every runtime that a device may have, by the name that a user types."""

from collections.abc import Callable

from sartor_agent.program import Runtime
from sartor_agent.runtimes.litert import LiteRt
from sartor_agent.runtimes.onnxruntime import OnnxRuntime
from sartor_agent.runtimes.openvino import OpenVino

RUNTIMES: dict[str, Callable[[], Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "litert": LiteRt,
}
"""Making one raises ImportError where its package is not installed."""
