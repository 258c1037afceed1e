"""NASWOT: how well the codes of activations tell images apart."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from sartor.cost.zero_cost.copying import check_several, copied, on_device
from sartor.cost.zero_cost.protocol import ZERO_COST, Images, Labels, score_of
from sartor.errors import OptionError

BENDING: frozenset[Callable[..., Tensor]] = frozenset(
    {
        F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu6, F.leaky_relu,
        F.prelu, F.rrelu, F.elu, F.celu, F.selu, F.gelu, F.silu, F.mish, F.hardswish,
    }
)  # fmt: skip
"""Activations that bend at zero, as torch's modules and functions call them."""


@ZERO_COST.register(
    "naswot",
    "How well the codes of activations tell images apart.",
    "Mellor et al. 2021, arXiv:2006.04647",
)
def naswot(network: nn.Module, images: Images, _labels: Labels, seed: int) -> float:
    """Return the log determinant of the matrix that says how many bits images have in common.

    The code of an image has a bit for every input of an activation, which tells whether it is
    above zero. Two images with one code make the determinant zero and the score minus infinity.

    Source:
        Mellor et al. 2021, arXiv:2006.04647, section 3. Differs: besides ReLU all activations that
        bend at zero have codes, such as h-swish, by the sign of what they read.
    """
    check_several(images, "naswot")
    with copied(network, seed) as twin, torch.no_grad(), _Codes(len(images)) as codes:
        twin(on_device(twin, images))
    if codes.common is None:
        raise OptionError(
            "the network has no activation that bends at zero, such as ReLU, so that naswot finds "
            "no codes; give one that has, or take another proxy."
        )
    sign, logarithm = torch.linalg.slogdet(codes.common)
    return score_of(logarithm.item() if sign > 0 else float("-inf"))


class _Codes(TorchFunctionMode):
    """Within it, all activations that bend at zero are listened to, modules and functions."""

    def __init__(self, images: int) -> None:
        super().__init__()
        self._images = images
        self.common: Tensor | None = None
        """Bits that images have in common, (n, n)."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Look at the input, which may be overwritten, and compute."""
        named = dict(kwargs or {})
        # ReLU6 calls itself a hard tanh, from 0 to 6.
        if func in BENDING or (func is F.hardtanh and named.get("min_val") == 0):
            read: Tensor = args[0] if args else named["input"]
            signs = (read.reshape(self._images, -1) > 0).float() * 2 - 1  # (n, bits)
            # Whole numbers that float32 holds exactly; bits in common count 1, others -1.
            common = (signs.shape[1] + signs @ signs.T).double() / 2
            self.common = common if self.common is None else self.common + common
        return func(*args, **named)
