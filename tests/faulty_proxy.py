"""A network between a client and an agent that fails in ways that are asked for."""

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK = 65536
UPLOAD, END = b"/programs/", b"\r\n\r\n"


@dataclass
class Proxy:
    """Passes connections on to a port of the loopback address."""

    target: int
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    cut_share: float = 0.0
    """Of connections that are cut after some bytes."""
    cut_bytes: int = 6000
    """At most, before a cut."""
    corrupt_share: float = 0.0
    """Of uploads of which a byte is changed."""
    is_down: bool = False
    """No bytes pass, and what is open is cut."""
    cuts: int = 0
    corrupted: int = 0
    port: int = 0
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cut_all(self) -> None:
        """Cut every connection."""
        with self._lock:
            self.cuts += len(self._open) // 2
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        """Accept until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket() as server:
            if self.is_down:
                return
            try:
                server.connect(("127.0.0.1", self.target))
            except OSError:
                return
            with self._lock:
                self._open |= {client, server}
                cut = self.rng.random() < self.cut_share
                left = [self.rng.randrange(self.cut_bytes) if cut else 2**60]
            back = threading.Thread(target=self._pump, args=(server, client, left), daemon=True)
            back.start()
            self._pump(client, server, left, uploads=True)
            back.join()
            with self._lock:
                self._open -= {client, server}
                self.cuts += left[0] <= 0

    def _pump(
        self, one: socket.socket, other: socket.socket, left: list[int], uploads: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := one.recv(CHUNK):
                if uploads:
                    chunk = self._changed(chunk)
                left[0] -= len(chunk)
                if left[0] <= 0 or self.is_down:
                    break
                other.sendall(chunk)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _changed(self, chunk: bytes) -> bytes:
        """Change the last byte of an upload's first part."""
        head, found, body = chunk.partition(END)
        is_upload = chunk.startswith(b"PUT") and UPLOAD in head.partition(b"\r\n")[0]
        if not (is_upload or not chunk.startswith((b"PUT", b"GET", b"DELETE"))):
            return chunk
        payload = body if found else chunk
        with self._lock:
            if not payload or payload.startswith(b"{") or self.rng.random() > self.corrupt_share:
                return chunk
            self.corrupted += 1
        return chunk[:-1] + bytes([chunk[-1] ^ 1])


@contextlib.contextmanager
def between(proxy: Proxy) -> Iterator[Proxy]:
    """Let a proxy run with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
        proxy.is_down = True
        listener.shutdown(socket.SHUT_RDWR)
    proxy.cut_all()
