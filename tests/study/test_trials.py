"""Trials: durable, never counted twice, of one space."""

import math
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from sartor.errors import DamagedFileError, MissingExtraError, OptionError, RunFolderError
from sartor.space import Choice, Condition, Design, Space
from sartor.study import Trials
from sartor.study.records import describe_space, read_space
from sartor.units import Direction, Measurement, read_limits

OBJECTIVES: dict[str, Direction] = {"accuracy": "max", "latency_ms": "min"}
SPACE = Space(
    [
        Choice("kind", ("plain", "fused")),
        Choice("width", (8, 16, 24), ordered=True),
        Choice("expand", (2, 4.5), ordered=True, when=(Condition("kind", ("fused",)),)),
        Choice("squeeze", (False, True)),
    ]
)
PLAIN = SPACE.design({"kind": "plain", "width": 8, "squeeze": True})
FUSED = SPACE.design({"kind": "fused", "width": 24, "expand": 4.5, "squeeze": False})


def measured(accuracy: float = 0.9, latency_ms: float = 2.0) -> dict[str, Measurement]:
    return {
        "accuracy": Measurement(accuracy, "proxy", accuracy - 0.1, accuracy + 0.1),
        "latency_ms": Measurement(latency_ms, "predicted"),
        "size_bytes": Measurement(1000.0, "counted"),
    }


def test_trials_come_back_as_they_were(tmp_path: Path) -> None:
    trials = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    trials.add(PLAIN, measured(0.8), origin="search", batch=0)
    trials.add(FUSED, measured(0.9), origin="random", batch=3)
    before = trials.all()
    trials.close()
    again = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    assert again.all() == before
    assert [(it.number, it.design, it.origin, it.batch) for it in again.all()] == [
        (0, PLAIN, "search", 0),
        (1, FUSED, "random", 3),
    ]
    assert again.all()[1].measurements == measured(0.9)
    assert again.all()[0].value("accuracy") == 0.8
    assert math.isnan(again.all()[0].value("energy_mj"))
    assert FUSED in again
    assert again.get(PLAIN) == before[0]
    assert again.get(SPACE.extreme(0)) is None
    again.close()


def test_a_path_may_be_given_as_text(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "study.db"
    with closing(Trials.open(str(file), SPACE, OBJECTIVES)):
        assert file.exists()
    with closing(Trials.open(f"sqlite:///{file}", SPACE, OBJECTIVES)) as trials:
        assert len(trials) == 0


def test_optuna_reads_the_study_without_us(tmp_path: Path) -> None:
    trials = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    trials.add(PLAIN, measured(0.8, 3.0), origin="search")
    trials.fail(FUSED, "it burned", origin="search")
    trials.close()
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    study = optuna.load_study(study_name="sartor", storage=storage)
    assert [way.name for way in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert study.trials[0].params == dict(PLAIN)
    assert study.trials[0].values == [0.8, 3.0]
    assert study.trials[1].state.name == "FAIL"
    assert study.best_trials[0].number == 0
    storage.remove_session()
    storage.engine.dispose()


def test_a_design_counts_once(tmp_path: Path) -> None:
    trials = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    first = trials.add(PLAIN, measured(0.8), origin="search")
    assert trials.add(PLAIN, measured(0.7), origin="random") == first
    assert len(trials) == 1
    trials.close()


def test_a_failed_design_can_be_tried_again_and_counts_once() -> None:
    trials = Trials.open(None, SPACE, OBJECTIVES)
    failed = trials.fail(PLAIN, "ValueError: too hot", origin="search", batch=2)
    assert (failed.state, failed.reason, failed.measurements) == (
        "failed",
        "ValueError: too hot",
        {},
    )
    assert trials.fail(PLAIN, "again", origin="search") == failed
    done = trials.add(PLAIN, measured(), origin="search", batch=2)
    assert trials.all() == (done,)
    assert done.state == "done"


def test_two_writers_see_each_other(tmp_path: Path) -> None:
    one = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    other = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    one.add(PLAIN, measured(), origin="search")
    other.add(FUSED, measured(), origin="search")
    one.refresh()
    assert one.all() == other.all()
    assert len(one) == 2
    one.close()
    other.close()


def test_another_space_is_refused_with_what_differs(tmp_path: Path) -> None:
    Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES).close()
    wider = Space([SPACE["kind"], Choice("width", (8, 16, 32), ordered=True), *SPACE.choices[2:]])
    with pytest.raises(RunFolderError) as caught:
        Trials.open(tmp_path / "study.db", wider, OBJECTIVES)
    assert "width was [8, 16, 24] in order and is now [8, 16, 32] in order" in str(caught.value)
    assert "kind" not in str(caught.value)
    with pytest.raises(RunFolderError, match=r"squeeze was \[false, true\] and is now absent"):
        Trials.open(tmp_path / "study.db", Space(SPACE.choices[:3]), OBJECTIVES)


def test_other_objectives_are_refused(tmp_path: Path) -> None:
    Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES).close()
    with pytest.raises(RunFolderError, match=r"accuracy \(max\), latency_ms \(min\), not peak"):
        Trials.open(tmp_path / "study.db", SPACE, {"peak_bytes": "min"})


def test_a_missing_or_nan_objective_is_refused() -> None:
    trials = Trials.open(None, SPACE, OBJECTIVES)
    with pytest.raises(OptionError, match=r"no latency_ms.*measured: accuracy"):
        trials.add(PLAIN, {"accuracy": Measurement(0.5, "proxy")}, origin="search")
    with pytest.raises(OptionError, match="NaN as accuracy"):
        trials.add(PLAIN, measured(math.nan), origin="search")
    assert len(trials) == 0


def test_a_design_of_another_space_is_refused() -> None:
    trials = Trials.open(None, SPACE, OBJECTIVES)
    with pytest.raises(OptionError, match="depth"):
        trials.add(Design({"depth": 3}), measured(), origin="search")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(DamagedFileError, match=r"study\.db is no study"):
        Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)


def test_a_database_that_cannot_grow_is_a_full_disk(tmp_path: Path) -> None:
    space = Space([Choice("name", tuple(f"{number:0500}" for number in range(200)))])
    trials = Trials.open(tmp_path / "study.db", space, OBJECTIVES)
    engine = trials._ledger._storage.engine  # type: ignore[attr-defined]

    def bound(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 150")  # 4 kB each; a trial takes about 100 kB

    event.listen(engine, "connect", bound)
    engine.dispose()
    trials.add(space.extreme(0), measured(), origin="search")

    def fill() -> None:
        for option in space["name"].options[1:]:
            trials.add(space.design({"name": option}), measured(), origin="search")

    with pytest.raises(RunFolderError, match="disk is full"):
        fill()
    trials.close()
    again = Trials.open(tmp_path / "study.db", space, OBJECTIVES)
    assert len(again) >= 1
    again.close()


def test_a_kill_while_adding_loses_at_most_that_trial(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from sartor.space import Choice, Space
        from sartor.study import Trials
        from sartor.units import Measurement
        space = Space([Choice("x", tuple(range(5000)))])
        trials = Trials.open(Path(sys.argv[1]), space, {"accuracy": "max"})
        for number in range(len(trials), 5000):
            design = space.design({"x": number})
            trials.add(design, {"accuracy": Measurement(number, "proxy")}, origin="search")
            print(number, flush=True)
        """
    )
    space = Space([Choice("x", tuple(range(5000)))])
    for delay in (0.0, 0.031):
        command = [sys.executable, "-c", program, str(tmp_path / "study.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            first = int(writer.stdout.readline())
            time.sleep(delay)
            writer.kill()
            said = [first, *map(int, writer.stdout.read().split())]
        trials = Trials.open(tmp_path / "study.db", space, {"accuracy": "max"})
        numbers = [trial.value("accuracy") for trial in trials.all()]
        assert numbers == list(range(len(numbers)))
        assert said[-1] + 1 <= len(numbers) <= said[-1] + 2
        trials.close()


def test_a_study_is_read_without_knowing_its_space(tmp_path: Path) -> None:
    trials = Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)
    trials.add(PLAIN, measured(0.8), origin="search")
    trials.fail(FUSED, "too hot", origin="random", batch=2)
    before = trials.all()
    trials.close()
    content = (tmp_path / "study.db").read_bytes()
    with closing(Trials.read(tmp_path / "study.db")) as again:
        assert again.space == SPACE
        assert again.objectives == OBJECTIVES
        assert again.all() == before
        assert again.limits is None
    assert (tmp_path / "study.db").read_bytes() == content


def test_the_last_limits_are_recorded(tmp_path: Path) -> None:
    with closing(Trials.open(tmp_path / "study.db", SPACE, OBJECTIVES)) as trials:
        trials.record_limits(read_limits("latency=5ms"))
        trials.record_limits(read_limits(["size=2MB", "accuracy=90%"]))
    with closing(Trials.read(tmp_path / "study.db")) as again:
        assert again.limits == read_limits(["size=2MB", "accuracy=90%"])


OPTIONS = st.lists(
    st.one_of(st.text(max_size=4), st.integers(2, 99), st.floats(-3.5, -0.5), st.booleans()),
    min_size=1,
    max_size=4,
    unique=True,
)
NAMES = st.one_of(st.text(max_size=6), st.sampled_from(["a", "a is in [1", " in order", '"']))


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Draw spaces, also with names that hold what stands between the parts of a choice."""
    choices: list[Choice] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)):
        when = [
            Condition(other.name, tuple(draw(st.lists(st.sampled_from(other.options), min_size=1))))
            for other in draw(
                st.lists(st.sampled_from(choices), max_size=2) if choices else st.just([])
            )
        ]
        choices.append(Choice(name, tuple(draw(OPTIONS)), draw(st.booleans()), tuple(when)))
    return Space(choices)


@given(spaces())
def test_a_space_comes_back_from_its_description(space: Space) -> None:
    assert read_space("study.db", describe_space(space), space.fingerprint) == space


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"a": "[1, 2"}', '{"a": "[1] when"}', '{"a": 3}']
)
def test_a_description_that_was_changed_is_refused(text: str) -> None:
    with pytest.raises(DamagedFileError, match=r"the study in study\.db is damaged: its choices"):
        read_space("study.db", text, SPACE.fingerprint)


def test_a_study_of_another_version_is_refused_with_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    Trials.open(file, SPACE, OBJECTIVES).close()
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    study = optuna.load_study(study_name="sartor", storage=storage)
    study.set_user_attr("sartor_format", 7)
    storage.remove_session()
    storage.engine.dispose()
    message = "has format 7, and this version of Sartor reads 1; use the version it was begun with"
    with pytest.raises(RunFolderError, match=message):
        Trials.open(file, SPACE, OBJECTIVES)
    with pytest.raises(RunFolderError, match=message):
        Trials.read(file)


def test_a_database_whose_driver_is_missing_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtraError, match=r"needs oracledb, which .*sartor\[postgresql\]"):
        Trials.open("oracle+oracledb://me:secret@127.0.0.1/x", SPACE, OBJECTIVES)
    with pytest.raises(OptionError, match="is the URL of no database that is known"):
        Trials.open("nonsense://x", SPACE, OBJECTIVES)
