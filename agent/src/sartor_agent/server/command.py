"""The command `sartor-agent`."""

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import socket
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sartor_agent.errors import OptionError, SartorError
from sartor_agent.server.app import create_app
from sartor_agent.server.settings import MIB, Settings

FOLDER = Path("~/.cache/sartor-agent")
VARIABLE = "SARTOR_AGENT_TOKEN"
LAST_PORT = 65_535
AT_ONCE = 128
"""Connections at the same time; the next one is told to come back."""
IDLE_S = 30
"""Seconds after which an idle connection is closed."""
ENDING_S = 2
"""Seconds for requests under way when the agent ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent listens."""

    host: str = "127.0.0.1"
    port: int = 8040
    """0 takes a free one."""
    certificate: Path | None = None
    """PEM file, for TLS."""
    key: Path | None = None
    """PEM file of the certificate's private key."""
    attached: bool = False
    """It ends when standard input is closed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped.

    Args:
        arguments: Of the command line; by default this process's own.
    """
    options = parser().parse_args(arguments)
    place = Place(
        host=options.host, port=options.port, certificate=options.certificate, key=options.key,
        attached=options.attached,
    )  # fmt: skip
    try:
        serve(_settings(options), place)
    except SartorError as error:
        print(f"sartor-agent: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from error


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    it = argparse.ArgumentParser("sartor-agent", description="Measures networks on this device.")
    it.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    it.add_argument("--port", type=int, default=8040, help="0 takes a free one (%(default)s)")
    it.add_argument(
        "--token-file", type=Path,
        help=f"holds the token, readable by you alone; made if it is absent. Without, {VARIABLE}",
    )  # fmt: skip
    it.add_argument("--certificate", type=Path, help="PEM file, for TLS")
    it.add_argument("--key", type=Path, help="PEM file of the certificate's private key")
    it.add_argument("--folder", type=Path, default=FOLDER, help="for programs and results")
    bounds = (
        ("--upload-mib", 512, "largest program, in MiB"),
        ("--kept-mib", 2048, "all programs together, in MiB"),
        ("--memory-mib", None, "address space of a measurement, in MiB; else all memory"),
        ("--job-seconds", 3600, "longest measurement"),
        ("--lease-seconds", 60, "silence after which another client may have the device"),
    )
    for option, default, text in bounds:
        it.add_argument(option, type=int, default=default, help=f"{text} (%(default)s)")
    it.add_argument(
        "--attached", action="store_true",
        help="read the token from standard input, and end when that is closed",
    )  # fmt: skip
    return it


def serve(settings: Settings, place: Place) -> None:
    """Serve until a signal, or until standard input is closed where it is attached.

    The first line on standard output says where: {"host": ..., "port": ...}.

    Raises:
        OptionError: The port, the folder or the certificate cannot be used.
        MeasurementError: The runtimes of this device cannot be described.
    """
    if (place.certificate is None) != (place.key is None):
        raise OptionError("TLS needs both a certificate and its key; give --certificate and --key.")
    with _alone(settings.folder), _listening(place.host, place.port) as opened:
        config = uvicorn.Config(
            create_app(settings),
            ssl_certfile=place.certificate,
            ssl_keyfile=place.key,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=ENDING_S,
            log_level="error",  # not a line for whatever a stranger sends
            ws="none",
        )
        try:
            config.load()
        except OSError as error:  # SSLError among them
            raise OptionError(f"{place.certificate} and {place.key} are no pair: {error}.") \
                from error  # fmt: skip
        server = uvicorn.Server(config)
        if place.attached:
            threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        host, port = opened.getsockname()[:2]
        print(json.dumps({"host": host, "port": port}), flush=True)  # noqa: T201
        server.run(sockets=[opened])


def _settings(options: argparse.Namespace) -> Settings:
    token = _attached_token() if options.attached else _token(options.token_file)
    memory = options.memory_mib
    return Settings(
        token=token,
        folder=options.folder.expanduser(),
        upload_bytes=options.upload_mib * MIB,
        kept_bytes=options.kept_mib * MIB,
        memory_bytes=None if memory is None else memory * MIB,
        job_s=options.job_seconds,
        lease_s=options.lease_seconds,
    )


def _attached_token() -> str:
    """Read a line of standard input, and nothing beyond it."""
    found = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        found += byte
    return found.decode(errors="replace")


def _token(file: Path | None) -> str:
    """Return the token from a file or the environment.

    Raises:
        OptionError: There is none, or others can read the file.
    """
    if file is None:
        if (token := os.environ.get(VARIABLE)) is None:
            raise OptionError(f"there is no token; give --token-file FILE, or set {VARIABLE}.")
        return token
    with contextlib.suppress(FileExistsError):
        made = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(made, "w") as opened:
            opened.write(secrets.token_hex(32) + "\n")
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise OptionError(f"others can read {file}; change that with chmod 600 {file}.")
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the token cannot be read from {file}: {error}.") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second agent out of the folder, and off the device."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OptionError(
                f"another sartor-agent uses {folder}; stop it, or connect to it."
            ) from error
        yield


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen before anybody is told where."""
    if not 0 <= port <= LAST_PORT:  # the system would take -1 for another one
        raise OptionError(f"the port is {port}; allowed: 0 to {LAST_PORT}.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind)
    except OSError as error:
        raise OptionError(f"cannot listen on {host}, port {port}: {error}.") from error
    with opened:
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(128)
        except OSError as error:
            raise OptionError(f"cannot listen on {host}, port {port}: {error}.") from error
        yield opened


def _end_with_input(server: uvicorn.Server) -> None:
    """Stop the server when whoever started it has gone."""
    while os.read(0, 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
