"""The page of a measurement tells everything, loads nothing, and draws what the numbers say."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measurements import ROOFS, measurement, network, operator
from pages import Reader, read_page

from sartor.errors import DamagedFileError
from sartor.report import write_measurement
from sartor.report.measurement import MeasuredNetwork, Operator
from sartor.report.pictures import gap, memory, roofline, waterline
from sartor.report.pictures.kinds import ms_by_kind, styles

HOSTILE = '</title></script><script>alert("1")</script>$body'


def page(folder: Path, *networks: MeasuredNetwork) -> str:
    return write_measurement(measurement(*networks), folder / "it.html").read_text()


def read(folder: Path, *networks: MeasuredNetwork) -> Reader:
    return read_page(page(folder, *networks))


def test_the_page_loads_nothing_and_says_everything(tmp_path: Path) -> None:
    html = page(tmp_path, network("one"), network("two"))
    assert not re.search(r"https?://|@import|url\(|<link|<iframe|src=", html)
    assert read_page(html).links == []
    text = " ".join(read_page(html).text)
    numbers = ("280 M", "560 M", "3.5 M", "10 ms", "9.8 to 10.3", "waterline: 56.0 %")
    sentences = ("2 networks on cpu", "2 threads", "peak: 1.5 MB at node_first", "arena: 1.6 MB")
    for words in (*numbers, *sentences):
        assert words in text, words
    for name in ("one", "two", "first", "add", "odd", "last", "node_first and 1 more"):
        assert name in text


def test_names_of_networks_and_operations_are_text(tmp_path: Path) -> None:
    one = network(HOSTILE)
    one["operators"][0] |= {"name": HOSTILE, "kind": HOSTILE, "stands_for": [HOSTILE]}
    one["operators"][0]["precision"] = one["runtime"] = HOSTILE
    one["uncounted"] = [HOSTILE]
    assert one["memory"] is not None
    one["memory"]["operations"][0]["name"] = HOSTILE
    html = page(tmp_path, one)
    assert "<script>alert" not in html
    assert html.count("</title>") == 1 + html.count("<title>") - 1
    read_page(html)


def test_an_operation_that_is_not_known_is_named(tmp_path: Path) -> None:
    text = " ".join(read(tmp_path, network()).text)
    assert "The work of these operations is not known: Frobnicate." in text


def test_a_runtime_that_tells_nothing_has_a_page(tmp_path: Path) -> None:
    silent = network() | {"operators": [], "roofline": None}
    del silent["memory"]
    text = " ".join(read(tmp_path, silent).text)
    assert "does not tell the time of its operations" in text


def test_operations_without_roofs_are_a_table(tmp_path: Path) -> None:
    html = page(tmp_path, network() | {"roofline": None})
    assert "<svg" not in html.partition("Memory</h3>")[0]
    assert "What was executed" in html


def test_what_takes_longest_stands_first_among_those_to_mend(tmp_path: Path) -> None:
    html = page(tmp_path, network())
    mend = html.partition("To mend first")[2].partition("Roofline")[0]
    places = [mend.index(f'title="{name}"') for name in ("first", "add", "last")]
    assert places == sorted(places)
    assert 'title="odd"' not in mend


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ((), {"networks": None}),
        (("networks", 0), {"macs": "many"}),
        (("networks", 0), {"latency_ms": {"value": "5"}}),
        (("networks", 0, "operators", 1), {"share": None}),
        (("networks", 0), {"roofline": {"peaks": {}}}),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_the_old_page(
    where: tuple[str | int, ...], change: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "it.html"
    write_measurement(measurement(network()), file)
    before = file.read_bytes()
    plain: Any = measurement(network())
    part = plain
    for step in where:
        part = part[step]
    part.update(change)
    with pytest.raises(DamagedFileError, match="measurement"):
        write_measurement(plain, file)
    assert file.read_bytes() == before
    assert [it.name for it in tmp_path.iterdir()] == ["it.html"]


OPERATORS = st.lists(
    st.builds(
        operator,
        st.text(max_size=60),
        st.floats(1e-4, 10),
        st.one_of(st.none(), st.integers(0, 10**9)),
        st.sampled_from("ABCDEFGHIJKL"),
    ),
    min_size=1,
    max_size=12,
)


@given(OPERATORS)
def test_every_picture_of_any_operations_stays_in_its_frame(some: list[Operator]) -> None:
    drawn = "".join((gap(some), roofline(some, ROOFS), waterline(some)))
    read_page(drawn)
    assert "nan" not in drawn.lower().replace("nanosecond", "") or any(
        "nan" in it["name"].lower() for it in some
    )
    circles = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', drawn)
    assert all(0 <= float(x) <= 780 and 0 <= float(y) <= 460 for x, y in circles)


@given(OPERATORS)
def test_areas_below_the_waterline_are_those_of_the_columns(some: list[Operator]) -> None:
    drawn = str(waterline(some))
    columns = re.findall(
        r'width="([\d.]+)" height="([\d.]+)" class="step', drawn
    )  # in pixels, to a tenth
    area = sum(float(wide) * float(high) for wide, high in columns)
    level = float(re.search(r'y1="([\d.]+)" y2="[\d.]+" class="level"', drawn)[1])  # type: ignore[index]
    assert area == pytest.approx((290 - level) * 698, abs=0.1 * 698 + 0.1 * 290 * len(some))


def test_kinds_that_take_longest_have_colours() -> None:
    some = [operator(str(at), 1 + at, 5, f"kind{at}") for at in range(7)]
    assert next(iter(ms_by_kind(some))) == "kind6"
    assert styles(some)["kind6"] == "kind0"
    assert styles(some)["kind0"] == styles(some)["kind1"] == "others"


def test_long_names_are_cut_in_pictures_and_whole_in_titles() -> None:
    name = "features_" * 20
    drawn = str(roofline([operator(name, 5, 10**8)], ROOFS))
    assert f"{name} (Conv fp32)" in drawn
    assert f">{name[:21]}…<" in drawn


def test_memory_of_one_operation_can_be_drawn() -> None:
    assert "peak: 5 B" in memory(
        {"operations": [{"name": "only", "live_bytes": 5}], "arena_bytes": 5}
    )
