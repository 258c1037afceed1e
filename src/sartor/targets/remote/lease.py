"""Having a board to oneself, for as long as it takes."""

import contextlib
import getpass
import os
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Self

import httpx2

from sartor.errors import BoardError
from sartor.targets.remote.connection import Connection

LENT = 423
BEATS = 3
"""Heartbeats within the time after which another client may take the board."""
GIVING_BACK_S = 5.0
"""Seconds spent on giving a board back; it comes back by itself in any case."""


class Lease:
    """A board, lent to this process while the `with` block runs.

    A thread tells the board that this client is alive.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._path = f"/leases/{secrets.token_hex(16)}"
        self._holder = {"holder": f"{_user()}@{socket.gethostname()}:{os.getpid()}"[:300]}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._seconds = 60.0

    @property
    def path(self) -> str:
        """Under which the agent serves who has the lease."""
        return self._path

    def __enter__(self) -> Self:
        """Wait for the board.

        Raises:
            BoardError: It cannot be reached, or another client keeps it.
        """
        self.take()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the board back."""
        self._stop.set()
        self._thread.join()  # a heartbeat that came later would take the board again
        with contextlib.suppress(BoardError):  # it is silence then that gives it back
            self._connection.send("DELETE", self._path, seconds=GIVING_BACK_S)

    def take(self) -> None:
        """Take the board, or take it again after the agent was started anew.

        Raises:
            BoardError: It cannot be reached, or another client keeps it.
        """
        end = time.monotonic() + self._connection.patience.lent_s
        while True:
            reply = self._connection.send("PUT", self._path, json=self._holder)
            if reply.status == 200:
                self._seconds = float(reply.body["seconds"])
                return
            if reply.status != LENT or time.monotonic() > end:
                raise BoardError(f"{self._connection.url}: {reply.error}")
            time.sleep(min(1.0, float(reply.body["seconds_left"])))

    def _beat(self) -> None:
        while not self._stop.wait(self._seconds / BEATS):
            try:
                self._connection.try_once("PUT", self._path, json=self._holder)
            except httpx2.TransportError:
                continue  # whoever measures meets the same, and deals with it


def _user() -> str:
    """Name who asks, for those who have to wait."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a list of users
        return f"user {os.getuid()}"
