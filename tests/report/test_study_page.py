"""The page of a study says what the trials say, whatever they are, and invents nothing."""

import itertools
import json
import math
import re
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import read_page
from studies import FOUR, SPACE, TWO, evaluate, record, search
from summaries import SAMPLE

from sartor.errors import DamagedFileError, MissingExtraError, OptionError, RunFolderError
from sartor.jobs.report import report
from sartor.report import find, read_study, write_study
from sartor.report.amounts import amount, ruler, word
from sartor.report.pictures.courses import Line, courses
from sartor.report.pictures.moments import Plane, Spot, moments
from sartor.report.study import Findings, Recorded
from sartor.report.study import courses as grown
from sartor.report.study import moments as stops
from sartor.search import Problem, Study, hypervolume
from sartor.space import Choice, Design, Space
from sartor.study import Trial, Trials
from sartor.units import Direction, Measurement, read_limits, show

HOSTILE = '</title></script><script>alert("1")</script>$body'


def text_of(page: Path) -> str:
    return " ".join(" ".join(read_page(page.read_text()).text).split())


def made_up(values: list[list[float]], objectives: dict[str, Direction]) -> Recorded:
    """Return a study of trials with these values."""
    space = Space([Choice("number", tuple(range(len(values))))])
    trials = tuple(
        Trial(
            at,
            space.design({"number": at}),
            {n: Measurement(v, "proxy") for n, v in zip(objectives, row, strict=True)},
            "search",
            0,
        )
        for at, row in enumerate(values)
    )
    return Recorded("made up", Study(Problem(space, objectives), trials, {}, False), True)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def measure(design: Design) -> dict[str, Measurement]:
        if design["depth"] == 3 and design["width"] == 8:
            raise ValueError(f"the board took {design.get('expand', 1)} s and gave up")
        return evaluate(design)

    return search(tmp_path_factory.mktemp("study") / "study.db", random=20, measure=measure)


@pytest.fixture(scope="module")
def page(file: Path) -> str:
    return report(file).page.read_text()


def test_the_page_loads_nothing_and_has_every_part(page: str) -> None:
    assert not re.search(r"https?://|@import|url\(|<link|<iframe|src=", page)
    text = " ".join(" ".join(read_page(page).text).split())
    for words in (
        "60 designs were evaluated",
        "How it came about",
        "worst values are its reference point",
        "What the evaluations brought",
        "Which choices matter",
        "Where the predictor is wrong",
        "the board took",
    ):
        assert words in text, words


def test_every_number_of_the_front_has_its_unit_and_provenance(file: Path, page: str) -> None:
    front = page.partition("How it came about")[0].partition('id="front"')[2]
    found = read_study(file)
    rows = front.count("<tr>") - 1
    assert rows == len(found.front) > 3
    marks = re.findall(r'class="mark (\w+)"', front)
    assert marks.count("verified") == rows
    assert marks.count("proxy") == 2 * rows
    best = found.front[0]
    assert amount("energy_mj", best.value("energy_mj")).endswith(" mJ")
    assert amount("energy_mj", best.value("energy_mj")) in front


def test_reading_leaves_the_study_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    find(read_study(file))
    assert file.read_bytes() == before


def test_the_front_is_that_of_the_search(tmp_path: Path) -> None:
    trials = Trials.open(tmp_path / "study.db", SPACE, TWO)
    for design in SPACE.decode(SPACE.coding.drawn(30, np.random.default_rng(0))):
        trials.add(design, evaluate(design), origin="search")
    limits = read_limits({"latency_ms": 1.5})
    expected = Study(Problem(SPACE, TWO, limits), trials.all(), {}, False).front
    trials.close()
    found = read_study(tmp_path / "study.db", limits=limits)
    assert set(found.front) == set(expected)
    values = [trial.value("accuracy") for trial in found.front]
    assert values == sorted(values, reverse=True)


def test_limits_that_were_recorded_hold_and_others_may_be_given(tmp_path: Path) -> None:
    file = search(tmp_path / "study.db", evaluations=20)
    with closing(Trials.open(file, SPACE, TWO)) as trials:
        trials.record_limits(())  # a search without limits
        assert trials.limits == ()
        trials.record_limits(read_limits(["latency=1ms"]))
    text = text_of(report(file).page)
    assert "latency ≤ 1 ms" in text
    assert all(trial.value("latency_ms") <= 1 for trial in read_study(file).front)
    wider = report(file, limits={"latency_ms": 1.5})
    slowest = max(it["measurements"]["latency_ms"]["value"] for it in wider.content["front"])
    assert 1 < slowest <= 1.5


def test_a_study_without_limits_says_how_to_state_them(tmp_path: Path) -> None:
    file = record(tmp_path / "study.db", [[0.9, 2.0], [0.8, 1.0]])
    assert "no limits are recorded in the study (--limit states them)" in text_of(report(file).page)


def test_a_limit_may_be_on_a_metric_of_ones_own(file: Path, tmp_path: Path) -> None:
    found = report(file, limits={"energy_mj": "<=4"}, out=tmp_path / "it.html")
    energies = [it["measurements"]["energy_mj"]["value"] for it in found.content["front"]]
    assert 0 < max(energies) <= 4
    assert "energy_mj ≤ 4" in text_of(found.page)


def test_limits_that_nothing_keeps_are_the_headline(file: Path, tmp_path: Path) -> None:
    found = report(file, limits=["latency=0.001ms"], out=tmp_path / "it.html")
    assert found.content["front"] == []
    fastest = report(file, out=tmp_path / "all.html").content["front"]
    least = min(it["measurements"]["latency_ms"]["value"] for it in fastest)
    text = text_of(found.page)
    assert "no design keeps latency ≤ 0.001 ms" in text
    assert f"has {show('latency_ms', least)}. Loosen this limit" in text


def test_a_limit_on_what_was_never_measured_is_refused(file: Path) -> None:
    with pytest.raises(OptionError, match="limit on macs, but the trials"):
        report(file, limits={"macs": 5e6})


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda m: st.lists(
            st.lists(st.integers(0, 6).map(float), min_size=m, max_size=m), min_size=1, max_size=25
        )
    )
)
def test_the_hypervolume_never_falls_and_ends_as_it_is(values: list[list[float]]) -> None:
    ways: dict[str, Direction] = dict(zip(("a", "b", "c"), ("max", "min", "max"), strict=True))
    objectives = {name: ways[name] for name in list(ways)[: len(values[0])]}
    it = made_up(values, objectives)
    [course] = grown(it)
    assert list(course.evaluations) == list(range(1, len(values) + 1))
    assert all(b >= a - 1e-9 for a, b in zip(course.shares, course.shares[1:], strict=False))
    varied = [at for at in range(len(objectives)) if it.best[at] != it.worst[at]]
    if varied:
        box = math.prod(abs(it.best[at] - it.worst[at]) for at in varied)
        directions = [list(objectives.values())[at] for at in varied]
        whole = hypervolume(np.array(values)[:, varied], directions, it.worst[varied])
        assert course.shares[-1] == pytest.approx(whole / box)
    else:
        assert course.shares[-1] == 0
    last = stops(it)[-1]
    assert set(last.front) == set(it.study.front)
    assert last.share == course.shares[-1]


def test_a_known_course(tmp_path: Path) -> None:
    """Of the box from (0.5, 10) to (1, 0): nothing, then 0.5 * 0.5, then 0.25 + 0.5 * 0.2."""
    rows = [[0.5, 10.0], [0.75, 5.0], [0.6, 0.0], [1.0, 10.0]]
    found = find(read_study(record(tmp_path / "study.db", rows)))
    shares = found.courses[0].shares
    assert shares == pytest.approx((0, 0.25, 0.25 + 0.1, 0.35))
    assert found.courses[0].at(2) == pytest.approx(0.25)
    assert [it.evaluations for it in found.moments] == [1, 2, 4]


def test_random_search_is_told_apart_where_there_is_one(file: Path, page: str) -> None:
    text = " ".join(read_page(page).text)
    assert re.search(r"After 20 evaluations search has [\d.]+ %, random search [\d.]+ %", text)
    found = find(read_study(file))
    assert [(it.origin, it.evaluations[-1]) for it in found.courses] == [
        ("search", 40), ("random", 20),
    ]  # fmt: skip
    assert found.moments[-1].evaluations == 40


def test_without_random_search_it_is_said_how_to_add_one(tmp_path: Path) -> None:
    page = report(search(tmp_path / "study.db", evaluations=8)).page
    text = text_of(page)
    assert "The study holds no random search to compare with" in text
    assert 'strategy="random" and origin="random"' in text
    assert "random search has" not in text
    assert 'class="course random"' not in page.read_text()


def test_the_study_of_a_fit_says_where_its_random_designs_are_compared(tmp_path: Path) -> None:
    file = record(tmp_path / "study.db", [[0.5, 10.0], [0.75, 5.0]])
    text = text_of(report(record(file, [[0.6, 7.0]], origin="same cost")).page)
    assert "all at the cost of one pick: the page of the fit compares with them" in text
    assert "search.run" not in text


def test_importances_find_the_choices_that_matter(tmp_path: Path) -> None:
    file = record_all(tmp_path / "study.db")
    parts = {it.objective: it.shares for it in find(read_study(file)).importances}
    assert set(parts["accuracy"]) == {choice.name for choice in SPACE.choices}
    assert sum(parts["accuracy"].values()) == pytest.approx(1)
    assert list(parts["accuracy"])[:2] == ["depth", "width"]
    assert parts["accuracy"]["unused"] < 0.01
    # Whether it is active, and which option it has, both tell.
    assert parts["latency_ms"]["expand"] > 10 * parts["latency_ms"]["unused"]


def record_all(file: Path) -> Path:
    """Record every design of the space, shuffled."""
    genes = np.unique(SPACE.coding.drawn(2000, np.random.default_rng(0)), axis=0)
    genes = np.random.default_rng(1).permutation(genes)
    assert len(genes) == SPACE.count()
    with closing(Trials.open(file, SPACE, TWO)) as trials:
        for design in SPACE.decode(genes):
            trials.add(design, evaluate(design), origin="search")
    return file


def test_the_predictor_is_judged_on_what_it_did_not_know(tmp_path: Path) -> None:
    found = find(read_study(record_all(tmp_path / "study.db")))
    accuracy = next(it for it in found.foresight if it.objective == "accuracy")
    count = SPACE.count()
    assert accuracy.learned == count // 2
    assert [it.number for it in accuracy.trials] == list(range(count // 2, count))
    assert accuracy.measured.tolist() == [it.value("accuracy") for it in accuracy.trials]
    assert 0.95 < accuracy.rank_correlation <= 1
    errors = np.abs(accuracy.predicted - accuracy.measured)
    assert accuracy.mean_error == pytest.approx(errors.mean())
    assert accuracy.mean_error > 0
    assert list(errors[list(accuracy.worst)]) == sorted(errors, reverse=True)[:3]


def test_what_later_trials_say_does_not_reach_back(tmp_path: Path) -> None:
    """The first batch is predicted the same, whatever comes after it."""
    rows = [[0.5 + 0.01 * (it * 7 % 13), 1.0 + it % 5] for it in range(32)]
    one = find(read_study(record(tmp_path / "one.db", rows))).foresight[0]
    rows[20:] = [[0.9 - row[0], row[1]] for row in rows[20:]]
    other = find(read_study(record(tmp_path / "other.db", rows))).foresight[0]
    assert one.predicted[:4].tolist() == other.predicted[:4].tolist()
    assert one.predicted[4:].tolist() != other.predicted[4:].tolist()


def test_designs_that_are_all_wrong_for_one_reason_have_it_in_common(tmp_path: Path) -> None:
    genes = np.unique(SPACE.coding.drawn(2000, np.random.default_rng(0)), axis=0)
    designs = SPACE.decode(np.random.default_rng(3).permutation(genes))
    odd = [it for it in designs if it["depth"] == 3 and it["width"] == 32][:3]
    plain = [it for it in designs if it["width"] != 32]
    with closing(Trials.open(tmp_path / "study.db", SPACE, TWO)) as trials:
        for design in [*plain[:40], *odd, *plain[40:]]:
            measured = evaluate(design)
            if design in odd:
                measured |= {"accuracy": Measurement(0.1, "proxy")}
            trials.add(design, measured, origin="search")
    found = find(read_study(tmp_path / "study.db"))
    accuracy = next(it for it in found.foresight if it.objective == "accuracy")
    assert {accuracy.trials[at].design for at in accuracy.worst} == set(odd)
    assert accuracy.in_common == {"width": 32}


def test_objectives_that_were_not_measured_are_not_judged(tmp_path: Path) -> None:
    file = search(tmp_path / "study.db", FOUR, evaluations=24)
    found = find(read_study(file))
    assert [it.objective for it in found.foresight] == ["accuracy", "latency_ms", "energy_mj"]
    write_study(found, tmp_path / "it.html")
    assert "Robustness was counted or predicted, and never measured." in text_of(
        tmp_path / "it.html"
    )


def test_failures_are_grouped_by_their_reason(tmp_path: Path) -> None:
    space = Space([Choice("number", tuple(range(9)))])
    with closing(Trials.open(tmp_path / "study.db", space, TWO)) as trials:
        for number in range(9):
            reason = f"ValueError: {60 + number}.5 degrees" if number % 3 else "overflow <b>"
            trials.fail(space.design({"number": number}), reason, origin="search")
    found = report(tmp_path / "study.db")
    assert found.content["failures"] == [
        {"reason": "ValueError: 61.5 degrees", "trials": 6},
        {"reason": "overflow <b>", "trials": 3},
    ]
    text = text_of(found.page)
    assert "9 designs were evaluated, and all failed." in text
    assert "9 of 9 designs failed (100%)" in text
    assert "overflow <b>" in text


@pytest.mark.parametrize(("objectives", "pictures"), [({"loss": "min"}, 0), (TWO, 1), (FOUR, 3)])
def test_any_number_of_objectives_has_a_page(
    objectives: dict[str, Direction], pictures: int, tmp_path: Path
) -> None:
    def measure(design: Design) -> dict[str, Measurement]:
        return {**evaluate(design), "loss": Measurement(1 / design.integer("width"), "proxy")}

    file = search(tmp_path / "study.db", objectives, evaluations=24, random=8, measure=measure)
    page = report(file).page
    html = page.read_text()
    read_page(html)
    assert html.count("the front at") == pictures
    assert ('class="steps' in html) == (len(objectives) == 2)
    assert "nan" not in re.sub(r"[\w-]*nan[\w-]+", "", html.lower())
    assert "energy, mJ" in html or len(objectives) < 4


@pytest.mark.parametrize("rows", [[[0.5, 2.0]], [[0.5, 2.0]] * 20, [[0.0, -1.0], [0.0, -2.0]]])
def test_few_and_equal_trials_have_a_page(rows: list[list[float]], tmp_path: Path) -> None:
    page = report(record(tmp_path / "study.db", rows)).page
    text = text_of(page)
    assert "Nothing can be said of" in text
    assert "NaN" not in page.read_text()
    assert ("That takes 16 designs" in text) == (len(rows) < 16)


def test_names_and_reasons_are_text(tmp_path: Path) -> None:
    space = Space([Choice(HOSTILE, (HOSTILE, "b", "c"))])
    ways: dict[str, Direction] = {HOSTILE: "max", "latency_ms": "min"}
    with closing(Trials.open(tmp_path / "study.db", space, ways)) as trials:
        for option in (HOSTILE, "b"):
            measured = {name: Measurement(1.0 + len(option), "proxy") for name in ways}
            trials.add(space.design({HOSTILE: option}), measured, origin=HOSTILE)
        trials.fail(space.design({HOSTILE: "c"}), HOSTILE, origin=HOSTILE)
    html = report(tmp_path / "study.db").page.read_text()
    assert "<script>alert" not in html
    read_page(html)


def test_a_large_front_does_not_make_a_large_page(tmp_path: Path) -> None:
    it = made_up([[0.5 + number / 2000, 1.0 + number] for number in range(700)], TWO)
    found = Findings(it, (), grown(it), stops(it))
    write_study(found, tmp_path / "it.html")
    assert len(found.to_json()["front"]) == 700
    assert "The first 100 of 700" in text_of(tmp_path / "it.html")
    assert len((tmp_path / "it.html").read_bytes()) < 600_000


def test_what_is_found_is_plain_data(file: Path) -> None:
    found = find(read_study(file))
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert content["version"] == 1
    assert [it["design"] for it in content["front"]] == [
        it.design.id for it in found.recorded.front
    ]
    assert content["front"][0]["options"] == dict(found.recorded.front[0].design)
    assert sum(it["trials"] for it in content["failures"]) == 60 - len(found.recorded.study.done)


def test_what_is_no_study_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, " * 100)
    (tmp_path / "empty.db").touch()
    for name in ("text.db", "empty.db"):
        with pytest.raises(DamagedFileError, match=f"{name} is no study"):
            report(tmp_path / name)
    with pytest.raises(RunFolderError, match=r"missing\.db is not there"):
        report(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()
    with pytest.raises(RunFolderError, match=r"holds no summary\.json"):
        report(tmp_path)


def test_a_study_of_another_program_is_refused(tmp_path: Path) -> None:
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    optuna.create_study(storage=storage, study_name="theirs")
    with pytest.raises(RunFolderError, match="has other studies of Optuna's, and none of Sartor's"):
        report(tmp_path / "study.db")
    storage.remove_session()
    storage.engine.dispose()


def test_a_study_without_trials_is_refused(tmp_path: Path) -> None:
    Trials.open(tmp_path / "study.db", SPACE, TWO).close()
    with pytest.raises(RunFolderError, match="holds no trial yet; run the search first"):
        report(tmp_path / "study.db")


def test_a_name_that_is_not_there_is_refused_with_those_that_are(file: Path) -> None:
    with pytest.raises(RunFolderError, match=r"called 'sarto'.*known: sartor\. Did you mean"):
        report(file, name="sarto")


def test_a_url_needs_a_page_and_a_driver(file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="say where the page goes with --out"):
        report(f"sqlite:///{file}")
    found = report(f"sqlite:///{file}", out=tmp_path / "new" / "it.html")
    assert found.page == tmp_path / "new" / "it.html"
    assert "The front" in text_of(found.page)
    with pytest.raises(OptionError, match="URL of no database"):
        report("nonsense://x", out=tmp_path / "it.html")
    with pytest.raises(RunFolderError, match=r"missing\.db is not there"):
        report(f"sqlite:///{tmp_path / 'missing.db'}", out=tmp_path / "it.html")


def test_a_driver_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)
    with pytest.raises(MissingExtraError, match="needs pymysql, which is not installed"):
        report("mysql+pymysql://me:secret@host/x", out=tmp_path / "it.html")


def test_a_password_is_not_shown(file: Path) -> None:
    assert read_study(f"sqlite:///{file}").where == f"sqlite:///{file}"
    from sartor.study import shown_storage

    assert shown_storage("postgresql://me:secret@host/x") == "postgresql://me:***@host/x"


def test_a_run_has_the_page_of_its_study_beside_its_own(file: Path, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "summary.json")
    assert report(tmp_path).study_page is None
    shutil.copy(file, tmp_path / "study.db")
    found = report(tmp_path)
    assert (found.page, found.study_page) == (tmp_path / "report.html", tmp_path / "study.html")
    assert found.content["status"] == "done"
    assert "How it came about" in text_of(tmp_path / "study.html")


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6)), min_size=1, max_size=20),
    st.sampled_from(["max", "min"]),
    st.sampled_from(["max", "min"]),
)
def test_every_front_stays_in_its_picture(
    points: list[tuple[float, float]], x_way: Direction, y_way: Direction
) -> None:
    spots = [Spot(x, y, "it") for x, y in points]
    drawn = str(moments(Plane("a", "latency_ms", x_way, y_way), spots, [spots], (), steps=True))
    read_page(drawn)
    places = re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)"', drawn)
    assert len(places) == 2 * len(points)
    assert all(64 <= float(x) <= 762 and 16 <= float(y) <= 350 for x, y in places)


@pytest.mark.parametrize("x_way", ["max", "min"])
@pytest.mark.parametrize("y_way", ["max", "min"])
def test_steps_bound_what_a_front_beats(x_way: Direction, y_way: Direction) -> None:
    """The worst corner is on the side of the steps that they close off; the best is not."""
    signs = (1 if x_way == "max" else -1, 1 if y_way == "max" else -1)
    front = [Spot(signs[0] * x, signs[1] * y, "it") for x, y in ((1, 3), (2, 2), (3, 1))]
    drawn = str(moments(Plane("a", "b", x_way, y_way), front, [front], (), steps=True))
    path = re.search(r'd="(M[^"]+)" class="steps', drawn)
    assert path is not None
    corners = _corners(path[1])
    inner = [corners[2], corners[4]]  # between neighbours of the front
    places = sorted(
        (float(x), float(y)) for x, y in re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)" r="5"', drawn)
    )
    for (one, other), corner in zip(itertools.pairwise(places), inner, strict=True):
        worse_x = min(one[0], other[0]) if x_way == "max" else max(one[0], other[0])
        worse_y = max(one[1], other[1]) if y_way == "max" else min(one[1], other[1])  # pixels
        assert corner == pytest.approx((worse_x, worse_y))


def _corners(path: str) -> list[tuple[float, float]]:
    start = re.match(r"M([\d.]+),([\d.]+)", path)
    assert start is not None
    x, y = float(start[1]), float(start[2])
    corners = [(x, y)]
    for way, place in re.findall(r"([HV])([\d.]+)", path):
        x, y = (float(place), y) if way == "H" else (x, float(place))
        corners.append((x, y))
    return corners


def test_courses_of_one_evaluation_can_be_drawn() -> None:
    drawn = str(courses([Line("search", "line0", [1], [0.0])], "hypervolume"))
    assert "0 after 1 evaluations" in drawn
    assert "NaN" not in drawn


def test_units_follow_the_values() -> None:
    assert ruler("macs", [2e3]).title == "macs, k"
    assert ruler("size_bytes", [0.0]).text(0.0) == "0"
    assert ruler("accuracy", [0.5]).text(0.5) == "50"
    assert (word("ms"), amount("ms", 2)) == ("ms", "2")
