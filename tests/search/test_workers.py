"""Evaluations elsewhere: several at a time, of which some hang, crash or are killed."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import loky
import psutil
import pytest
from toy import Toy

from sartor.errors import MeasurementError, OptionError
from sartor.search import Processes, Ray, Study, Workers, run
from sartor.search.workers import Here
from sartor.search.workers.desks import TRIES
from sartor.space import Choice, Design, Space
from sartor.study import write_bytes

TOY = Toy(stages=3)
SPACE = Space([Choice(f"c{number}", tuple(range(6)), ordered=True) for number in range(4)])


def plain(design: Design) -> dict[str, float]:
    return {"accuracy": sum(design.number(name) for name in design) / 30, "latency_ms": 1.0}


Make = Callable[..., Workers]


def outcome(study: Study) -> set[tuple[str, int, str, str]]:
    return {(it.design.id, it.batch, it.state, it.reason) for it in study.trials}


@pytest.mark.parametrize("strategy", ["predictor", "nsga2", "evolution", "policy"])
def test_what_is_found_does_not_depend_on_who_evaluates(strategy: str) -> None:
    def evaluate(design: Design) -> Mapping[str, float]:
        time.sleep(random.random() / 100)  # so that they end in another order each time
        return TOY.evaluate(design)

    def search(workers: Workers) -> Study:
        return run(TOY.space, evaluate, strategy=strategy, evaluations=48, batch=8, workers=workers)

    here, there = search(Here()), search(Processes(3))
    assert outcome(here) == outcome(there)
    assert {it.design for it in here.front} == {it.design for it in there.front}


def test_evaluations_run_in_other_processes_at_the_same_time() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        began = time.time()
        time.sleep(0.3)
        return {**plain(design), "pid": os.getpid(), "began": began, "ended": time.time()}

    study = run(SPACE, evaluate, strategy="random", evaluations=9, workers=3)
    pids = {int(it.value("pid")) for it in study.trials}
    assert len(pids) >= 2
    assert os.getpid() not in pids
    beside = [
        sum(
            it.value("began") < other.value("ended") and other.value("began") < it.value("ended")
            for other in study.trials
        )
        for it in study.trials
    ]
    assert max(beside) >= 2


def threads(design: Design) -> dict[str, float]:
    return {**plain(design), "threads": float(os.environ["OMP_NUM_THREADS"])}


def told(count: int) -> set[float]:
    study = run(SPACE, threads, strategy="random", evaluations=4, workers=count)
    return {it.value("threads") for it in study.trials}


def test_processes_share_the_cores_among_their_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Threads of several processes on the same cores wait for one another: four times as slow.
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert told(1) == {loky.cpu_count()}
    assert told(2) == {max(1, loky.cpu_count() // 2)}


def test_a_number_of_threads_that_the_user_has_set_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert told(2) == {5}


def test_a_design_finds_its_row_in_a_table_elsewhere() -> None:
    # Hashes of texts differ from process to process, so those of designs must not travel.
    every = SPACE.decode(SPACE.coding.every())
    rows = {design: plain(design) for design in every}
    study = run(SPACE, lambda design: rows[design], evaluations=6, workers=3)
    assert [it.state for it in study.trials] == ["done"] * 6
    assert all(it.value("accuracy") == rows[it.design]["accuracy"] for it in study.trials)


def test_what_an_evaluation_raises_is_recorded() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        if design.integer("c0") == 0:
            raise LookupError("c0 is 0")
        return plain(design)

    study = run(SPACE, evaluate, strategy="random", evaluations=40, workers=3)
    failed = [it for it in study.trials if it.state == "failed"]
    assert 0 < len(failed) < 40
    assert all((it.state == "failed") == (it.design["c0"] == 0) for it in study.trials)
    assert {it.reason for it in failed} == {"LookupError: c0 is 0"}


def test_one_that_hangs_is_ended_and_the_search_goes_on() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        while design.integer("c0") == 0:
            time.sleep(0.1)
        return plain(design)

    study = run(
        SPACE, evaluate, strategy="random", evaluations=12, workers=Processes(2, timeout_s=2)
    )
    reasons = {it.reason for it in study.trials if it.design["c0"] == 0}
    assert reasons == {"MeasurementError: it took longer than 2 s and was ended."}
    assert all(it.state == "done" for it in study.trials if it.design["c0"] != 0)


def test_one_that_kills_its_workers_fails_and_the_others_do_not() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        if design.integer("c0") == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(design)

    study = run(SPACE, evaluate, strategy="random", evaluations=12, workers=3)
    failed = [it for it in study.trials if it.state == "failed"]
    assert failed
    assert all((it.state == "failed") == (it.design["c0"] == 0) for it in study.trials)
    assert all("3 workers died over it" in it.reason for it in failed)


@pytest.mark.slow
def test_killing_workers_at_random_loses_nothing(tmp_path: Path) -> None:
    def evaluate(design: Design) -> dict[str, float]:
        write_bytes(tmp_path / f"{os.getpid()}.pid", design.id.encode())
        time.sleep(0.1)
        return plain(design)

    rng = random.Random(0)
    over = threading.Event()
    killed: set[int] = set()
    hit: Counter[str] = Counter()

    def kill() -> None:
        while not over.wait(0.5):
            known = {int(it.stem) for it in tmp_path.glob("*.pid")}
            if known - killed and len(killed) < 8:
                victim = rng.choice(sorted(known - killed))
                design = (tmp_path / f"{victim}.pid").read_text()
                # One that is hit more often is held to be what kills, as it should.
                if hit[design] < TRIES - 1:
                    hit[design] += 1
                    killed.add(victim)
                    os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        study = run(
            SPACE,
            evaluate,
            strategy="random",
            evaluations=100,
            storage=tmp_path / "study.db",
            workers=4,
        )
    finally:
        over.set()
        killer.join()
    assert len(killed) >= 2
    assert [it.state for it in study.trials] == ["done"] * 100
    assert len({it.design for it in study.trials}) == 100
    assert outcome(study) == outcome(run(SPACE, plain, strategy="random", evaluations=100))


SEARCH = """
    import os, sys, time
    from pathlib import Path
    from sartor import search
    from sartor.space import Choice, Space

    space = Space([Choice(f"c{number}", tuple(range(6)), ordered=True) for number in range(4)])

    def evaluate(design):
        Path(sys.argv[1], str(os.getpid())).touch()
        time.sleep(0.1)
        return {"accuracy": design.number("c0") / 6, "latency_ms": 1.0}

    search.run(space, evaluate, strategy="random", evaluations=60, workers=2,
               storage=Path(sys.argv[1], "study.db"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("with_what", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_search_and_it_goes_on(tmp_path: Path, with_what: int) -> None:
    command = [sys.executable, "-c", textwrap.dedent(SEARCH), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as search:
        while len(list(tmp_path.glob("[0-9]*"))) < 2:
            time.sleep(0.1)
        time.sleep(1)
        search.send_signal(with_what)
    pids = [int(it.name) for it in tmp_path.glob("[0-9]*")]
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    rest = run(SPACE, plain, strategy="random", evaluations=60, storage=tmp_path / "study.db")
    designs = [it.design for it in rest.trials]
    assert len(designs) == len(set(designs)) == 60
    assert set(designs) == {
        it.design for it in run(SPACE, plain, strategy="random", evaluations=60).trials
    }


@pytest.mark.parametrize("place", [Processes, Ray])
def test_numbers_that_cannot_be_are_refused(place: Make) -> None:
    with pytest.raises(OptionError, match="the number of workers is 0; allowed: 1 and more"):
        place(0)
    with pytest.raises(OptionError, match="timeout_s is 0; allowed: seconds above 0"):
        place(2, timeout_s=0)


@pytest.mark.slow
def test_a_local_ray_evaluates_as_processes_do() -> None:
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    place, ways = Ray(2, timeout_s=10), ("raises", "dies", "hangs", "works", "works too")

    def evaluate(design: Design) -> dict[str, float]:
        if design["way"] == "raises":
            raise LookupError("as it was told")
        if design["way"] == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        while design["way"] == "hangs":
            time.sleep(0.1)
        return {"accuracy": 0.5, "latency_ms": 1.0, "pid": os.getpid()}

    space = Space([Choice("way", ways)])
    study = run(space, evaluate, strategy="random", evaluations=5, workers=place)
    assert not ray.is_initialized()
    found = {it.design["way"]: it for it in study.trials}
    assert set(found) == set(ways)
    assert [found[it].state for it in ways] == ["failed"] * 3 + ["done"] * 2
    assert found["raises"].reason == "LookupError: as it was told"
    assert "3 workers died over it" in found["dies"].reason
    assert found["hangs"].reason == "MeasurementError: it took longer than 10 s and was ended."
    assert found["works"].value("pid") != os.getpid()


def test_an_evaluation_that_cannot_be_sent_is_refused() -> None:
    lock = threading.Lock()

    def evaluate(design: Design) -> dict[str, float]:
        with lock:
            return plain(design)

    with pytest.raises(OptionError, match=r"cannot be sent to other processes \(.*lock"):
        run(SPACE, evaluate, evaluations=4, workers=2)


def test_a_search_in_which_every_worker_dies_ends_with_a_sentence() -> None:
    def evaluate(_: Design) -> dict[str, float]:
        os._exit(1)

    with pytest.raises(MeasurementError, match=r"none of 3 evaluations gave numbers.*workers died"):
        run(SPACE, evaluate, evaluations=3, workers=2)
