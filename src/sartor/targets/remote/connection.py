"""Requests to an agent, repeated while the connection is cut."""

import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from sartor.errors import BoardError

TIMES = httpx2.Timeout(30.0, connect=5.0)
"""Seconds for one request; the agent holds one for 20 s at most."""
PAUSES = (0.05, 2.0)
"""Seconds between tries, at first and at most."""
FIRST_S = 10.0
"""Seconds for the first contact: an address that is wrong stays wrong."""
AGAIN = (408, 429, 502, 503, 504)
"""What a busy agent or a proxy answers, and what is worth another try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client puts up with what goes wrong."""

    reach_s: float = 120.0
    """Seconds without an answer after which a board counts as gone."""
    lent_s: float = 600.0
    """Seconds to wait while another client has the board."""
    repeats: int = 20
    """Times that a measurement is repeated that the board lost, or an upload that was damaged."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent answered."""

    status: int
    body: Mapping[str, Any]  # Any: plain data

    @property
    def error(self) -> str:
        """The sentence in which the agent refused."""
        return str(self.body.get("error", f"status {self.status}."))


class Connection:
    """A way to an agent. Every request may be sent twice. Safe from any thread.

    Args:
        url: `http://` or `https://`, host and port.
        token: The agent's.
        certificate: PEM file of a certificate to trust; by default the system's.
        socket: Unix socket through which the host is reached.
        patience: With what goes wrong.

    Raises:
        BoardError: The certificate cannot be read.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        certificate: Path | None = None,
        socket: Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.url = url
        self.patience = patience or Patience()
        trusted: ssl.SSLContext | bool = True
        if certificate is not None:
            try:
                trusted = ssl.create_default_context(cafile=certificate)
            except (OSError, ssl.SSLError) as error:
                raise BoardError(f"{certificate} is no certificate: {error}.") from error
        # Straight to the board: a proxy of the environment would not reach it.
        transport = httpx2.HTTPTransport(
            verify=trusted, uds=None if socket is None else str(socket)
        )
        self._client = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMES,
            transport=transport,
            trust_env=False,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        file: Path | None = None,
        seconds: float | None = None,
    ) -> Reply:
        """Send a request until it is answered.

        Args:
            method: Of HTTP; one that may be repeated.
            path: After the version.
            json: Body.
            file: Body.
            seconds: Until the board counts as gone; by default as long as patience says.

        Raises:
            BoardError: No answer, or the token is wrong.
        """
        start, pause = time.monotonic(), PAUSES[0]
        seconds = self.patience.reach_s if seconds is None else seconds
        while True:
            try:
                reply = self.try_once(method, path, json=json, file=file)
                if reply.status not in AGAIN:
                    break
                reason = reply.error
            except httpx2.TransportError as error:
                self._refuse_hopeless(error)
                reason = f"{error or type(error).__name__}."
            if time.monotonic() - start > seconds:
                raise BoardError(
                    f"{self.url} has not answered for {seconds:g} s; is sartor-agent running "
                    f"there? The last try: {reason}"
                )
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, PAUSES[1])
        if reply.status == 401:
            raise BoardError(f"{self.url} refuses the token: {reply.error}")
        return reply

    def try_once(
        self, method: str, path: str, *, json: object = None, file: Path | None = None
    ) -> Reply:
        """Send a request once.

        Raises:
            httpx2.TransportError: The connection was cut.
        """
        if file is None:
            return self._reply(self._client.request(method, f"/v1{path}", json=json))
        with file.open("rb") as opened:
            return self._reply(self._client.request(method, f"/v1{path}", content=opened))

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def _reply(self, response: httpx2.Response) -> Reply:
        """Read a body: JSON, or nothing."""
        try:
            body = response.json() if response.content else {}
        except ValueError as error:
            # Not from an agent: a proxy's page, or a body that was cut off.
            raise httpx2.RemoteProtocolError(f"no JSON came with status {response.status_code}") \
                from error  # fmt: skip
        return Reply(response.status_code, body if isinstance(body, dict) else {})

    def _refuse_hopeless(self, error: httpx2.TransportError) -> None:
        """Give up at once where another try would end in the same way."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise BoardError(
                    f"the certificate of {self.url} is not trusted ({cause.verify_message}); "
                    "give its PEM file."
                ) from error
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx2.UnsupportedProtocol):
            raise BoardError(f"{self.url} is no address of an agent: {error}") from error
