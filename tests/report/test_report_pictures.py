"""Pictures put things where the numbers say, and labels where they cover nothing."""

import html
import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from summaries import sample

from sartor.report.markup import Markup, element
from sartor.report.pictures import bars, front, layers
from sartor.report.pictures.front import hidden_trials
from sartor.report.pictures.labels import LETTER, LINE, Label, place
from sartor.report.pictures.scale import Scale, padded

POSITIVE = st.floats(1e-4, 1e4)


@pytest.fixture
def summary() -> dict[str, Any]:
    return sample()


@given(st.text())
def test_escaped_text_reads_as_it_was(text: str) -> None:
    inside = element("p", text).removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inside
    assert html.unescape(inside) == html.unescape(html.escape(text, quote=False))


def test_markup_is_not_escaped_twice() -> None:
    inner = element("b", "a & b")
    assert element("p", inner, class_="x") == '<p class="x"><b>a &amp; b</b></p>'
    assert isinstance(inner, Markup)


def test_attributes_cannot_be_left() -> None:
    assert element("a", title='"><script>') == '<a title="&quot;&gt;&lt;script&gt;"></a>'


@given(POSITIVE, st.floats(1.5, 1e4), st.booleans())
def test_ticks_are_round_and_on_the_axis(low: float, ratio: float, log: bool) -> None:
    scale = Scale(low, low * ratio, 0, 100, log=log)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 14
    assert ticks == sorted(set(ticks))
    assert all(-0.5 <= scale(tick) <= 100.5 for tick in ticks)
    assert all(float(f"{tick:g}") == tick for tick in ticks)


@given(st.lists(POSITIVE, min_size=1), st.booleans())
def test_padding_holds_every_value(values: list[float], log: bool) -> None:
    low, high = padded(values, log=log, least=1.4 if log else 0.02)
    assert low < min(values)
    assert max(values) < high


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), unique=True, max_size=7))
def test_labels_of_points_that_stand_apart_cover_nothing(cells: list[tuple[int, int]]) -> None:
    labels = [Label(80 + 120.0 * x, 60 + 60.0 * y, "hand-made") for x, y in cells]
    boxes = [
        (x, y - LINE + 3.5, x + LETTER * 9, y + 3.5) for x, y in place(labels, (0, 0, 960, 420))
    ]
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_labels_stay_inside() -> None:
    [(x, y)] = place([Label(790, 5, "mobilenetv3_small")], (50, 0, 800, 400))
    assert x + LETTER * 17 <= 800
    assert y > 0


def test_more_accurate_is_higher_and_slower_is_further_right(summary: dict[str, Any]) -> None:
    drawn = str(front(summary, "networks"))
    points = [
        (float(x), float(y))
        for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="6.5"', drawn)
    ]
    assert len(points) == 4
    points.sort()  # picks of the sample are the more accurate the slower they are
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_everything_is_in_the_view_of_everything(summary: dict[str, Any]) -> None:
    assert hidden_trials(summary, "everything") == 0
    assert hidden_trials(summary, "networks") > 0


@pytest.mark.parametrize("bound", [1e-3, 0.25, 1e6])
def test_a_limit_anywhere_leaves_the_picture_readable(
    bound: float, summary: dict[str, Any]
) -> None:
    summary["limits"][0]["bound"] = bound
    drawn = str(front(summary, "networks"))
    assert ("further right" in drawn) == (bound > 1)
    assert ('class="beyond"' in drawn) == (bound == 0.25)


def test_networks_that_are_all_alike_can_be_drawn(summary: dict[str, Any]) -> None:
    for network in summary["picks"]:
        network["latency_ms"] |= {"value": 0.1, "low": None, "high": None}
        network["accuracy"] |= {"value": 1.0, "low": 1.0, "high": 1.0}
    summary["search"]["trials"] = []
    assert "NaN" not in front(summary, "everything")


def test_every_block_is_a_box_as_high_as_it_is_wide(summary: dict[str, Any]) -> None:
    stages = summary["picks"][0]["stages"]
    drawn = str(layers(stages, 128))
    blocks = [block for stage in stages for block in stage["blocks"]]
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" rx', drawn)]
    assert len(heights) == len(blocks)
    pairs = sorted(zip((block["width"] for block in blocks), heights, strict=True))
    assert [height for _, height in pairs] == sorted(heights)


def test_a_kind_that_is_not_known_is_drawn_too() -> None:
    block = dict.fromkeys(("kernel", "expand", "stride", "squeeze", "size"), 1)
    block |= {"kind": "<ghost>", "width": 8, "activation": "", "precision": "fp32"}  # type: ignore[dict-item]
    assert "&lt;ghost&gt;" in layers([{"name": "stage1", "blocks": [block]}], 8)


def test_bars_of_nothing_are_drawn() -> None:
    assert "0 s" in bars([("train", 0.0, "0 s")], "seconds")
