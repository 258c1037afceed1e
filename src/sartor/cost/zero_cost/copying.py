"""A copy of a network to try things on, so that the network itself stays as it is."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from sartor.cost.zero_cost.protocol import Images, Labels
from sartor.errors import OptionError


@contextmanager
def copied(network: nn.Module, seed: int) -> Iterator[nn.Module]:
    """Give a copy in training mode that learns all its parameters, and draws of a seed.

    Raises:
        OptionError: The seed is negative.
    """
    if seed < 0:
        raise OptionError(f"seed is {seed}; allowed: 0 and more.")
    where = {it.device for it in network.parameters() if it.device.type == "cuda"}
    with torch.random.fork_rng(devices=list(where)), torch.enable_grad():
        torch.manual_seed(seed)
        twin = copy.deepcopy(network).train().requires_grad_()
        twin.zero_grad()
        yield twin


def on_device(network: nn.Module, images: Images) -> Images:
    """Bring images to where a network is, in its precision."""
    first = next(network.parameters(), images)
    return images.to(first.device, first.dtype)


def loss_gradients(network: nn.Module, images: Images, labels: Labels, name: str) -> None:
    """Leave the gradients of the cross entropy of a batch in a copy of a network.

    Args:
        network: The copy.
        images: The batch, (n, c, h, w).
        labels: Its classes, (n,).
        name: Of the proxy, for messages.

    Raises:
        OptionError: There are too few images, or not as many labels.
    """
    check_several(images, name)
    if len(labels) != len(images):
        raise OptionError(
            f"{name} got {len(images)} images and {len(labels)} labels; give one for each image."
        )
    images = on_device(network, images)
    loss = nn.functional.cross_entropy(network(images), labels.to(images.device))
    loss.backward()  # type: ignore[no-untyped-call]


def check_several(images: Images, name: str) -> None:
    """Refuse a single image: batch norms and codes compare images.

    Raises:
        OptionError: There are less than two.
    """
    if len(images) < 2:
        raise OptionError(f"{name} got {len(images)} image; it compares images: give at least 2.")


def weighted(network: nn.Module) -> list[_ConvNd | nn.Linear]:
    """Return all convolutions and linear layers."""
    return [it for it in network.modules() if isinstance(it, _ConvNd | nn.Linear)]


def weights(network: nn.Module, name: str) -> list[Tensor]:
    """Return the weights of all convolutions and linear layers.

    Raises:
        OptionError: There are none.
    """
    found = [it.weight for it in weighted(network)]
    if not found:
        raise OptionError(
            f"the network has no convolution and no linear layer, whose weights {name} scores; "
            "give one that has."
        )
    return found


def gradient(weight: Tensor) -> Tensor:
    """Return the gradient of a weight, zeros where nothing that counts depends on it."""
    return torch.zeros_like(weight) if weight.grad is None else weight.grad


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """Return all batch norms."""
    return [it for it in network.modules() if isinstance(it, _BatchNorm)]
