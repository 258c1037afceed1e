"""Programs are kept by their hash, within a bound."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor_agent.server.programs import AT_ONCE, Incoming, Programs
from sartor_agent.server.refusals import Refusal

MOST = 1000


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def onnx(_: Path) -> str:
    return ".onnx"


def refuse(file: Path) -> str:
    raise Refusal(422, f"{file.name} is no model.")


def upload(programs: Programs, content: bytes, used: frozenset[Path] = frozenset()) -> str:
    name = name_of(content)
    with programs.receive(len(content), used) as incoming:
        for start in range(0, len(content), 64):
            incoming.write(content[start : start + 64])
        programs.keep(incoming, name, onnx)
    return name


def arrive(
    programs: Programs, arrived: bytes, promised: bytes, check: Callable[[Path], str]
) -> None:
    with programs.receive(len(promised), ()) as incoming:
        incoming.write(arrived)
        programs.keep(incoming, name_of(promised), check)


def age(file: Path | None, seconds: int) -> None:
    assert file is not None
    os.utime(file, (seconds, seconds))


def files(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.rglob("*") if it.is_file())


def test_a_program_is_found_by_its_hash_also_after_a_restart(tmp_path: Path) -> None:
    name = upload(Programs(tmp_path, MOST), b"content")
    found = Programs(tmp_path, MOST).find(name)
    assert found is not None
    assert found.read_bytes() == b"content"
    assert found.suffix == ".onnx"


@pytest.mark.parametrize("arrived", [b"", b"conten", b"contenT", b"content!"])
def test_what_arrives_otherwise_than_promised_is_not_kept(tmp_path: Path, arrived: bytes) -> None:
    programs = Programs(tmp_path, MOST)
    with pytest.raises(Refusal, match="another hash"):
        arrive(programs, arrived, b"content", onnx)
    assert files(tmp_path) == []


def test_what_is_no_model_is_not_kept(tmp_path: Path) -> None:
    programs = Programs(tmp_path, MOST)
    with pytest.raises(Refusal, match="no model"):
        arrive(programs, b"a", b"a", refuse)
    assert files(tmp_path) == []


def test_uploads_that_an_agent_left_behind_are_removed(tmp_path: Path) -> None:
    programs = Programs(tmp_path, MOST)
    with programs.receive(3, ()) as incoming:
        incoming.write(b"abc")
        assert len(files(tmp_path)) == 1
        Programs(tmp_path, MOST)
        assert files(tmp_path) == []


def test_the_program_that_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    programs = Programs(tmp_path, MOST)
    first, second = (upload(programs, bytes([it]) * 400) for it in (1, 2))
    age(programs.find(second), 1)
    age(programs.find(first), 2)
    upload(programs, b"c" * 400)
    assert programs.find(second) is None
    assert programs.find(first) is not None


def test_a_full_disk_is_said() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with pytest.raises(Refusal, match="disk is full") as refused:
        Incoming(full, 1).write(b"a")
    assert refused.value.status == 507


def test_programs_of_jobs_that_wait_stay(tmp_path: Path) -> None:
    programs = Programs(tmp_path, MOST)
    kept = programs.find(upload(programs, b"a" * 600))
    assert kept is not None
    with pytest.raises(Refusal, match="leave no room for 500 bytes") as refused:
        upload(programs, b"b" * 500, frozenset({kept}))
    assert refused.value.status == 507
    assert kept.exists()


def test_uploads_under_way_are_bounded_in_number_and_size(tmp_path: Path) -> None:
    programs = Programs(tmp_path, MOST)
    with programs.receive(600, ()), pytest.raises(Refusal), programs.receive(600, ()):
        pass
    held = [programs.receive(1, ()) for _ in range(AT_ONCE)]
    for it in held:
        it.__enter__()
    with pytest.raises(Refusal, match="under way"), programs.receive(1, ()):
        pass
    for it in held:
        it.__exit__(None, None, None)
    with programs.receive(1, ()):
        pass


@given(sizes=st.lists(st.integers(1, MOST), max_size=12))
def test_all_programs_together_stay_within_the_bound(
    sizes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    programs = Programs(folder, MOST)
    for number, size in enumerate(sizes):
        content = bytes([number]) * size
        name = upload(programs, content)
        found = programs.find(name)
        assert found is not None
        assert found.read_bytes() == content
        assert sum(it.stat().st_size for it in folder.rglob("*") if it.is_file()) <= MOST
