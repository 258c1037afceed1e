"""A study on a real PostgreSQL server, which a team shares."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from postgresql import binaries, server

from sartor.errors import RunFolderError
from sartor.search import run
from sartor.space import Choice, Design, Space
from sartor.study import Trials

pytestmark = pytest.mark.slow
SPACE = Space([Choice(f"c{number}", tuple(range(6)), ordered=True) for number in range(4)])
OBJECTIVES = {"accuracy": "max", "latency_ms": "min"}


def evaluate(design: Design) -> dict[str, float]:
    return {"accuracy": design.number("c0") / 6, "latency_ms": 1 + design.number("c1")}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="the extra postgresql is not installed")
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with server(programs) as address:
        yield address


def test_a_search_is_stopped_and_goes_on_as_on_a_file(url: str, tmp_path: Path) -> None:
    seen: list[object] = []
    run(
        SPACE,
        evaluate,
        evaluations=40,
        storage=url,
        stop=lambda: len(seen) >= 19,
        on_trial=seen.append,
    )
    resumed = run(SPACE, evaluate, evaluations=40, storage=url)
    unbroken = run(SPACE, evaluate, evaluations=40, storage=tmp_path / "study.db")
    assert [(it.design, it.batch) for it in resumed.trials] == [
        (it.design, it.batch) for it in unbroken.trials
    ]
    assert resumed.front == unbroken.front
    storage = optuna.storages.RDBStorage(url)
    study = optuna.load_study(study_name="sartor", storage=storage)
    assert len(study.trials) == 40, "Optuna reads it without Sartor"
    assert study.metric_names == ["accuracy", "latency_ms"]
    storage.remove_session()
    storage.engine.dispose()


SEARCH = """
    import sys
    from sartor import search
    from sartor.space import Choice, Space
    from sartor.study import Trials

    space = Space([Choice(f"c{number}", tuple(range(6)), ordered=True) for number in range(4)])
    measure = lambda it: {"accuracy": it.number("c0") / 6, "latency_ms": 1 + it.number("c1")}
    trials = Trials.open(sys.argv[1], space, search.OBJECTIVES, name="team")
    search.run(space, measure, strategy="random", seed=int(sys.argv[2]), origin=sys.argv[2],
               evaluations=30, storage=trials)
"""


def test_two_searches_at_the_same_time_lose_nothing_and_count_nothing_twice(url: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(SEARCH), url]
    searches = [subprocess.Popen([*command, seed]) for seed in ("1", "2")]
    assert [it.wait() for it in searches] == [0, 0]
    trials = Trials.open(url, SPACE, OBJECTIVES, name="team")  # type: ignore[arg-type]
    designs = [it.design for it in trials.all()]
    assert len(designs) == len(set(designs))
    for origin in ("1", "2"):
        alone = run(SPACE, evaluate, strategy="random", seed=int(origin), evaluations=30)
        assert {it.design for it in alone.trials} <= set(designs)
    trials.close()


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(RunFolderError, match="cannot be used") as caught:
        run(SPACE, evaluate, storage="postgresql://me:topsecret@127.0.0.1:9/none")
    assert "topsecret" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)
