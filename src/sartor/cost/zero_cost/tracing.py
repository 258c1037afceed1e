"""The operations of any network, as those of a family are described."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from sartor.cost.zero_cost.copying import copied, on_device
from sartor.cost.zero_cost.protocol import Images
from sartor.errors import OptionError
from sartor.nets import Layer

KNOWN = (nn.Conv2d, nn.Linear)


def traced_layers(network: nn.Module, images: Images) -> tuple[Layer, ...]:
    """List the convolutions and linear layers of a network in the order of computation.

    Args:
        network: Not changed.
        images: Of the size that is counted for, (n, c, h, w); one is computed.

    Raises:
        OptionError: A layer has another shape than a `Layer` can have, or weights of a kind that
            is not known: leaving it out would count too little.
    """
    with copied(network, 0) as twin, torch.no_grad():
        tracer = _Tracer(twin.eval())
        twin(on_device(twin, images[:1]))
    return tuple(tracer.layers)


class _Tracer:
    """Listens to the layers of a network while it computes."""

    def __init__(self, network: nn.Module) -> None:
        self.layers: list[Layer] = []
        # Held, so that no later tensor takes the place of an earlier one in memory.
        self._outputs: list[Tensor] = []
        for name, module in network.named_modules():
            if isinstance(module, KNOWN):
                module.register_forward_hook(self._heard(name))
            elif isinstance(module, nn.BatchNorm2d):
                module.register_forward_hook(self._normed)
            else:
                _check_weightless(name, module)

    def _heard(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hear(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
            self.layers.append(_described(name, module, output))
            self._outputs.append(output)

        return hear

    def _normed(self, _: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> None:
        for place, output in enumerate(self._outputs):
            if inputs[0] is output:
                self.layers[place] = replace(self.layers[place], norm=True)


def _described(name: str, module: nn.Module, output: Tensor) -> Layer:
    if isinstance(module, nn.Linear):
        return _linear(name, module, output)
    assert isinstance(module, nn.Conv2d)
    return _convolution(name, module, output)


def _convolution(name: str, module: nn.Conv2d, output: Tensor) -> Layer:
    kernel = _square(f"the kernel of {name}", *module.kernel_size)
    stride = _square(f"the stride of {name}", *module.stride)
    size = _square(f"the map of {name}", *output.shape[-2:])
    return Layer(
        "conv", module.in_channels, module.out_channels, size, kernel, stride, module.groups,
        path=name,
    )  # fmt: skip


def _linear(name: str, module: nn.Linear, output: Tensor) -> Layer:
    if output.dim() != 2:
        raise OptionError(
            f"{name} is a linear layer on {output.dim()} axes; what is counted has 2: images and "
            "features."
        )
    return Layer("linear", module.in_features, module.out_features, 1, path=name)


def _square(what: str, rows: int, columns: int) -> int:
    if rows != columns:
        raise OptionError(f"{what} is {rows} by {columns}; only what is square is counted.")
    return rows


def _check_weightless(name: str, module: nn.Module) -> None:
    for parameter in module.parameters(recurse=False):
        if parameter.dim() > 1:
            raise OptionError(
                f"{name or 'the network'} has weights of its own and is a "
                f"{type(module).__name__}, whose work is not known; known: Conv2d, Linear."
            )
