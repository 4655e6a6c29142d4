"""What the operating system tells of a connection."""

import select
import socket
import struct

HANG_UP = getattr(select, "POLLRDHUP", 0)
# Without it (not Linux), a client that hangs up is seen when it resets only.
CUT = struct.pack("ii", 1, 0)
# Linger for no time: the connection is reset, not ended (socket(7)).


def has_hung_up(connection: socket.socket, seconds: float = 0.0) -> bool:
    """Wait so long, or until the client hangs up; say whether it did."""
    if connection.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connection, HANG_UP)
    return bool(poll.poll(seconds * 1000))


def cut(connection: socket.socket) -> None:
    """Have the connection reset when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT)


def is_cut(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(CUT)) == CUT
