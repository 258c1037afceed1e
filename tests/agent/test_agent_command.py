"""The command `sartor-agent`."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sartor_agent.errors import OptionError
from sartor_agent.server.command import Place, main, parser, serve
from sartor_agent.server.settings import Settings, physical_bytes

TOKEN = "a token for tests alone"


@pytest.fixture(autouse=True)
def _beside_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    known = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    monkeypatch.setenv("PYTHONPATH", known)
    monkeypatch.delenv("SARTOR_AGENT_TOKEN", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return the sentence with which the command refuses its options."""
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    return capsys.readouterr().err


def attached(*options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sartor_agent.server.command", "--attached", "--port", "0"]
    return subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_every_setting_of_the_command_has_the_default_of_the_settings(tmp_path: Path) -> None:
    options = parser().parse_args([])
    settings = Settings(token=TOKEN, folder=tmp_path)
    assert options.upload_mib * 2**20 == settings.upload_bytes
    assert options.kept_mib * 2**20 == settings.kept_bytes
    assert options.job_seconds == settings.job_s
    assert options.lease_seconds == settings.lease_s
    assert (options.host, options.port) == (Place().host, Place().port)
    assert settings.most_bytes == physical_bytes() > 2**20


def test_without_a_token_nothing_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no token; give --token-file" in refused(capsys)


def test_a_token_that_can_be_guessed_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SARTOR_AGENT_TOKEN", "1234")
    assert "the token has 4 characters; allowed: 16 or more" in refused(capsys)


def test_a_token_that_others_can_read_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o644)
    assert f"chmod 600 {file}" in refused(capsys, "--token-file", str(file))


def test_a_token_is_drawn_where_its_file_is_absent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    said = refused(capsys, "--token-file", str(file), "--certificate", "c", "--folder", "f")
    assert "TLS needs both" in said
    assert len(file.read_text().strip()) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("job_s", 0.0, "job_s is 0.0; allowed: more than 0"),
        ("kept_bytes", 5, "upload_bytes is 536870912; allowed: at most kept_bytes, 5"),
        ("token", "ü" * 20, "of ASCII"),
    ],
)
def test_a_bound_that_makes_no_sense_is_refused(name: str, value: object, said: str) -> None:
    given = {"token": TOKEN, "folder": Path("f"), name: value}
    with pytest.raises(OptionError, match=said):
        Settings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [Place(host="no host"), Place(port=70000), Place(port=-1)])
def test_a_place_where_nobody_can_listen_is_refused(place: Place, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"cannot listen on|allowed: 0 to 65535"):
        serve(Settings(token=TOKEN, folder=tmp_path / "f"), place)


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    place = Place(port=0, certificate=Path(__file__), key=Path(__file__))
    settings = Settings(token=TOKEN, folder=tmp_path / "f", worker="made_up_worker")
    with pytest.raises(OptionError, match="are no pair"):
        serve(settings, place)


def test_an_attached_agent_ends_with_its_input_and_a_second_one_is_kept_out(
    tmp_path: Path,
) -> None:
    one = attached("--folder", str(tmp_path / "kept"))
    assert one.stdin is not None
    assert one.stdout is not None
    one.stdin.write(f"{TOKEN}\n".encode())
    one.stdin.flush()
    assert json.loads(one.stdout.readline())["host"] == "127.0.0.1"
    other = attached("--folder", str(tmp_path / "kept"))
    _, said = other.communicate(f"{TOKEN}\n".encode(), timeout=60)
    assert b"another sartor-agent uses" in said
    assert other.returncode == 2
    one.communicate(timeout=60)
    assert one.returncode == 0
