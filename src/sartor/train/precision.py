"""Whether a network trains faster in bfloat16, decided by the stopwatch."""

import time
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

ROUNDS = 4
"""Steps in each precision, in turn; the first of each warms up."""
BETTER = 0.9
"""Share of the time of a step below which bfloat16 is taken: it also costs some accuracy."""


def half_pays(
    network: Callable[[Tensor], Tensor],
    images: Float[Tensor, "n c h w"],
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Time forward and backward passes in float32 and bfloat16, and compare the fastest of each.

    Dense convolutions gain where the processor multiplies bfloat16; depthwise ones lose, and where
    it is emulated everything does.

    Args:
        network: In training mode. Its gradients are added to; zero them before training.
        images: A batch of the size that it will be trained with.
        clock: Seconds since some moment.
    """
    fastest = {False: float("inf"), True: float("inf")}
    for round_ in range(ROUNDS):
        for half in fastest:
            started = clock()
            with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
                logits = network(images)
            loss = F.cross_entropy(logits.float(), logits.argmax(1))
            loss.backward()  # type: ignore[no-untyped-call]
            if images.is_cuda:
                torch.cuda.synchronize()
            if round_:
                fastest[half] = min(fastest[half], clock() - started)
    return fastest[True] < BETTER * fastest[False]


def is_dense(modules: Iterable[nn.Module]) -> bool:
    """Tell whether no convolution has groups: then bfloat16 serves the network if it serves any."""
    return all(it.groups == 1 for it in modules if isinstance(it, nn.Conv2d))
