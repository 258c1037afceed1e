"""Targets on this machine's NVIDIA GPU."""

from sartor.errors import MissingExtraError
from sartor.targets.cpu import EXCHANGED, TARGETS, Target, checked_threads
from sartor.targets.runtimes import reading
from sartor_agent import device
from sartor_agent.gpu import gpu


@TARGETS.register("cuda", "This machine's first NVIDIA GPU, with every runtime that uses it.")
def cuda(threads: int) -> Target:
    """Open this machine's GPU; its runtimes are those of exported programs where no other is."""
    checked_threads(threads)
    found = gpu()
    if not found:
        raise MissingExtraError(
            "the target cuda needs an NVIDIA GPU with its driver; nvidia-smi finds none on this "
            "machine. Known without one: cpu."
        )
    runtimes = reading(EXCHANGED, "cuda") or reading(".pt2", "cuda")
    if not runtimes:
        raise MissingExtraError(
            "no runtime for the GPU is installed; install onnxruntime-gpu, or a PyTorch that was "
            "built for CUDA."
        )
    return Target("cuda", threads, runtimes, device.fingerprint(threads, runtimes) | found)
