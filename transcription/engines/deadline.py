"""One deadline over everything that a call does on the network.

The client's own timeout is for each read, so a server that sends a byte every few seconds keeps a
call for ever. Here every connect, handshake, read and write gets what is left of the call's time.
The one thing not bounded is the system's resolver, which has limits of its own.
"""

import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

PIECE_BYTES = 16_384
# Written at a time: one TLS record, which the system takes whole or not at all.


class Deadline:
    """When the call under way must be over. One call at a time."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def begin(self, seconds: float) -> None:
        """Give the call that begins now so many seconds."""
        self._ends_at = time.monotonic() + seconds

    def left(self, timeout: float | None, late: type[Exception]) -> float:
        """Return what is left, at most *timeout*. Raises *late* where nothing is."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise late("the call's deadline has passed")
        return left if timeout is None else min(timeout, left)


class DeadlineBackend(httpcore2.NetworkBackend):
    """Opens connections that keep to a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "DeadlineStream":
        """Connect to the first address that answers, all tries together within the deadline."""
        failure: httpcore2.NetworkError | httpcore2.TimeoutException | None = None
        for address in _addresses(host, port):
            left = self._deadline.left(timeout, httpcore2.ConnectTimeout)
            try:
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure or httpcore2.ConnectError(f"{host} has no address")


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class DeadlineStream(httpcore2.NetworkStream):
    """A connection that keeps to a deadline, and knows what its peer has taken."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left(timeout, httpcore2.ReadTimeout)
        try:
            return self._stream.read(max_bytes, left)
        except httpcore2.ReadError as error:
            if self._has_untaken():
                error.add_note(UNTAKEN)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        for start in range(0, len(view), PIECE_BYTES):
            left = self._deadline.left(timeout, httpcore2.WriteTimeout)
            self._stream.write(bytes(view[start : start + PIECE_BYTES]), left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "DeadlineStream":
        left = self._deadline.left(timeout, httpcore2.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        return DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _has_untaken(self) -> bool:
        """Tell whether the peer's system never took some of what was written.

        A reset then means that the server cannot have read all of the request, although ours had
        gone into the system's buffer. Linux says it (tcp(7), SIOCOUTQ); False where nothing does.
        """
        link = self._stream.get_extra_info("socket")
        try:
            answer = fcntl.ioctl(link.fileno(), termios.TIOCOUTQ, bytes(4))
        except (OSError, ValueError, AttributeError):
            return False
        return bool(struct.unpack("i", answer)[0] > 0)


UNTAKEN = "untaken"
# The note on a read that failed while the peer had not taken all that was written.
