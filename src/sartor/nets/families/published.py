"""Published networks, written as designs of the `mobile` family."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from sartor.errors import unknown_name
from sartor.nets.families.mobile import Layout, Mobile, Stage
from sartor.space import Design, Option

STRIDES = (1, 2, 2, 2, 1, 2, 1)
WIDTHS = (8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 160, 192, 320)
OPTIONS = {
    "inverted": {
        "kernel": (3, 5, 7),
        "expand": (1, 2, 2.3, 2.5, 3, 3.67, 4, 4.5, 6),
        "squeeze": ("none", "hidden", "input"),
    }
}


@cache
def published_designs() -> Mapping[str, Mapping[str, Any]]:
    """Return the published networks by name, with their source and published figures."""
    text = resources.files(__package__).joinpath("published.json").read_text()
    designs: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return designs


def published(
    name: str, *, resolution: int = 224, channels: int = 3, classes: int = 1000
) -> tuple[Mobile, Design]:
    """Write a published network as a design.

    Args:
        name: One of `published_designs()`.
        resolution: Rows and columns of the image.
        channels: Channels of the image.
        classes: Number of classes.

    Returns:
        A family in whose space all published networks are, and the design.

    Raises:
        UnknownNameError: There is no such network.
    """
    if name not in published_designs():
        raise unknown_name("published network", name, published_designs())
    family = Mobile(_layout(resolution), channels=channels, classes=classes)
    plain = published_designs()[name]
    options: dict[str, Option] = {"resolution": resolution}
    options |= dict(
        zip(("stem.width", "stem.stride", "stem.activation"), plain["stem"], strict=True)
    )
    options |= dict(
        zip(("head.conv", "head.hidden", "head.activation"), plain["head"], strict=True)
    )
    for number, stage in enumerate(plain["stages"], 1):
        options[f"stage{number}.depth"] = len(stage["blocks"])
        if stage["blocks"]:
            options[f"stage{number}.width"] = stage["width"]
        for index, block in enumerate(stage["blocks"]):
            options |= _block(f"stage{number}_block{index}", *block)
    return family, family.space.design(options)


def _block(
    name: str, kernel: int, expand: float, squeeze: str, activation: str
) -> dict[str, Option]:
    return {
        f"{name}.kind": "inverted",
        f"{name}.activation": activation,
        f"{name}.inverted.kernel": kernel,
        f"{name}.inverted.expand": expand,
        f"{name}.inverted.squeeze": squeeze,
    }


def _layout(resolution: int) -> Layout:
    stages = tuple(
        Stage(f"stage{number}", stride, WIDTHS, (0, 1, 2, 3, 4), OPTIONS)
        for number, stride in enumerate(STRIDES, 1)
    )
    return Layout(
        resolutions=(resolution,),
        stem_widths=(8, 16, 24, 32),
        stem_strides=(2,),
        stages=stages,
        head_convs=(0, 576, 960, 1280),
        head_hiddens=(0, 1024, 1280),
    )
