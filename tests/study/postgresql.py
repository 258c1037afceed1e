"""A real PostgreSQL server for tests, on a local port, in a folder of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
"""Who owns the server: it does not run as root."""


def binaries() -> Path | None:
    """Return the folder of the server's programs, or None where it is not installed."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return debian[-1].parent if debian else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server and yield the URL of its database."""
    owner = USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="sartor-postgresql-"))
    if owner is not None:
        shutil.chown(folder, owner)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        # The server's log must not hold the pipes open.
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            subprocess.run(command, check=True, user=owner, cwd="/", stdout=log, stderr=log)

    try:
        call("initdb", "--auth=trust", f"--username={USER}", "--no-sync")
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        )
        call("pg_ctl", "--wait", f"--options={options}", "start")
        try:
            yield f"postgresql://{USER}:secret@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "--wait", "--mode=immediate", "stop")
    finally:
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)
