"""What glibc does with large buffers; nothing where another library has the memory.

A model takes and leaves buffers of tens of megabytes many times a second. glibc gives each back to
the kernel, which fills it with noughts anew, page after page: a tenth of the processor time that
decoding takes (mallopt(3)).
"""

import contextlib
import ctypes
from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Names of mallopt(3).
_KEPT_BYTES = 512 * 1024**2
_LARGEST_BUFFER = 256 * 1024**2
_USUAL_BYTES = 128 * 1024
# What glibc begins with for both.


def give_back_at_once() -> None:
    """Have this process and its forks keep no large buffer that is freed, however long they live.

    glibc would learn from the first ones to keep them. Threads that start from now on take their
    memory where everyone does: buffers beyond 64 MB fit in no other place.
    """
    _set(_ARENA_MAX, 1)
    _set(_MMAP_THRESHOLD, _USUAL_BYTES)
    _set(_TRIM_THRESHOLD, _USUAL_BYTES)


@contextlib.contextmanager
def buffers_kept() -> Iterator[None]:
    """Keep buffers that are freed during the block for the next; give all back at its end."""
    _set(_MMAP_THRESHOLD, _LARGEST_BUFFER)
    _set(_TRIM_THRESHOLD, _KEPT_BYTES)
    try:
        yield
    finally:
        _set(_MMAP_THRESHOLD, _USUAL_BYTES)
        _set(_TRIM_THRESHOLD, _USUAL_BYTES)
        give_back()


def give_back() -> None:
    """Give what is free back to the kernel."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _set(name: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(name, value)
