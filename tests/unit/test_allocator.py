"""What a process has in memory after a large buffer, measured in a process of its own."""

import platform
import subprocess
import sys

import pytest

BUFFER_MB = 32
PROGRAM = f"""
import psutil
from transcription.engines import allocator

{{first}}
begin = psutil.Process().memory_info().rss
for _ in range(2):  # glibc keeps what comes a second time
    buffer = bytearray(b"x") * {BUFFER_MB // 2 * 1024**2}
    above = bytearray(100_000)  # in the way of giving back what lies below it
    del buffer
{{then}}
print((psutil.Process().memory_info().rss - begin) // 1024**2)
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")


def left_mb(first: str = "", then: str = "") -> int:
    program = PROGRAM.format(first=first, then=then)
    return int(subprocess.check_output([sys.executable, "-c", program]))


def test_a_large_buffer_that_is_freed_stays_unless_asked_otherwise() -> None:
    assert left_mb() >= BUFFER_MB // 2 - 1
    assert left_mb(first="allocator.give_back_at_once()") <= 1
    assert left_mb(then="allocator.give_back()") <= 1
