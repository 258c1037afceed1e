"""Slicing plans: which part of a large tensor a smaller network uses."""

from collections.abc import Mapping

import torch
from torch import nn

Slices = tuple[slice, ...] | None
"""Index into the large tensor; None takes it whole."""
Plan = Mapping[str, Slices]
"""For every parameter of the small module the slices of its namesake in the large one."""

SPATIAL = 2
"""Axes from here on are rows and columns of a kernel."""


def plan(small: nn.Module, large: nn.Module) -> Plan:
    """Work out which slices of `large` make the parameters of `small`.

    Channels are the leading ones, kernels the central ones: a 3x3 kernel is the middle of a 5x5.

    Args:
        small: A module whose parameters all have a namesake in `large`, at least as large.
        large: The module that holds the weights.

    Source:
        Yu et al. 2018 (leading channels), arXiv:1812.08928; Cai et al. 2019 (central kernels),
        arXiv:1908.09791. Differs: no learned transformation between kernel sizes.
    """
    tensors = dict(large.named_parameters())
    return {
        name: slices(tuple(parameter.shape), tuple(tensors[name].shape))
        for name, parameter in small.named_parameters()
    }


def slices(small: tuple[int, ...], large: tuple[int, ...]) -> Slices:
    """Return the slices of a tensor of shape `large` that have shape `small`.

    Example:
        >>> slices((8, 4, 3, 3), (16, 4, 5, 5))
        (slice(0, 8, None), slice(None, None, None), slice(1, 4, None), slice(1, 4, None))
    """
    assert len(small) == len(large), f"{small} is no slice of {large}"
    assert all(s <= b for s, b in zip(small, large, strict=True)), f"{small} exceeds {large}"
    if small == large:
        return None
    index = []
    for axis, (length, whole) in enumerate(zip(small, large, strict=True)):
        start = (whole - length) // 2 if axis >= SPATIAL else 0
        index.append(slice(None) if length == whole else slice(start, start + length))
    return tuple(index)


def cut(tensor: torch.Tensor, where: Slices) -> torch.Tensor:
    """Return the view of `tensor` that `where` names."""
    return tensor if where is None else tensor[where]
