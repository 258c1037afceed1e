"""The blocks of a network as a picture: one box each, as high as it is wide in channels."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sartor.report.html import tag, text

BOX, GAP, STAGE_GAP = 46, 6, 16
LOWEST, HIGHEST = 22, 84
TEXT_ROOM = 34


def blocks_picture(stages: Sequence[Mapping[str, Any]]) -> str:
    """Draw the stages of a network from left to right.

    Each box says kernel, expansion and whether there is squeeze-and-excite (SE); its colour is the
    kind, its height the channels on a logarithmic scale, a thick border int8.
    """
    widths = [block["width"] for stage in stages for block in stage["blocks"]]
    if not widths:
        return ""
    x = 4.0
    parts = []
    for stage in stages:
        begin = x
        for block in stage["blocks"]:
            parts.append(_block(block, x, min(widths), max(widths)))
            x += BOX + GAP
        middle = (begin + x - GAP) / 2
        y = HIGHEST + TEXT_ROOM
        parts.append(tag("text", text(stage["name"]), x=round(middle), y=y, text_anchor="middle"))
        x += STAGE_GAP - GAP
    size = f"0 0 {round(x)} {HIGHEST + TEXT_ROOM + 8}"
    svg = tag("svg", *parts, viewBox=size, class_="blocks", style=f"width:{round(x)}px")
    return tag("div", svg, class_="wide")


def _block(block: Mapping[str, Any], x: float, narrow: int, broad: int) -> str:
    share = math.log(block["width"] / narrow) / max(math.log(broad / narrow), 1e-9)
    height = LOWEST + share * (HIGHEST - LOWEST)
    top = HIGHEST - height
    kind = "dense" if block["kind"].startswith(("conv", "direct")) else block["kind"]
    first = f"{block['kernel']}x{block['kernel']}"
    second = (f"e{block['expand']:g}" if block["expand"] else "") + (
        " SE" if block["squeeze"] else ""
    )
    title = (
        f"{block['kind']}, {block['width']} channels, kernel {block['kernel']}, "
        f"expansion {block['expand'] or 'none'}, stride {block['stride']}, "
        f"{block['activation']}, {block['precision']}, "
        f"output {block['size']}x{block['size']}"
    )
    middle = x + BOX / 2
    lines = [tag("text", text(first), x=middle, y=HIGHEST - 8, text_anchor="middle")]
    if second.strip():
        lines = [
            tag("text", text(first), x=middle, y=HIGHEST - 12, text_anchor="middle"),
            tag("text", text(second.strip()), x=middle, y=HIGHEST - 2, text_anchor="middle"),
        ]
    below = tag("text", text(block["width"]), x=middle, y=HIGHEST + 14, text_anchor="middle")
    return tag(
        "g",
        tag("title", text(title)),
        tag("rect", x=x, y=round(top, 1), width=BOX, height=round(height, 1), rx=4),
        *lines,
        below,
        class_=f"block {kind} {block['precision']}",
    )
