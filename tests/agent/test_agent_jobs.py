"""Measurements that an agent makes: once each, one at a time, and kept until they are fetched."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from agents import Agent, number_in, running
from made_up_worker import known_ms

PROGRAM = b"program:0"
HASH = hashlib.sha256(PROGRAM).hexdigest()
LEASE, OTHER = "0" * 32, "1" * 32
Json = dict[str, Any]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with running(Agent(tmp_path / "agent", {"waiting_jobs": 3, "results": 4})) as one:
        yield one


@pytest.fixture
def client(agent: Agent) -> Iterator[httpx2.Client]:
    with agent.client() as one:
        assert take(one).status_code == 200
        place = f"/v1/leases/{LEASE}/programs/{HASH}"
        assert one.put(place, content=PROGRAM).status_code == 201
        yield one


def take(client: httpx2.Client, lease: str = LEASE) -> httpx2.Response:
    return client.put(f"/v1/leases/{lease}", json={"holder": f"test {lease[0]}"})


def put(
    client: httpx2.Client, how: str = "fp32", seed: int = 0, name: str = "", patience: float = 30
) -> httpx2.Response:
    it = {"program": HASH, "label": "mine.onnx", "runtime": "made_up", "precision": how}
    request = {"do": "time", "threads": 1, "files": {"mine": it}, "seconds_each": 1, "seed": seed}
    place = f"/v1/leases/{LEASE}/jobs/{name or secrets.token_hex(16)}"
    return client.put(place, json={"request": request, "patience_s": patience})


def outcome(client: httpx2.Client, job: str) -> Json:
    """Wait for the end of a job."""
    for _ in range(20):
        found: Json = client.get(f"/v1/jobs/{job}?wait=5").json()
        if found["state"] not in ("waiting", "running"):
            return found
    raise AssertionError(found)


def until_it_runs(client: httpx2.Client, job: str) -> None:
    while client.get(f"/v1/jobs/{job}").json()["state"] != "running":
        time.sleep(0.02)


def test_a_job_that_is_asked_for_twice_is_done_once(agent: Agent, client: httpx2.Client) -> None:
    name = secrets.token_hex(16)
    for _ in range(3):
        assert put(client, name=name).status_code == 202
    found = outcome(client, name)
    assert found["answer"]["mine"][0]["median_ms"] == known_ms(PROGRAM, 0)
    assert put(client, name=name).json() == found
    assert agent.runs == 1


def test_a_number_means_one_job(client: httpx2.Client) -> None:
    name = secrets.token_hex(16)
    put(client, name=name)
    reply = put(client, name=name, seed=1)
    assert reply.status_code == 422
    assert "another job" in reply.json()["error"]


def test_results_outlive_an_agent_that_is_killed(agent: Agent, client: httpx2.Client) -> None:
    done, failed = (put(client, how).json()["job"] for how in ("fp32", "crash"))
    before = [outcome(client, it) for it in (done, failed)]
    agent.kill()
    agent.start()
    assert [outcome(client, it) for it in (done, failed)] == before
    assert before[1]["error"] == (
        "the process that measured mine failed: the runtime crashed with SIGSEGV."
    )


def test_a_result_that_the_disk_does_not_take_is_told_all_the_same(
    agent: Agent, client: httpx2.Client
) -> None:
    (agent.kept / "jobs").rmdir()
    found = outcome(client, put(client).json()["job"])
    assert found["answer"]["mine"][0]["median_ms"] == known_ms(PROGRAM, 0)


def test_what_ran_when_the_agent_was_killed_is_not_known_any_more(
    agent: Agent, client: httpx2.Client
) -> None:
    running_job = put(client, "hang").json()["job"]
    until_it_runs(client, running_job)
    agent.kill()
    agent.start()
    reply = client.get(f"/v1/jobs/{running_job}")
    assert reply.status_code == 404
    assert "measure again" in reply.json()["error"]


def test_a_result_that_was_cut_off_on_the_disk_is_removed(
    agent: Agent, client: httpx2.Client
) -> None:
    name = put(client).json()["job"]
    outcome(client, name)
    agent.kill()
    (file,) = (agent.kept / "jobs").iterdir()
    file.write_text(file.read_text()[:50])
    agent.start()
    assert client.get(f"/v1/jobs/{name}").status_code == 404
    assert list((agent.kept / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("hang", "measuring mine did not end within 2 s and was stopped."),
        ("memory", "the process that measured mine failed: it ran out of memory."),
    ],
)
def test_a_program_that_does_harm_fails_and_the_next_is_measured(
    client: httpx2.Client, how: str, said: str
) -> None:
    found = outcome(client, put(client, how, patience=2).json()["job"])
    assert (found["state"], found["error"]) == ("failed", said)
    assert outcome(client, put(client).json()["job"])["state"] == "done"


def test_a_job_that_is_removed_is_stopped_and_forgotten(client: httpx2.Client) -> None:
    name = put(client, "hang").json()["job"]
    until_it_runs(client, name)
    assert client.delete(f"/v1/jobs/{name}").status_code == 204
    assert client.get(f"/v1/jobs/{name}").status_code == 404
    assert client.delete(f"/v1/jobs/{name}").status_code == 404
    assert outcome(client, put(client).json()["job"])["state"] == "done"


def test_what_runs_ends_with_its_lease_and_what_was_found_stays(client: httpx2.Client) -> None:
    done = put(client).json()["job"]
    outcome(client, done)
    names = [put(client, "hang").json()["job"] for _ in range(2)]
    until_it_runs(client, names[0])
    assert take(client, OTHER).status_code == 423
    client.delete(f"/v1/leases/{LEASE}")
    assert take(client, OTHER).status_code == 200
    for name in names:
        found = outcome(client, name)
        assert (found["state"], found["error"]) == ("lost", "its lease was given back")
    assert outcome(client, done)["state"] == "done"
    assert put(client).status_code == 410


def test_jobs_that_wait_are_bounded(client: httpx2.Client) -> None:
    names = [put(client, "hang").json()["job"]]
    until_it_runs(client, names[0])
    for _ in range(3):
        assert put(client).status_code == 202
    reply = put(client)
    assert reply.status_code == 503
    assert "3 jobs wait already" in reply.json()["error"]


def test_results_that_nobody_fetches_are_bounded(agent: Agent, client: httpx2.Client) -> None:
    names = []
    for seed in range(6):
        names.append(put(client, seed=seed).json()["job"])
        outcome(client, names[-1])
    put(client)
    known = [client.get(f"/v1/jobs/{it}").status_code for it in names]
    assert known == [404, 404, 200, 200, 200, 200]
    assert len(list((agent.kept / "jobs").iterdir())) <= 5


def test_a_program_that_made_room_before_its_turn_is_measured_again(
    agent: Agent, client: httpx2.Client
) -> None:
    first = put(client, "hang").json()["job"]
    until_it_runs(client, first)
    second = put(client).json()["job"]
    for file in (agent.kept / "programs").iterdir():
        file.unlink()
    client.delete(f"/v1/jobs/{first}")
    assert outcome(client, second)["state"] == "lost"


def test_an_agent_that_is_stopped_stops_what_runs(agent: Agent, client: httpx2.Client) -> None:
    until_it_runs(client, put(client, "hang").json()["job"])
    worker = number_in(agent.folder / "hangs")
    agent.end()
    assert not psutil.pid_exists(worker)


def test_the_system_ends_a_measurement_before_the_agent(
    agent: Agent, client: httpx2.Client
) -> None:
    until_it_runs(client, put(client, "hang").json()["job"])
    score = Path(f"/proc/{number_in(agent.folder / 'hangs')}/oom_score_adj")
    if not score.exists():
        pytest.skip("this system has no scores for running out of memory")
    assert score.read_text().strip() == "1000"
