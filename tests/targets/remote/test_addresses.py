"""Boards by their address, tokens by their file."""

import json
from pathlib import Path

import pytest

from agents import TOKEN, Agent, running
from sartor.errors import OptionError
from sartor.targets.remote import is_board, open_board
from sartor.targets.remote.tokens import token_of


def written(folder: Path, content: object, mode: int = 0o600) -> Path:
    file = folder / "tokens.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    file.chmod(mode)
    return file


def test_an_address_finds_its_token(tmp_path: Path) -> None:
    with running(Agent(tmp_path / "agent")) as agent:
        file = written(tmp_path, {f"127.0.0.1:{agent.port}": TOKEN, "other:1": "x"})
        with open_board(f"{agent.url}/", tokens=file) as board:
            assert board.name == f"{agent.url}/"
            assert board.cores == 2


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ({"pi:1": "x"}, 0o644, "others can read"),
        ({"pi:2": "x"}, 0o600, "lacks the token of pi:1; add"),
        ({"pi:1": 3}, 0o600, "lacks the token"),
        ([], 0o600, "lacks the token"),
        ("{", 0o600, "cannot be read as JSON"),
    ],
)
def test_a_file_of_tokens_that_will_not_do_says_why(
    tmp_path: Path, content: object, mode: int, said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        token_of("pi:1", written(tmp_path, content, mode))


def test_a_file_of_tokens_that_is_absent_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r'write \{"pi:1": "..."\} into \S+none, then chmod 600'):
        token_of("pi:1", tmp_path / "none")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://secret@pi:8040", "the address of pi holds a user or a token"),
        ("http://pi:8040/v1", "no address of a board"),
        ("http://pi:8040?x=1", "no address of a board"),
        ("http://", "no address of a board"),
        ("http://pi:port", "no address"),
        ("ftp://pi", "no address of a board"),
        ("cpu", "no address of a board"),
        ("ssh:pi", "give ssh://user@host"),
        ("adb:", "give adb:SERIAL"),
    ],
)
def test_an_address_that_is_no_boards_is_refused(address: str, said: str) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        open_board(address, token=TOKEN)
    assert "secret" not in str(refused.value)


def test_boards_are_told_from_other_targets() -> None:
    for address in ("http://pi:1", "https://pi", "ssh://pi", "adb:1"):
        assert is_board(address)
    for name in ("cpu", "cpu:openvino", "systolic:64x64", "adb"):
        assert not is_board(name)
