"""A network as a row of boxes: one per block, as high as it is wide in channels."""

from collections.abc import Iterator, Sequence
from typing import Any

from sartor.report.markup import Markup, element
from sartor.report.reading import Summary

PITCH, GAP = 64, 10
"""Pixels from block to block, and between stages."""
LEFT, RIGHT = 78, 10
TOP, TALL = 40, 84
"""Pixels above the boxes, and of the box of the widest block."""
ROW = 17
TIMES = "\N{MULTIPLICATION SIGN}"
KINDS = ("stem", "inverted", "fused", "plain", "head")
"""Kinds that have a colour of their own; others are grey."""
ROWS = ("block", "kernel", "expand", "gate", "activation", "precision")


def layers(stages: Sequence[Summary], widest: int) -> Markup:
    """Draw the stages of a network.

    Args:
        stages: As in `summary.json`.
        widest: Channels that are drawn `TALL`, so that several pictures can be compared.
    """
    base = TOP + TALL
    parts: list[Markup] = list(_titles(base))
    x = float(LEFT)
    for stage in stages:
        blocks = stage["blocks"]
        if not blocks:
            continue
        parts.extend(_bracket(x, len(blocks), stage))
        for block in blocks:
            parts.extend(_block(x, base, block, kind(stage, block), widest))
            x += PITCH
        x += GAP
    width, height = x - GAP + RIGHT, base + ROW * (len(ROWS)) + 10
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {width:.0f} {height}",
        width=width,
        height=height,
        class_="layers",
        role="img",
        aria_label=f"{sum(len(stage['blocks']) for stage in stages)} blocks of the network",
    )


def widest(networks: Sequence[Summary]) -> int:
    """Return the channels of the widest block of all networks."""
    return max(
        (
            block["width"]
            for network in networks
            for stage in network["stages"]
            for block in stage["blocks"]
        ),
        default=1,
    )


def kind(stage: Summary, block: Summary) -> str:
    """Return the kind by which a block is coloured: one of `KINDS`, or `other`."""
    name = stage["name"] if stage["name"] in ("stem", "head") else block["kind"]
    return name if name in KINDS else "other"


def _titles(base: float) -> Iterator[Markup]:
    yield element("text", "channels", x=0, y=base - 4, class_="row")
    yield element("text", "map", x=0, y=26, class_="row")
    for index, name in enumerate(ROWS):
        yield element("text", name, x=0, y=base + ROW * (index + 1), class_="row")


def _bracket(x: float, count: int, stage: Summary) -> Iterator[Markup]:
    sizes = [block["size"] for block in stage["blocks"]]
    right = x + count * PITCH - 6
    centre = (x + right) / 2
    yield element("text", stage["name"], x=centre, y=11, text_anchor="middle", class_="stage")
    yield element(
        "text",
        f"{sizes[-1]}{TIMES}{sizes[-1]}",
        x=centre,
        y=26,
        text_anchor="middle",
    )
    yield element("path", d=f"M{x:.1f},36v-4H{right:.1f}v4", class_="bracket")


def _block(x: float, base: float, block: Summary, kind: str, widest: int) -> Iterator[Markup]:
    height = max(4.0, (TALL - 16) * block["width"] / widest)
    middle = x + (PITCH - 6) / 2
    words = ", ".join(f"{name} {value}" for name, value in block.items() if value not in ("", None))
    box = element(
        "rect", x=x + 3, y=base - height, width=PITCH - 12, height=height, rx=2,
        class_=f"box {kind}",
    )  # fmt: skip
    yield element("g", element("title", words), box, tabindex=0, role="img", aria_label=words)
    stride = " ↓" if block["stride"] == 2 else ""
    yield element(
        "text", f"{block['width']}{stride}", x=middle, y=base - height - 5, text_anchor="middle"
    )
    for index, text in enumerate(_cells(block)):
        style = f"cell {text}" if ROWS[index] == "precision" else "cell"
        yield element(
            "text", text, x=middle, y=base + ROW * (index + 1), text_anchor="middle", class_=style
        )


def _cells(block: Summary) -> tuple[str, ...]:
    kernel: Any = block["kernel"]
    return (
        block["kind"],
        f"{kernel}{TIMES}{kernel}" if kernel else "·",
        f"{TIMES}{block['expand']:g}" if block["expand"] else "·",
        f"SE {block['squeeze']}" if block["squeeze"] else "·",
        block["activation"] or "·",
        block["precision"],
    )
