"""PyTorch on exported programs: eager and `torch.compile`, on the CPU and on NVIDIA GPUs."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sartor.errors import MissingExtraError, OptionError
from sartor_agent.files import SHOWN, check_file
from sartor_agent.program import Array, Capabilities, Port, Shapes, Step

if TYPE_CHECKING:
    import torch
    from torch import fx

    from sartor.targets.exported.execution import Forward, How

FORMATS = (".pt2",)
COMPILERS = ("g++", "clang++", "cl")
"""Any of these compiles what `torch.compile` writes for a CPU."""
BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""What PyTorch calls instructions that multiply bf16; without them it converts to fp32."""
AMPERE = (8, 0)
"""The first compute capability with tf32 and bf16."""


class Torch:
    """PyTorch, one call at a time.

    Threads are those of the whole process: what was compiled last decides.

    Args:
        compiled: By `torch.compile` with its own settings, instead of node by node.
        device: `cpu` or `cuda`.

    Raises:
        MissingExtraError: There is no such device, or nothing to compile with.
    """

    def __init__(self, *, compiled: bool = False, device: str = "cpu") -> None:
        import torch

        self.name = f"torch{'_compile' if compiled else ''}{'_cuda' if device == 'cuda' else ''}"
        self._library = torch
        self._compiled = compiled
        self._device = device
        if device == "cuda" and not torch.cuda.is_available():
            raise MissingExtraError(
                f"{self.name} needs an NVIDIA GPU with its driver; PyTorch finds none on this "
                "machine."
            )
        if compiled and device == "cpu" and not any(map(shutil.which, COMPILERS)):
            raise MissingExtraError(
                f"{self.name} needs a C++ compiler and found none of {', '.join(COMPILERS)}; "
                "install one, for example the package g++."
            )

    @property
    def version(self) -> str:
        """Version of the package, with what it was built for."""
        return str(self._library.__version__)

    def capabilities(self) -> Capabilities:
        """Return the precisions that the device has instructions for."""
        if self._device == "cuda":
            newer = self._library.cuda.get_device_capability() >= AMPERE
            floats = ("fp32", "tf32", "fp16", "bf16") if newer else ("fp32", "fp16")
            return Capabilities(FORMATS, floats, device="cuda")
        flags = self._library.cpu.get_capabilities()
        computes = any(flags.get(it) for it in BFLOAT16_FLAGS)
        return Capabilities(FORMATS, ("fp32", "bf16") if computes else ("fp32",))

    def compile(
        self, file: Path, *, threads: int, precision: str, shapes: Shapes | None = None
    ) -> "TorchProgram":
        """Read a program and run it once, which is when `torch.compile` compiles."""
        from sartor.targets.exported import read_exported
        from sartor.targets.exported.execution import How

        floats = self.capabilities().float_precisions
        if precision not in floats:
            known = ", ".join(floats)
            raise OptionError(f"precision is {precision!r}; {self.name} executes here: {known}.")
        check_file(file, FORMATS, self.name)
        self._library.set_num_threads(threads)
        exported, how = read_exported(file, shapes, self._device), How(self._device, precision)
        module = how.converted(exported.module)
        forward: Forward = module
        if self._compiled:
            # The names of kernels cost next to nothing while no profile is made, and compiling a
            # second time for them would take minutes.
            forward = self._library.compile(module, options={"cpp.enable_kernel_profile": True})
        program = TorchProgram(how, module, forward, exported.inputs)
        try:
            program.run(*(it.numpy() for it in exported.examples()))
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            reason = " ".join(str(error).split())[:SHOWN]
            raise OptionError(f"{self.name} cannot execute {file}: {reason}") from error
        return program


class TorchProgram:
    """A module, run as it is or compiled."""

    def __init__(
        self, how: "How", module: "fx.GraphModule", forward: "Forward", inputs: tuple[Port, ...]
    ) -> None:
        self.inputs = inputs
        self.executed = how.precision
        self._how = how
        self._module = module
        self._forward = forward

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        """Return the outputs, floats as fp32."""
        return tuple(_array(it) for it in self.prepare(*arrays)())

    def prepare(self, *arrays: Array) -> Callable[[], "tuple[torch.Tensor, ...]"]:
        """Return a call that runs `arrays`: it copies, computes and waits for the outputs."""
        import torch

        how, forward = self._how, self._forward

        def call() -> "tuple[torch.Tensor, ...]":
            how.pin()
            with torch.inference_mode():
                # What is on the host already is not copied; `.cpu()` waits for a GPU.
                return tuple(it.cpu() for it in forward(*map(how.tensor, arrays)))

        return call

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:
        """Return the operators of aten node by node, or the kernels of what was compiled."""
        import torch

        from sartor.targets.exported.execution import compiled_steps, eager_steps

        self._how.pin()
        tensors = tuple(map(self._how.tensor, arrays))
        with torch.inference_mode():
            if self._forward is self._module:
                return eager_steps(self._how, self._module, tensors, calls)
            return compiled_steps(self._how, self._forward, tensors, calls)


def _array(tensor: "torch.Tensor") -> Array:
    found: Array = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return found
