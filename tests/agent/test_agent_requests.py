"""What an agent refuses, whoever sends it, and that nothing of it stays."""

import hashlib
import json
import secrets
import socket
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import TOKEN, Agent, running

UPLOAD_BYTES = 4096
PROGRAM = b"program:0"
HASH = hashlib.sha256(PROGRAM).hexdigest()
LEASE = "0" * 32


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    bounds = {"upload_bytes": UPLOAD_BYTES, "kept_bytes": 2 * UPLOAD_BYTES, "idle_s": 1.0}
    with running(Agent(tmp_path_factory.mktemp("agent"), bounds)) as one:
        yield one


@pytest.fixture(scope="module")
def client(agent: Agent) -> Iterator[httpx2.Client]:
    with agent.client() as one:
        assert one.put(f"/v1/leases/{LEASE}", json={"holder": "a test"}).status_code == 200
        yield one


def job(**changes: Any) -> dict[str, Any]:
    """Return a job that is allowed, with changes."""
    it = {"program": HASH, "label": "a", "runtime": "made_up", "precision": "fp32", "shapes": {}}
    request = {"do": "time", "threads": 1, "files": {"a": it}, "seconds_each": 0.1, "seed": 0,
               "most_bytes": None}  # fmt: skip
    return {"request": request | changes, "patience_s": 30.0}


def put_job(client: httpx2.Client, body: Any, name: str | None = None) -> httpx2.Response:
    return client.put(f"/v1/leases/{LEASE}/jobs/{name or secrets.token_hex(16)}", json=body)


def put_program(client: httpx2.Client, content: bytes, name: str) -> httpx2.Response:
    return client.put(f"/v1/leases/{LEASE}/programs/{name}", content=content)


def kept(agent: Agent) -> list[str]:
    return sorted(it.name for it in agent.kept.rglob("*") if it.is_file())


@pytest.mark.parametrize("token", ["?", "wrong", TOKEN + "x", TOKEN[:-1], TOKEN.upper()])
@pytest.mark.parametrize("path", ["/v1/device", "/v1/openapi.json", "/docs", "/", "/v1/jobs/0"])
def test_nothing_is_told_without_the_token(agent: Agent, token: str, path: str) -> None:
    with agent.client(token) as stranger:
        reply = stranger.get(path)
    assert reply.status_code == 401
    assert reply.json() == {
        "error": "the token is missing or wrong; give the one that the agent was started with."
    }


def test_what_a_device_is_and_allows_is_told(client: httpx2.Client) -> None:
    facts = client.get("/v1/device").json()
    assert facts["interface"] == 1
    assert facts["fingerprint"]["cpu"] == "made up"
    assert facts["runtimes"]["made_up"]["formats"] == [".onnx"]
    assert facts["limits"]["upload_bytes"] == UPLOAD_BYTES


def test_a_path_that_is_nearly_right_is_refused(client: httpx2.Client) -> None:
    for path in ("/v1/device/", f"/v1/leases/{LEASE}/", "/v1//device"):
        assert client.get(path).status_code == 404


def test_a_program_is_there_once_it_was_uploaded(client: httpx2.Client) -> None:
    content = b"program:there"
    name = hashlib.sha256(content).hexdigest()
    assert client.head(f"/v1/programs/{name}").status_code == 404
    assert put_program(client, content, name).status_code == 201
    assert client.head(f"/v1/programs/{name}").status_code == 204


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"program:1", 422, "another hash"),
        (b"", 422, "it is empty"),
    ],
)
def test_an_upload_that_is_not_what_its_hash_says_is_refused(
    agent: Agent, client: httpx2.Client, content: bytes, status: int, said: str
) -> None:
    before = kept(agent)
    reply = put_program(client, content, "1" * 64)
    assert reply.status_code == status
    assert said in reply.json()["error"]
    assert kept(agent) == before


def test_what_is_no_model_is_refused(agent: Agent, client: httpx2.Client) -> None:
    before = kept(agent)
    reply = put_program(client, b"import os", hashlib.sha256(b"import os").hexdigest())
    assert reply.status_code == 422
    assert reply.json() == {"error": "the program is refused: it is no model."}
    assert kept(agent) == before


def test_only_who_has_the_device_uploads_and_measures(agent: Agent) -> None:
    other = "1" * 32
    with agent.client() as client:
        for path in ("programs/" + "1" * 64, "jobs/" + "2" * 32):
            reply = client.put(f"/v1/leases/{other}/{path}", json=job())
            assert reply.status_code == 410
            assert "take the device anew" in reply.json()["error"]


def test_programs_that_are_missing_are_named(client: httpx2.Client) -> None:
    asked = job()
    asked["request"]["files"]["a"]["program"] = "9" * 64
    reply = put_job(client, asked)
    assert reply.status_code == 409
    assert reply.json()["missing"] == ["9" * 64]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"do": "exec"}, "'time', 'inspect'"),
        ({"files": {}}, "at least 1"),
        ({"threads": 0}, "threads"),
        ({"threads": "1"}, "threads"),
        ({"seconds_each": 1e9}, "seconds_each"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"most_bytes": 1}, "most_bytes"),
        ({"worker": "os"}, "worker"),
        ({"file": "/etc/passwd"}, "file"),
        ({"files": {"a": {"file": "/etc/passwd"}}}, "files"),
        ({"clock": "sundial"}, "clock"),
    ],
)
def test_a_request_that_is_not_allowed_is_refused_by_its_field(
    client: httpx2.Client, changes: dict[str, Any], said: str
) -> None:
    reply = put_job(client, job(**changes))
    assert reply.status_code == 422
    assert said in reply.json()["error"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": []}, "at least 1"),
        ({"inputs": [{"kind": "float32", "shape": [2], "data": "%00"}]}, "data"),
        ({"inputs": [{"kind": "../x", "shape": [2], "data": ""}]}, "kind"),
        ({"inputs": [{"kind": "float32", "shape": [-2], "data": ""}]}, "shape"),
        ({"inputs": "AAAA"}, "inputs"),
        ({"seed": 1}, "seed"),
    ],
)
def test_inputs_that_are_not_allowed_are_refused_by_their_field(
    client: httpx2.Client, changes: dict[str, Any], said: str
) -> None:
    asked = job()
    (file,) = asked["request"]["files"].values()
    numbers = {"kind": "float32", "shape": [1], "data": "AAAAAA=="}
    asked["request"] = {"do": "run", "file": file, "threads": 1, "inputs": [numbers]} | changes
    reply = put_job(client, asked)
    assert reply.status_code == 422
    assert said in reply.json()["error"]


def test_a_runtime_that_the_device_lacks_is_refused(client: httpx2.Client) -> None:
    asked = job()
    asked["request"]["files"]["a"]["runtime"] = "os"
    reply = put_job(client, asked)
    assert reply.status_code == 422
    assert reply.json()["error"] == "unknown runtime 'os'; on this device: made_up."


def test_a_job_that_may_take_too_long_is_refused(client: httpx2.Client) -> None:
    reply = put_job(client, job() | {"patience_s": 3601.0})
    assert reply.status_code == 422
    assert "allows 3600 s" in reply.json()["error"]


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e%2fa", "a" * 31, "A" * 32, "g" * 32, "0" * 32 + "%0a", "0" * 33, "%00"]
)
def test_a_number_that_is_none_is_refused(client: httpx2.Client, name: str) -> None:
    assert put_job(client, job(), name).status_code in (404, 405, 422)
    assert client.get(f"/v1/jobs/{name}").status_code in (404, 422)
    assert put_program(client, b"a", name).status_code in (404, 405, 422)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"1" * 5000, b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(client: httpx2.Client, body: bytes) -> None:
    reply = client.put(
        f"/v1/leases/{LEASE}/jobs/{'3' * 32}",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert 400 <= reply.status_code < 500
    assert reply.json()["error"]


def raw(agent: Agent, sent: bytes, ends: bool = False) -> bytes:
    """Send bytes and return the answer."""
    with socket.create_connection(("127.0.0.1", agent.port), timeout=20) as opened:
        opened.sendall(sent)
        if ends:
            opened.shutdown(socket.SHUT_WR)
        answer = b""
        while part := opened.recv(4096):
            answer += part
    return answer


def head(path: str, length: object) -> bytes:
    lines = [f"PUT {path} HTTP/1.1", "Host: a", f"Authorization: Bearer {TOKEN}",
             f"Content-Length: {length}", "Connection: close", "", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_a_body_of_unknown_length_is_refused(agent: Agent) -> None:
    # Without a body: what is sent and never read may reset the connection before the answer.
    sent = head(f"/v1/leases/{LEASE}/programs/{HASH}", 0)
    chunked = sent.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    assert raw(agent, chunked).startswith(b"HTTP/1.1 411")


def test_what_is_too_long_is_refused_unread(agent: Agent) -> None:
    answer = raw(agent, head(f"/v1/leases/{LEASE}/programs/{HASH}", UPLOAD_BYTES + 1))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"longer than 4096 bytes" in answer
    answer = raw(agent, head(f"/v1/leases/{LEASE}", 2**20 + 1))
    assert answer.startswith(b"HTTP/1.1 413")
    answer = raw(agent, head(f"/v1/leases/{LEASE}/jobs/{'0' * 32}", 2**24 + 1))
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("ends", [False, True])
def test_an_upload_that_stops_in_the_middle_leaves_nothing(
    agent: Agent, client: httpx2.Client, ends: bool
) -> None:
    assert client.put(f"/v1/leases/{LEASE}", json={"holder": "a test"}).status_code == 200
    before = kept(agent)
    answer = raw(agent, head(f"/v1/leases/{LEASE}/programs/{HASH}", 9) + b"progr", ends)
    assert ends or b"cut off" in answer
    assert client.get("/v1/device").status_code == 200
    assert kept(agent) == before


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 30, "0" * 40 + "9" * 9])
def test_a_length_that_is_no_number_is_refused(agent: Agent, length: str) -> None:
    answer = raw(agent, head(f"/v1/leases/{LEASE}/programs/{HASH}", length))
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))


WORDS = st.text(string.printable, max_size=40)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
TREES = st.recursive(LEAVES, lambda it: st.lists(it) | st.dictionaries(WORDS, it), max_leaves=12)
FIELDS = ("do", "threads", "files", "seconds_each", "seed", "most_bytes", "other")


@settings(max_examples=100)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), TREES, min_size=1))
def test_no_request_breaks_the_agent(client: httpx2.Client, changes: dict[str, Any]) -> None:
    body = json.dumps(job(**changes)).encode()
    reply = client.put(
        f"/v1/leases/{LEASE}/jobs/{secrets.token_hex(16)}",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert reply.status_code in (202, 409, 422), reply.text
    if reply.status_code == 422:
        assert reply.json()["error"]


@settings(max_examples=100)
@given(sent=st.binary(max_size=300))
def test_no_bytes_break_the_agent(agent: Agent, client: httpx2.Client, sent: bytes) -> None:
    answer = raw(agent, sent + b"\r\n\r\n", ends=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert client.get("/v1/device").status_code == 200


def test_files_of_an_agent_are_closed_to_others(agent: Agent) -> None:
    folders: list[Path] = [it for it in agent.kept.rglob("*") if it.is_dir()]
    assert len(folders) == 3
    assert [it.stat().st_mode & 0o077 for it in (agent.kept, *folders)] == [0] * 4
