"""How PyTorch computes a program: where, in which precision, and what it executes for it."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, profiler
from torch._C._autograd import DeviceType
from torch.fx.node import map_aggregate
from torch.utils._pytree import tree_leaves

from sartor_agent.program import Array, Step

Forward = Callable[..., tuple[torch.Tensor, ...]]
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""Of precisions that weights are stored in; otherwise they stay as they are."""
NAMES = {
    "torch.float32": "fp32", "torch.bfloat16": "bf16", "torch.float16": "fp16",
    "torch.int8": "int8", "torch.uint8": "int8", "float": "fp32", "c10::BFloat16": "bf16",
    "c10::Half": "fp16", "signed char": "int8", "unsigned char": "int8",
}  # fmt: skip
"""Precisions in our words: by dtype, and by the name that a profile gives it."""
REGION = "## Call CompiledFxGraph"
"""What a profile calls the code that was compiled; its children are the kernels."""


@dataclass(frozen=True, slots=True)
class How:
    """Where and in what a program computes."""

    device: str
    """`cpu` or `cuda`."""
    precision: str

    def pin(self) -> None:
        """Set what "fp32" means on a GPU; by default convolutions are tf32 there."""
        if self.device == "cuda":
            meant = "tf32" if self.precision == "tf32" else "ieee"
            torch.backends.cuda.matmul.fp32_precision = meant
            torch.backends.cudnn.conv.fp32_precision = meant  # type: ignore[attr-defined]

    def tensor(self, array: Array) -> torch.Tensor:
        """Put an array where it is computed with, floats in the precision."""
        found = torch.from_numpy(np.require(array, requirements=["C", "W"]))
        dtype = DTYPES.get(self.precision) if found.is_floating_point() else None
        return found.to(self.device, dtype)

    def converted(self, module: fx.GraphModule) -> fx.GraphModule:
        """Store weights in a precision of 16 bits, and compute in it where the file says fp32."""
        meant = DTYPES.get(self.precision)
        if meant is None:
            return module

        def change(it: Any) -> Any:  # Any: arguments of every type
            return meant if it is torch.float32 else it

        for node in module.graph.nodes:
            node.args = map_aggregate(node.args, change)
            node.kwargs = map_aggregate(node.kwargs, change)
        module.recompile()
        return module.to(meant)


def eager_steps(
    how: How, module: fx.GraphModule, tensors: tuple[torch.Tensor, ...], calls: int
) -> tuple[Step, ...]:
    """Profile a module node by node.

    Args:
        how: Where and in what it computes.
        module: What `read_exported` made.
        tensors: What it reads.
        calls: Over which medians are taken.

    Returns:
        One step for each operator, with the kernel that took most of its time.
    """
    marked = _Marked(module)
    events = _events(how, lambda: marked.run(*tensors), calls, shapes=False)
    times: dict[str, list[float]] = {}
    kernels: dict[str, str] = {}
    for event in events:
        times.setdefault(event.name, []).append(_milliseconds(how, event))
        kernels.setdefault(event.name, _innermost(event))
    return tuple(
        _eager_step(how, node, statistics.median(times[node.name]), kernels[node.name], flowing)
        for node, flowing in marked.flowing.items()
        if any(flowing)
    )


def compiled_steps(
    how: How, forward: Forward, tensors: tuple[torch.Tensor, ...], calls: int
) -> tuple[Step, ...]:
    """Profile what `torch.compile` made: kernels that it wrote, and those that it calls.

    Kernels that were written for this network have no types in a profile, and no precision.
    Nothing is returned where calls executed different kernels.

    Args:
        how: Where and in what it computes.
        forward: What `torch.compile` made, with names of kernels in profiles.
        tensors: What it reads.
        calls: Over which medians are taken.
    """
    events = _events(how, lambda: forward(*tensors), calls, shapes=True)
    regions = [it.cpu_children for it in events if it.name.startswith(REGION)]
    alike = len({tuple(it.name for it in region) for region in regions}) == 1
    steps = []
    for place, row in enumerate(zip(*regions, strict=True) if alike else ()):
        event = row[0]
        kinds = [it for it in event.input_dtypes or () if it in NAMES]
        steps.append(
            Step(
                f"{event.name}.{place}",
                event.name,
                NAMES[kinds[0]] if kinds else "",
                statistics.median(_milliseconds(how, it) for it in row),
                tuple(tuple(it) for it in event.input_shapes or () if it),
                (),
                {"kernel": _innermost(event)},
            )
        )
    return tuple(steps)


Flowing = tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]
"""What a node reads and what it gives."""


class _Marked(fx.Interpreter):
    """Marks every operator in a profile, and keeps the tensors of the last call."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.flowing: dict[fx.Node, Flowing] = {}

    def run_node(self, n: fx.Node) -> Any:  # Any: what the node gives
        if n.op != "call_function":
            return super().run_node(n)
        reads = tuple(_tensors(self.fetch_args_kwargs_from_env(n)))
        with profiler.record_function(n.name):
            result = super().run_node(n)
        self.flowing[n] = (reads, tuple(_tensors(result)))
        return result


def _eager_step(
    how: How, node: fx.Node, milliseconds: float, kernel: str, flowing: Flowing
) -> Step:
    reads, writes = flowing
    place = node.meta.get("place", "")
    kinds = [NAMES.get(str(it.dtype), str(it.dtype).removeprefix("torch.")) for it in reads]
    precision = kinds[0] if kinds else ""
    return Step(
        f"{place}.{node.name}" if place else node.name,
        str(node.target),
        how.precision if precision == "fp32" else precision,
        milliseconds,
        tuple(tuple(it.shape) for it in reads),
        tuple(tuple(it.shape) for it in writes),
        {} if kernel == node.name else {"kernel": kernel},
        (place,) if place else (),
    )


def _tensors(held: Any) -> Iterator[torch.Tensor]:  # Any: nested arguments
    """Yield the tensors among arguments or results."""
    return (it for it in tree_leaves(held) if isinstance(it, torch.Tensor))


def _events(
    how: How, call: Callable[[], object], calls: int, *, shapes: bool
) -> list[Any]:  # Any: untyped library
    """Profile a call, once to warm up and then `calls` times."""
    kinds = [profiler.ProfilerActivity.CPU]
    if how.device == "cuda":
        kinds.append(profiler.ProfilerActivity.CUDA)
    call()
    with profiler.profile(activities=kinds, record_shapes=shapes) as made:
        for _ in range(calls):
            call()
        if how.device == "cuda":
            torch.cuda.synchronize()
    return [it for it in made.events() or () if it.device_type == DeviceType.CPU]


def _milliseconds(how: How, event: Any) -> float:  # Any: untyped library
    """Return the time of an event: that of its kernels where a GPU computes."""
    return float(event.device_time_total if how.device == "cuda" else event.cpu_time_total) / 1e3


def _innermost(event: Any) -> str:  # Any: untyped library
    """Return the operator that does the work of an event: the longest, down to where it is done."""
    while event.cpu_children and event.self_cpu_time_total < event.cpu_time_total / 2:
        event = max(event.cpu_children, key=lambda it: it.cpu_time_total)
    return str(event.name)
