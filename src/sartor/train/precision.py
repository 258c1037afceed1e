"""How fast a network trains, and whether bfloat16 is faster, decided by the stopwatch."""

import time
from collections.abc import Callable, Iterable, Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

ROUNDS = 4
"""Steps in each precision, in turn; the first of each warms up."""
BETTER = 0.9
"""Share of the time of a step below which bfloat16 is taken: it also costs some accuracy."""


def step_seconds(
    network: Callable[[Tensor], Tensor],
    images: Float[Tensor, "n c h w"],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[bool, float]:
    """Time forward and backward passes in float32 (False) and bfloat16 (True), in turn.

    Args:
        network: In training mode. Its gradients are added to; zero them before training.
        images: A batch of the size that it will be trained with.
        clock: Seconds since some moment.

    Returns:
        The fastest of each.
    """
    fastest = {False: float("inf"), True: float("inf")}
    for round_ in range(ROUNDS):
        for half in fastest:
            started = clock()
            rehearse(network, images, half=half)
            if round_:
                fastest[half] = min(fastest[half], clock() - started)
    return fastest


def rehearse(
    network: Callable[[Tensor], Tensor], images: Float[Tensor, "n c h w"], *, half: bool
) -> None:
    """Go forward and backward once, for the time it takes, and wait until it is done."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
        logits = network(images)
    loss = F.cross_entropy(logits.float(), logits.argmax(1))
    loss.backward()  # type: ignore[no-untyped-call]
    if images.is_cuda:
        torch.cuda.synchronize()


def half_pays(seconds: Mapping[bool, float]) -> bool:
    """Tell from `step_seconds` whether bfloat16 is clearly faster.

    Dense convolutions gain where the processor multiplies bfloat16; depthwise ones lose, and where
    it is emulated everything does.
    """
    return seconds[True] < BETTER * seconds[False]


def is_dense(modules: Iterable[nn.Module]) -> bool:
    """Tell whether no convolution has groups: then bfloat16 serves the network if it serves any."""
    return all(it.groups == 1 for it in modules if isinstance(it, nn.Conv2d))
