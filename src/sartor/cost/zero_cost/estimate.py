"""The door to search: zero-cost numbers of designs as an estimate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from sartor.cost.designs.count import layers
from sartor.cost.zero_cost.protocol import ZERO_COST, Counted, Images, Labels, ZeroCost
from sartor.errors import OptionError
from sartor.nets import Family, Layer, Network, resize
from sartor.search import Estimate
from sartor.search.protocol import Numbers
from sartor.space import Design


def zero_cost_estimate(
    family: Family, names: Iterable[str], images: Images, labels: Labels, *, seed: int = 0
) -> Estimate:
    """Make an estimate of zero-cost numbers, for `sartor.search.run` and every strategy.

    Each architecture is built once, with weights drawn of the seed, and scored on the device of the
    images; what was scored is remembered. Where only counts are asked for, nothing is built. A
    strategy estimates thousands of designs, and a proxy takes 0.3 to 2.3 s for one of NAS-Bench-201
    on 32 images (docs/benchmarks.md): give few images, and proxies to small spaces only.

    Args:
        family: Of the designs, which may have other choices beside the architecture's.
        names: Of `ZERO_COST`.
        images: A batch, (n, c, h, w), that is brought to each design's resolution.
        labels: Its classes, (n,).
        seed: 0 or more; of the weights and of what proxies draw.

    Returns:
        A function from designs to the numbers by name, (n,) each.

    Raises:
        UnknownNameError: There is no proxy of that name.
        OptionError: No name is given, or the seed is negative.
    """
    measures = {name: ZERO_COST[name] for name in names}
    if not measures:
        raise OptionError(f"no zero-cost proxy is named; known: {', '.join(ZERO_COST)}.")
    if seed < 0:
        raise OptionError(f"seed is {seed}; allowed: 0 and more.")
    return _Estimator(family, measures, images, labels, seed)


@dataclass(frozen=True, slots=True)
class _Estimator:
    family: Family
    measures: dict[str, ZeroCost]
    images: Images
    labels: Labels
    seed: int
    _known: dict[Design, tuple[float, ...]] = field(default_factory=dict)
    """By architecture: the numbers in the order of `measures`."""

    def __call__(self, designs: Sequence[Design]) -> dict[str, Numbers]:
        rows = [self._numbers(self.family.space.part_of(design)) for design in designs]
        table = np.array(rows, float).reshape(len(rows), len(self.measures))
        return {name: table[:, place] for place, name in enumerate(self.measures)}

    def _numbers(self, design: Design) -> tuple[float, ...]:
        if design not in self._known:
            self._known[design] = self._scored(design)
        return self._known[design]

    def _scored(self, design: Design) -> tuple[float, ...]:
        operations: list[Layer] = [placed.layer for placed in layers(self.family, design)]
        network, images = None, self.images
        numbers = []
        for measure in self.measures.values():
            if isinstance(measure, Counted):
                numbers.append(measure.of_layers(operations))
                continue
            if network is None:
                network = self._built(design)
                images = resize(images, self.family.resolution(design))
            numbers.append(measure(network, images, self.labels, self.seed))
        return tuple(numbers)

    def _built(self, design: Design) -> Network:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed)
            network = Network(self.family.blueprint(design))
        return network.to(self.images.device)
