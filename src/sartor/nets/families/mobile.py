"""The `mobile` family: a stem, stages of blocks of several kinds, and a head.

MobileNetV2, MobileNetV3, MnasNet, FBNet and MobileDets are all designs of it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sartor.nets.blocks import BLOCKS, Place
from sartor.nets.ends import Head, Stem
from sartor.nets.family import FAMILIES
from sartor.nets.layers import ACTIVATIONS, shrink
from sartor.nets.network import Blueprint
from sartor.nets.parts import Part
from sartor.space import Choice, Condition, Design, Genes, Option, Space, snap

Options = tuple[Option, ...]
MIXED = 0.3
"""Share of the architectures drawn for training in which every block has a kind of its own."""
SMALL_MAPS = 0.5
"""Share of them whose stem is made to halve the image, beside those that do by chance: they learn
the same weights in a quarter of the time."""
TEACHER_KIND, TEACHER_ACTIVATION = "plain", "relu"
"""Those of the blocks of the largest architecture. Dense blocks learn most in a minute of CPU
training: a depthwise convolution of as many channels runs at a tenth of their arithmetic rate, and
h-swish takes a quarter of the images from them."""
HAND_MADE = {"kind": "inverted", "kernel": 3, "expand": 4, "squeeze": "none", "activation": "relu"}
"""Blocks of the networks that a person would scale by hand: those of MobileNetV2, with the
nearest expansion that the space has."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What can be chosen for one stage."""

    name: str
    stride: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    """A stage with stride 1 may be left out (0)."""
    options: Mapping[str, Mapping[str, Options]]
    """For every kind of block the options of its own choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """All that can be chosen, from which the space is made."""

    resolutions: tuple[int, ...]
    stem_widths: tuple[int, ...]
    stem_strides: tuple[int, ...]
    stages: tuple[Stage, ...]
    head_convs: tuple[int, ...] = (0,)
    """Channels of the 1x1 convolution before the pool; 0 for none."""
    head_hiddens: tuple[int, ...] = (0,)
    """Features of the layer after the pool; 0 for none."""
    activations: tuple[str, ...] = field(default_factory=lambda: tuple(ACTIVATIONS))


class Mobile:
    """The family on a layout.

    Args:
        layout: What can be chosen.
        channels: Channels of the image.
        classes: Number of classes.
    """

    name = "mobile"

    def __init__(self, layout: Layout, *, channels: int, classes: int) -> None:
        self.layout = layout
        self.channels = channels
        self.classes = classes
        self.stages = tuple(stage.name for stage in layout.stages)
        self.space = Space(_choices(layout))

    def resolution(self, design: Design) -> int:
        """Return the rows and columns of the images that the network of `design` reads."""
        return design.integer("resolution")

    def blueprint(self, design: Design) -> Blueprint:
        """Return the parts of the network of `design`."""
        stem = Stem(
            self.channels,
            design.integer("stem.width"),
            design.integer("stem.stride"),
            design.text("stem.activation"),
        )
        parts: dict[str, Part] = {"stem": stem}
        width = stem.outputs
        for stage in self.layout.stages:
            for index in range(design.integer(f"{stage.name}.depth")):
                parts[f"{stage.name}_block{index}"] = block = _block(design, stage, index, width)
                width = block.outputs
        parts["head"] = Head(
            width,
            design.integer("head.conv"),
            design.integer("head.hidden"),
            self.classes,
            design.text("head.activation"),
        )
        return parts

    def slots(self) -> Iterator[tuple[str, Part]]:
        """Return for every place and kind the largest part that can stand there."""
        layout = self.layout
        activation = layout.activations[0]
        width = max(layout.stem_widths)
        yield "stem", Stem(self.channels, width, layout.stem_strides[0], activation)
        for stage in layout.stages:
            for index in range(max(stage.depths)):
                # Residuals have no weights, so a slot is made for whichever inputs are widest.
                inputs = max(stage.widths) if index else width
                place = Place(inputs, max(stage.widths), stage.stride, activation)
                for kind, options in stage.options.items():
                    largest = {name: values[-1] for name, values in options.items()}
                    yield f"{stage.name}_block{index}", BLOCKS[kind].at(place, largest)
            width = max(width, *stage.widths) if 0 in stage.depths else max(stage.widths)
        for conv in {min(layout.head_convs), max(layout.head_convs)}:
            for hidden in {min(layout.head_hiddens), max(layout.head_hiddens)}:
                yield "head", Head(width, conv, hidden, self.classes, activation)

    def smallest(self) -> Design:
        """Return the cheapest architecture."""
        fixed = {"stem.stride": max(self.layout.stem_strides)}
        return self.space.extreme(0, fixed | self._everywhere(kind="plain"))

    def largest(self) -> Design:
        """Return the architecture that teaches the others."""
        # A stem that halves the image sees four times as many images in a minute.
        fixed: dict[str, Option] = {"stem.stride": max(self.layout.stem_strides)}
        return self.space.extreme(-1, fixed | self.teaching())

    def teaching(self) -> dict[str, Option]:
        """Return the kinds and activations of the largest architecture, for all blocks."""
        return self._everywhere(kind=TEACHER_KIND) | self._activated(TEACHER_ACTIVATION)

    def draw(self, rng: np.random.Generator) -> Design:
        """Draw an architecture for training; most have one kind and one activation throughout.

        Weights that meet every mixture of them learn slowly. Those of the largest come more often:
        they learn most in a minute.
        """
        genes: Genes = rng.integers(self.space.cardinalities)
        if rng.random() < SMALL_MAPS:
            stride = max(self.layout.stem_strides)
            position = self.space.position("stem.stride")
            genes[position] = self.space["stem.stride"].index(stride)
        if rng.random() >= MIXED:
            kind = TEACHER_KIND if rng.random() < 0.5 else str(rng.choice(list(BLOCKS)))
            activations = self.layout.activations
            activation = TEACHER_ACTIVATION if rng.random() < 0.5 else str(rng.choice(activations))
            wanted = self._everywhere(kind=kind) | self._activated(activation)
            for name, option in wanted.items():
                genes[self.space.position(name)] = self.space[name].index(option)
        return self.space.from_genes(genes)

    def scaled(
        self, width: float, depth: float | None = None, resolution: float | None = None
    ) -> Design:
        """Return the hand-made design of a width, a depth and a resolution, 0 to 1 each.

        The stem halves the images below the middle of the resolutions.
        """
        factors = {
            "depth": width if depth is None else depth,
            "resolution": width if resolution is None else resolution,
        }
        options = {
            choice.name: _at(choice.options, factors.get(choice.name.rpartition(".")[2], width))
            for choice in self.space.choices
        }
        large = factors["resolution"] >= 0.5
        options["stem.stride"] = self.layout.stem_strides[0 if large else -1]
        return self.space.design(options | self._hand_made())

    def _hand_made(self) -> dict[str, Option]:
        made: dict[str, Option] = {}
        for choice in self.space.choices:
            wanted = HAND_MADE.get(choice.name.rpartition(".")[2])
            if wanted is None:
                continue
            if isinstance(wanted, str):
                made[choice.name] = wanted if wanted in choice.options else choice.options[0]
            else:
                made[choice.name] = _nearest(choice.options, float(str(wanted)))
        return made

    def _activated(self, activation: str) -> dict[str, Option]:
        """Set the activation of all parts where it is a choice."""
        names = (it.name for it in self.space.choices if it.name.endswith(".activation"))
        return {name: activation for name in names if activation in self.space[name].options}

    def _everywhere(self, *, kind: str) -> dict[str, Option]:
        """Set the kind of all blocks where the stage has it."""
        return {
            f"{stage.name}_block{index}.kind": kind
            for stage in self.layout.stages
            for index in range(max(stage.depths))
            if kind in stage.options
        }


@FAMILIES.register(
    "mobile",
    "Stem, stages of inverted, fused and plain residual blocks, head.",
    source="arXiv:1801.04381, arXiv:1905.02244, arXiv:1807.11626, arXiv:2004.14525",
)
def mobile(*, resolution: int, channels: int, classes: int, width: float = 1.0) -> Mobile:
    """Size the family to the data.

    Args:
        resolution: Rows and columns of the cached images.
        channels: Channels of the images.
        classes: Number of classes.
        width: Factor on all widths, for data or a budget that wants a smaller or larger space.
    """
    strides = (2,) if resolution > SMALL else (1, 2)
    size = resolution // strides[0]
    halvings = max(2, round(math.log2(size / 6)))
    bases = SMALL_WIDTHS if resolution <= SMALL else LARGE_WIDTHS
    stages = [_stage(1, 1, size, resolution, bases.stem, (0, 1), width)]
    for step in range(halvings):
        size = shrink(size, 2)
        base = bases.strided(step / (halvings - 1))
        depths = (1, 2) if step == 0 else (1, 2, 3)
        stages.append(_stage(len(stages) + 1, 2, size, resolution, base, depths, width))
    stages.append(_stage(len(stages) + 1, 1, size, resolution, bases.last, (0, 1), width))
    layout = Layout(
        resolutions=_resolutions(resolution),
        stem_widths=_widths(bases.stem, width),
        stem_strides=strides,
        stages=tuple(stages),
        head_convs=(0, snap(128 * width), snap(256 * width)),
    )
    return Mobile(layout, channels=channels, classes=classes)


SMALL = 48
"""Images up to this many pixels may be read at full resolution by the stem."""


@dataclass(frozen=True, slots=True)
class Bases:
    """Largest channels, before they are scaled."""

    stem: int
    """Of the stem and the stage on its maps."""
    first: int
    """Of the first strided stage."""
    last: int
    """Of the last strided stage and the one after it."""

    def strided(self, share: float) -> int:
        """Return the channels of a strided stage, from first to last in equal ratios.

        Args:
            share: 0 for the first such stage, 1 for the last.
        """
        return snap(self.first * (self.last / self.first) ** share)


LARGE_WIDTHS = Bases(16, 24, 96)
SMALL_WIDTHS = Bases(32, 64, 128)
"""Small images leave small maps, on which wide layers cost little: with int8 kernels a network of
32, 64 and 128 channels is as fast as a float one of half as many."""
SPREADS = (0.25, 0.5, 0.75, 1.0)
"""Widths of a stage as shares of its largest."""
DENSE_LARGE = 96
"""From this resolution on dense blocks may have 5x5 kernels (MobileDets uses them at 320)."""


def _widths(base: int, factor: float) -> tuple[int, ...]:
    return tuple(sorted({snap(base * factor * spread) for spread in SPREADS}))


def _resolutions(resolution: int) -> tuple[int, ...]:
    step = 4 if resolution <= 2 * SMALL else 32
    steps = {snap(resolution * share, step) for share in (0.57, 0.71, 0.86)}
    return (*sorted(r for r in steps if 12 <= r < resolution), resolution)


def _stage(
    number: int,
    stride: int,
    size: int,
    resolution: int,
    base: int,
    depths: tuple[int, ...],
    factor: float,
) -> Stage:
    """Make a stage on maps of `size`; a kernel is at most as large as the map."""
    kernels = tuple(k for k in (3, 5, 7) if k == 3 or k <= size * 5 // 7)
    dense: Options = (3, 5) if resolution >= DENSE_LARGE else (3,)
    options: dict[str, Mapping[str, Options]] = {}
    for kind in BLOCKS:
        own = {name: tuple(values) for name, values in BLOCKS[kind].OPTIONS.items()}
        own["kernel"] = kernels if kind == "inverted" else dense
        options[kind] = own
    return Stage(f"stage{number}", stride, _widths(base, factor), depths, options)


def _at(options: Options, factor: float) -> Option:
    """Return the option at `factor` of the way from the first to the last."""
    return options[round(factor * (len(options) - 1))]


def _nearest(options: Options, wanted: float) -> Option:
    return min(options, key=lambda option: abs(float(option) - wanted))


def _choices(layout: Layout) -> Iterator[Choice]:
    yield Choice("resolution", layout.resolutions, ordered=True)
    yield Choice("stem.width", layout.stem_widths, ordered=True)
    yield Choice("stem.stride", layout.stem_strides)
    yield Choice("stem.activation", layout.activations)
    for stage in layout.stages:
        yield from _stage_choices(stage, layout.activations)
    yield Choice("head.conv", layout.head_convs, ordered=True)
    yield Choice("head.hidden", layout.head_hiddens, ordered=True)
    yield Choice("head.activation", layout.activations)


def _stage_choices(stage: Stage, activations: Sequence[str]) -> Iterator[Choice]:
    depth = f"{stage.name}.depth"
    yield Choice(depth, stage.depths, ordered=True)
    present = Condition(depth, tuple(d for d in stage.depths if d > 0))
    yield Choice(f"{stage.name}.width", stage.widths, ordered=True, when=(present,))
    for index in range(max(stage.depths)):
        block = f"{stage.name}_block{index}"
        there = Condition(depth, tuple(d for d in stage.depths if d > index))
        yield Choice(f"{block}.kind", tuple(stage.options), when=(there,))
        yield Choice(f"{block}.activation", tuple(activations), when=(there,))
        for kind, options in stage.options.items():
            for name, values in options.items():
                yield Choice(
                    f"{block}.{kind}.{name}",
                    values,
                    ordered=not isinstance(values[0], str),
                    when=(there, Condition(f"{block}.kind", (kind,))),
                )


def _block(design: Design, stage: Stage, index: int, inputs: int) -> Part:
    name = f"{stage.name}_block{index}"
    kind = design.text(f"{name}.kind")
    place = Place(
        inputs,
        design.integer(f"{stage.name}.width"),
        1 if index else stage.stride,
        design.text(f"{name}.activation"),
    )
    options = {own: design[f"{name}.{kind}.{own}"] for own in stage.options[kind]}
    return BLOCKS[kind].at(place, options)
