"""Models of timm by name: `timm:mobilenetv3_small_100`, `timm:resnet18@128`."""

import re
from typing import Any

import torch
from torch import nn

from sartor.deploy.opening.modules import ModuleSource
from sartor.deploy.opening.protocol import TIMM
from sartor.errors import OptionError, did_you_mean
from sartor_agent.program import Shapes

NAME = re.compile(r"(?:timm:)?([\w.]+?)(?:@(\d+))?")
NOTE = "its weights are random, on which its cost does not depend; nothing was downloaded."


def read_name(text: str) -> tuple[str, int | None]:
    """Read `NAME` or `NAME@RESOLUTION`, with or without `timm:` before it.

    Returns:
        The model's name, and the resolution where one is given.

    Raises:
        OptionError: It is written otherwise, or timm has no such model.
    """
    match = NAME.fullmatch(text)
    if match is None:
        raise OptionError(
            f"{text!r} is not understood; write NAME or NAME@RESOLUTION, "
            "for example mobilenetv3_small_100@64."
        )
    import timm

    name = match[1]
    if not timm.is_model(name):
        near = did_you_mean(name, timm.list_models())
        raise OptionError(f"timm has no model called {name!r}.{near}")
    return name, int(match[2]) if match[2] else None


def open_timm(text: str, shapes: Shapes) -> ModuleSource:
    """Build a model with random weights, for its own resolution or the one that is given.

    Raises:
        OptionError: timm has no such model, it does not read images of that resolution, or a shape
            was given.
    """
    name, resolution = read_name(text)
    if shapes:
        raise OptionError(f"the shape of {text} is that of its images; write {TIMM}{name}@SIZE.")
    module = _build(name, resolution)
    settle_(module)
    told: Any = module.pretrained_cfg  # Any: timm's settings, of many types
    channels, rows, columns = told["input_size"]
    rows, columns = (resolution, resolution) if resolution else (rows, columns)
    image = torch.zeros(1, channels, rows, columns)
    try:
        with torch.inference_mode():
            module(image)
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise OptionError(f"{text} does not read images of {rows}x{columns}: {reason}") from error
    return ModuleSource(text, module, (image,), note=NOTE)


def settle_(module: nn.Module) -> None:
    """Give norms and biases numbers as training does, in place.

    Untrained ones are zeros and ones, which exporters take out: a MobileNetV2 lost every bias.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif name.endswith(("running_mean", "bias")) and tensor.is_floating_point():
                tensor.normal_(0, 0.1, generator=generator)


def _build(name: str, resolution: int | None) -> nn.Module:
    """Build a model; those that need their resolution from the start are told."""
    import timm

    if resolution is not None:
        try:
            made: nn.Module = timm.create_model(name, pretrained=False, img_size=resolution)
        except TypeError:
            pass  # it takes any
        else:
            return made.eval()
    plain: nn.Module = timm.create_model(name, pretrained=False)
    return plain.eval()
