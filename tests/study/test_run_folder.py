"""Run folders: one job, one process, nothing lost."""

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import DamagedFileError, RunFolderError
from sartor.study import RunFolder, atomic, write_bytes

ASKED: dict[str, object] = {"data": "photos", "limits": ["latency=5ms"], "seed": 0}


def test_job_yaml_says_what_was_asked_and_with_which_versions(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", ASKED, {"target": "cpu-1234"}) as run:
        assert not run.resumed
        job = yaml.safe_load((run.path / "job.yaml").read_text())
    assert job["asked"] == ASKED
    assert job["target"] == "cpu-1234"
    assert job["versions"]["python"].startswith("3.")
    assert "torch" in job["versions"]


def test_the_same_job_goes_on(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        run.save_json("stages/x", [1, 2])
    with RunFolder.open(tmp_path, {"seed": 0, "limits": ("latency=5ms",), "data": "photos"}) as run:
        assert run.resumed
        assert run.load_json("stages/x") == [1, 2]


def test_another_job_is_refused_with_what_differs(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        run.save_json("stages/x", 1)
    other = ASKED | {"limits": ["latency=3ms"], "minutes": 20.0}
    with pytest.raises(RunFolderError) as caught:
        RunFolder.open(tmp_path, other)
    message = str(caught.value)
    assert 'limits was ["latency=5ms"] and is now ["latency=3ms"]' in message
    assert "minutes was nothing and is now 20.0" in message
    assert "seed" not in message
    assert "--out" in message
    with RunFolder.open(tmp_path, ASKED) as run:  # the refusal let go of the lock
        assert run.resumed


def test_a_run_that_made_nothing_may_be_asked_for_again_in_other_words(tmp_path: Path) -> None:
    mistyped = ASKED | {"data": "phtos"}
    with RunFolder.open(tmp_path, mistyped):
        pass
    with RunFolder.open(tmp_path, ASKED) as run:
        assert not run.resumed
        assert run.job["asked"] == ASKED
        run.save_json("stages/x", 1)
    with pytest.raises(RunFolderError, match='data was "photos" and is now "phtos"'):
        RunFolder.open(tmp_path, mistyped)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(asked=st.dictionaries(st.text("abcdef", min_size=1), json_values, max_size=4))
def test_what_was_asked_equals_itself_when_read_back(
    tmp_path_factory: pytest.TempPathFactory, asked: dict[str, object]
) -> None:
    place = tmp_path_factory.mktemp("run")
    with RunFolder.open(place, asked):
        pass
    with RunFolder.open(place, asked) as run:
        assert run.resumed


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match=r"notes\.txt is a file"):
        RunFolder.open(tmp_path / "notes.txt", ASKED)
    with pytest.raises(RunFolderError, match=r"notes\.txt is a file"):
        RunFolder.open(tmp_path / "notes.txt" / "run", ASKED)


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(RunFolderError, match=r"photo\.jpg.*new or an empty folder"):
        RunFolder.open(tmp_path, ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_run_killed_before_its_first_file_can_begin_again(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / ".job.yaml.17.tmp").write_text("half")
    with RunFolder.open(tmp_path, ASKED) as run:
        assert not run.resumed
    assert not (tmp_path / ".job.yaml.17.tmp").exists()


def test_a_folder_in_use_is_refused_with_the_process(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from sartor.study import RunFolder
        with RunFolder.open(sys.argv[1], {"a": 1}):
            print("open", flush=True)
            time.sleep(60)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(RunFolderError, match=f"in use by process {other.pid}"):
            RunFolder.open(tmp_path / "run", {"a": 1})
        other.send_signal(signal.SIGKILL)
        other.wait()
    with RunFolder.open(tmp_path / "run", {"a": 1}) as run:
        assert run.resumed


def test_a_folder_open_in_this_process_is_refused(tmp_path: Path) -> None:
    with (
        RunFolder.open(tmp_path, ASKED),
        pytest.raises(RunFolderError, match="in use by this process itself"),
    ):
        RunFolder.open(tmp_path, ASKED)


def test_a_full_disk_is_told_and_the_old_content_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder.open(tmp_path, ASKED)
    run.save_json("result", {"value": 1})

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "_sync", full)
        with pytest.raises(RunFolderError, match=r"disk is full.*\d+ B were needed.*same command"):
            run.save_json("result", {"value": 2})
    assert run.load_json("result") == {"value": 1}
    assert not list(tmp_path.rglob("*.tmp"))
    run.close()


def test_a_disk_that_is_really_full_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with (
        pytest.raises(RunFolderError, match=r"disk is full"),
        atomic.disk_errors(Path("model.onnx")),
        open("/dev/full", "wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_a_forbidden_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", forbidden)
    with pytest.raises(RunFolderError, match=r"cannot be written \(Permission denied\)"):
        write_bytes(tmp_path / "x", b"1")


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"value": 3}', b"[]"])
def test_a_damaged_json_file_is_noticed(tmp_path: Path, damage: bytes) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        path = run.save_json("result", {"value": 1.5})
        path.write_bytes(damage)
        with pytest.raises(DamagedFileError, match=re.escape(str(path))):
            run.load_json("result")
        assert run.load_json_or_none("result") is None
        assert run.load_json_or_none("result") is None
        assert len(run.notes) == 1
        assert run.notes[0].startswith(f"{path} is damaged")


def test_an_altered_number_is_noticed(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        path = run.save_json("result", {"value": 1.5})
        path.write_text(path.read_text().replace("1.5", "1.6"))
        with pytest.raises(DamagedFileError):
            run.load_json("result")


@given(value=json_values)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    with RunFolder.open(tmp_path_factory.mktemp("run"), {}) as run:
        run.save_json("value", value)
        assert run.load_json("value") == value


def test_a_damaged_job_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("just words")
    with pytest.raises(DamagedFileError, match=r"job\.yaml is damaged"):
        RunFolder.open(tmp_path, ASKED)


def test_a_job_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("version: 2\nasked: {}\n")
    with pytest.raises(RunFolderError, match="version 2, this Sartor reads version 1"):
        RunFolder.open(tmp_path, ASKED)


def test_stages_and_the_time_they_took_are_remembered(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        assert not run.stage_done("train")
        run.spend("train", 10.0)
    with RunFolder.open(tmp_path, ASKED) as run:
        assert run.spent("train") == 10.0
        run.finish_stage("train", None, seconds=5.0)
        run.finish_stage("search", {"front": [1]}, seconds=1.0)
    with RunFolder.open(tmp_path, ASKED) as run:
        assert run.stage_done("train")
        assert run.stage_result("train") is None
        assert run.stage_result("search") == {"front": [1]}
        assert run.stage_seconds() == {"train": 15.0, "search": 1.0}
        assert run.spent() == 16.0


def test_a_damaged_stage_is_not_done(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ASKED) as run:
        run.finish_stage("train", 1, seconds=5.0)
        (tmp_path / "stages" / "train.json").write_text("")
        assert not run.stage_done("train")


def test_a_kill_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from sartor.study import RunFolder
        with RunFolder.open(sys.argv[1], {"a": 1}) as run:
            for count in range(10**9):
                run.save_json("count", {"count": count, "ballast": "x" * 100_000})
                print(count, flush=True)
        """
    )
    for delay in (0.02, 0.05, 0.11):
        command = [sys.executable, "-c", program, str(tmp_path / "run")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            writer.kill()
            said = [line for line in writer.stdout.read().splitlines() if line]
        with RunFolder.open(tmp_path / "run", {"a": 1}) as run:
            assert run.load_json("count")["count"] >= int(said[-1] if said else 0)
            assert run.notes == []
        assert not list(tmp_path.rglob("*.tmp"))
