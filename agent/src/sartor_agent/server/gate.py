"""What every request passes before anything reads it: token, size, time."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]  # Any: ASGI's own types
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST_MESSAGE = 2**20
"""Bytes of a request that brings nothing along."""
LARGEST_JOB = 2**24
"""Bytes of a request for a job, which may hold inputs to run."""
DIGITS = 15
"""Of a length, at most."""


class Gate:
    """Refuses who lacks the token, and bodies that are too large or trickle in for ever."""

    def __init__(self, app: App, token: str, upload_bytes: int, idle_s: float) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()
        self._upload_bytes = upload_bytes
        self._idle_s = idle_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # a web socket: closed without an answer
        refused = self._refusal(scope)
        if refused is not None:
            await _answer(send, *refused)
            return
        await self._app(scope, self._bounded(receive), send)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Say what speaks against the head of a request."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._token):
            return (
                401,
                "the token is missing or wrong; give the one that the agent was started with.",
            )
        if b"transfer-encoding" in headers:
            return 411, "the length of the body is unknown; send Content-Length."
        length = headers.get(b"content-length", b"0")
        most = self._most(scope["path"]) if scope["method"] == "PUT" else LARGEST_MESSAGE
        if not length.isdigit() or len(length) > DIGITS or int(length) > most:
            return 413, f"the body is longer than {most} bytes, or its length is no number."
        return None

    def _most(self, path: str) -> int:
        """Return how many bytes may be put at a path."""
        if "/programs/" in path:
            return self._upload_bytes
        return LARGEST_JOB if "/jobs/" in path else LARGEST_MESSAGE

    def _bounded(self, receive: Receive) -> Receive:
        """Drop a body of which nothing arrives for too long."""
        whole = False

        async def bounded() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            message = await asyncio.wait_for(receive(), self._idle_s)
            whole = not message.get("more_body", False)
            return message

        return bounded


async def _answer(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the body of the request stays unread
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
