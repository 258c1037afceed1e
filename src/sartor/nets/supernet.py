"""One set of weights that every design of a family wears."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sartor.nets.family import Family
from sartor.nets.network import Network, Undrawn, initialise_
from sartor.nets.parts import Part
from sartor.nets.plan import Slices, cut, plan
from sartor.space import Design

CACHED_GARMENTS = 4096
"""Garments kept for reuse. One holds no tensors of its own, only modules."""


@dataclass(slots=True)
class Garment:
    """The module of one part, without weights of its own, and where to take them from."""

    module: nn.Module
    bindings: list[tuple[dict[str, nn.Parameter | None], str, nn.Parameter, Slices]]

    def bind(self) -> nn.Module:
        """Give the module views of the supernet's parameters, as they are now."""
        for holder, name, parameter, where in self.bindings:
            # Assigned below nn.Module's check, which wants a Parameter: a view must stay a view,
            # so that gradients reach the supernet.
            holder[name] = cast(nn.Parameter, cut(parameter, where))
        return self.module


class Supernet(nn.Module):
    """The largest parts of a family at every place, whose weights all designs share.

    Wearing a design computes with slices of the parameters; cutting it out copies those slices
    into an ordinary network. Both follow the same slicing plan.

    Args:
        family: Where the blueprints come from.
    """

    def __init__(self, family: Family) -> None:
        super().__init__()
        self.family = family
        self.slots = nn.ModuleDict(
            {_slot(place, part): part.build() for place, part in family.slots()}
        )
        initialise_(self)
        self._wardrobe: dict[tuple[str, Part], Garment] = {}

    def wear(self, design: Design) -> "Worn":
        """Return the network of `design`, computing with this supernet's weights."""
        garments = [
            self._garment(place, part) for place, part in self.family.blueprint(design).items()
        ]
        return Worn(garments, self.family.resolution(design))

    @torch.no_grad()
    def cut(self, design: Design) -> Network:
        """Copy the weights of `design` into a network of its own.

        Its batch-norm statistics are fresh and have to be estimated.
        """
        blueprint = self.family.blueprint(design)
        with self.device, Undrawn():
            network = Network(blueprint)
        for place, part in blueprint.items():
            small = network.get_submodule(place)
            large = self.slots[_slot(place, part)]
            source = dict(large.named_parameters())
            for name, where in plan(small, large).items():
                small.get_parameter(name).copy_(cut(source[name], where))
        reset_norms_(network)
        return network

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def _garment(self, place: str, part: Part) -> Garment:
        key = (place, part)
        if key not in self._wardrobe:
            if len(self._wardrobe) >= CACHED_GARMENTS:
                self._wardrobe.pop(next(iter(self._wardrobe)))
            self._wardrobe[key] = _sew(part, self.slots[_slot(place, part)])
        return self._wardrobe[key]

    def __getstate__(self) -> dict[str, object]:
        # Garments hold views of the parameters: a copy sews its own.
        return self.__dict__ | {"_wardrobe": {}}

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Supernet":
        self._wardrobe.clear()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self


class Worn:
    """A supernet that wears one design: call it like a network.

    It stays valid while the supernet trains, since it takes the slices anew in every call. Batch
    norms use the statistics of the batch, in training and in evaluation: a network that is to be
    evaluated image by image is cut out.
    """

    def __init__(self, garments: list[Garment], resolution: int) -> None:
        self._garments = garments
        self.resolution = resolution

    def __call__(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        x = resize(x, self.resolution)
        for garment in self._garments:
            x = garment.bind()(x)
        return x

    def modules(self) -> Iterator[nn.Module]:
        """Return all modules, as `nn.Module.modules` does."""
        for garment in self._garments:
            yield from garment.module.modules()

    def train(self, mode: bool = True) -> "Worn":
        """Set all modules to training or evaluation."""
        for garment in self._garments:
            if garment.module.training != mode:
                garment.module.train(mode)
        return self


def resize(x: Float[Tensor, "n c h w"], resolution: int) -> Float[Tensor, "n c r r"]:
    """Bring images to `resolution` by antialiased bilinear interpolation, as Pillow does."""
    if x.shape[-1] == resolution:
        return x
    x = F.interpolate(x, (resolution, resolution), mode="bilinear", antialias=True)
    return x.contiguous(memory_format=torch.channels_last)


def reset_norms_(network: nn.Module) -> None:
    """Forget all batch-norm statistics."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()


def _slot(place: str, part: Part) -> str:
    return f"{place}_{part.kind}"


def _sew(part: Part, large: nn.Module) -> Garment:
    source = dict(large.named_parameters())
    with torch.device("meta"), Undrawn():
        module = part.build()
    owners = dict(module.named_modules())
    bindings: list[tuple[dict[str, nn.Parameter | None], str, nn.Parameter, Slices]] = []
    for path, where in plan(module, large).items():
        owner, _, name = path.rpartition(".")
        bindings.append((owners[owner]._parameters, name, source[path], where))
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            # Statistics over all designs would suit none: a worn design uses those of its batch.
            norm.track_running_stats = False
            norm.running_mean = norm.running_var = norm.num_batches_tracked = None
    return Garment(module, bindings)
