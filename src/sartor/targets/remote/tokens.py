"""Tokens of boards, in a file that only their owner reads."""

import json
import stat
from pathlib import Path

from sartor.errors import OptionError

FILE = Path("~/.config/sartor/tokens.json")
"""By host and port: {"pi.local:8040": "..."}."""


def token_of(place: str, file: Path = FILE) -> str:
    """Return the token of a board.

    Not from the address, which ends up in the shell's history, and not from the environment, which
    has room for one board.

    Args:
        place: Host and port, as `pi.local:8040`.
        file: Of all tokens.

    Raises:
        OptionError: The file is absent, others can read it, or it lacks the board.
    """
    file = file.expanduser()
    line = json.dumps({place: "..."})
    try:
        mode = file.stat().st_mode
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise OptionError(
            f"the token of {place} is not known; write {line} into {file}, then chmod 600 {file}."
        ) from None
    except (OSError, ValueError) as error:
        raise OptionError(f"{file} cannot be read as JSON: {error}.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise OptionError(f"others can read {file}; change that with chmod 600 {file}.")
    token = found.get(place) if isinstance(found, dict) else None
    if not isinstance(token, str):
        raise OptionError(f"{file} lacks the token of {place}; add {line} to it.")
    return token
