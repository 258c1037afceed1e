"""The network of a design as a report draws it: stages and their blocks."""

from typing import Any

from sartor.cost.designs import Deployment
from sartor.nets import Family
from sartor.nets.blocks import Fused, Inverted, Plain
from sartor.nets.ends import Head, Stem
from sartor.nets.parts import Part
from sartor.space import Design


def stages(family: Family, design: Design, how: Deployment) -> list[dict[str, Any]]:
    """List the stages with one entry per block: kind, sizes, activation, precision."""
    size = family.resolution(design)
    listed: dict[str, list[dict[str, Any]]] = {}
    for place, part in family.blueprint(design).items():
        _, size = part.layers(size)
        precision = how.float_precision if how.is_float(place) else "int8"
        entry = {"kind": part.kind, "size": size, "precision": precision, **_details(part)}
        listed.setdefault(place.partition("_")[0], []).append(entry)
    return [{"name": name, "blocks": blocks} for name, blocks in listed.items()]


def _details(part: Part) -> dict[str, Any]:
    match part:
        case Stem():
            return _row(3, 0, part.outputs, part.stride, 0, part.activation)
        case Head():
            return _row(1, 0, part.conv or part.inputs, 1, 0, part.activation)
        case Plain():
            return _row(part.kernel, 0, part.outputs, part.place.stride, 0, part.place.activation)
        case Inverted() | Fused():
            place = part.place
            expand = round(part.hidden / place.inputs, 2)
            return _row(
                part.kernel, expand, part.outputs, place.stride, part.squeeze, place.activation
            )
        case _:
            return _row(0, 0, part.outputs, 1, 0, "")


def _row(
    kernel: int, expand: float, width: int, stride: int, squeeze: int, activation: str
) -> dict[str, Any]:
    return {
        "kernel": kernel,
        "expand": expand,
        "width": width,
        "stride": stride,
        "squeeze": squeeze,
        "activation": activation,
    }
