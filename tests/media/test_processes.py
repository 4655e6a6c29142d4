"""Children stay inside their limits and are gone with whoever started them."""

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hearings import ffmpeg
from hearings.complaints import Complaints
from hearings.processes import Confined, ProcessLimits, TimedOut, confined
from hearings.spans import Span

ROOMY = ProcessLimits(wall_seconds=60, cpu_seconds=30, memory_bytes=2 * 1024**3)
linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux has these limits"
)


def program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None
    return found


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def read(process: Confined) -> tuple[bytes, list[str], int]:
    """Return what a child wrote, its stderr's lines, and its exit status."""
    lines: list[str] = []
    output = b"".join(process.blocks(lines.append))
    return output, lines, process.wait()


def is_gone(pid: int) -> bool:
    """Say whether neither the process nor its group is left."""
    for look in (os.kill, os.killpg):
        try:
            look(pid, 0)
        except ProcessLookupError:
            continue
        return False
    return True


def test_output_and_complaints_come_apart() -> None:
    code = "import sys; print('out'); print('one\\ntwo', file=sys.stderr, end='')"
    with confined(python(code), ROOMY) as process:
        assert read(process) == (b"out\n", ["one", "two"], 0)


def test_a_flood_of_complaints_blocks_nothing_and_is_cut() -> None:
    code = "import sys; sys.stderr.write('x' * 5_000_000 + '\\n' + 'y\\n' * 50_000); print('done')"
    with confined(python(code), ROOMY) as process:
        output, lines, _ = read(process)

    assert output == b"done\n"
    assert max(map(len, lines)) == 2_000
    assert lines.count("y") == 50_000


def test_what_takes_too_long_is_killed() -> None:
    limits = ProcessLimits(wall_seconds=0.2, cpu_seconds=30, memory_bytes=2 * 1024**3)

    with pytest.raises(TimedOut), confined([program("sleep"), "60"], limits) as process:
        read(process)

    assert is_gone(process.pid)


def test_what_closes_its_pipes_and_stays_is_killed_too() -> None:
    code = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    limits = ProcessLimits(wall_seconds=1, cpu_seconds=30, memory_bytes=2 * 1024**3)

    with pytest.raises(TimedOut), confined(python(code), limits) as process:
        read(process)

    assert is_gone(process.pid)


def test_what_computes_for_ever_is_killed() -> None:
    limits = ProcessLimits(wall_seconds=60, cpu_seconds=1, memory_bytes=2 * 1024**3)
    with confined(python("while True: pass"), limits) as process:
        *_, status = read(process)

    assert status in (-signal.SIGKILL, -signal.SIGXCPU)


@linux_only
def test_what_wants_too_much_memory_does_not_get_it() -> None:
    limits = ProcessLimits(wall_seconds=60, cpu_seconds=30, memory_bytes=300 * 1024**2)
    with confined(python("bytearray(10**9)"), limits) as process:
        _, lines, status = read(process)

    assert status == 1
    assert lines[-1] == "MemoryError"


def test_no_child_writes_a_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    code = f"import os; os.write(os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY), b'x')"
    with confined(python(code), ROOMY) as process:
        *_, status = read(process)

    assert status == 1
    assert target.stat().st_size == 0


def test_no_child_sees_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sentinel")
    monkeypatch.setenv("FFREPORT", "file=report.log")
    with confined(python("import os; print(*os.environ)"), ROOMY) as process:
        output, *_ = read(process)

    assert b"PATH" in output
    assert b"OPENAI_API_KEY" not in output
    assert b"FFREPORT" not in output


def test_leaving_early_leaves_no_process(tone: Path) -> None:
    with ffmpeg.decode(tone) as stream:
        next(iter(stream))
        pid = stream._process.pid
        assert not is_gone(pid)

    assert is_gone(pid)


def test_an_error_in_the_middle_leaves_no_process(tone: Path) -> None:
    pids: list[int] = []

    def fail() -> None:
        with ffmpeg.decode(tone) as stream:
            next(iter(stream))
            pids.append(stream._process.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert is_gone(*pids)


def test_a_group_dies_with_its_leader() -> None:
    code = (
        "import subprocess, sys, time;"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid,"
        " flush=True); time.sleep(60)"
    )
    with confined(python(code), ROOMY) as process:
        grandchild = int(next(process.blocks(lambda _line: None)))
        death = os.pidfd_open(grandchild) if sys.platform.startswith("linux") else None

    if death is not None:
        assert select.select([death], [], [], 10)[0], "the grandchild lives on"


@linux_only
def test_a_killed_parent_leaves_no_process() -> None:
    code = (
        "from hearings.processes import *\n"
        "limits = ProcessLimits(wall_seconds=60, cpu_seconds=9, memory_bytes=2**31)\n"
        f"with confined([{program('sleep')!r}, '60'], limits) as child:\n"
        "    print(child.pid, flush=True)\n"
        "    child.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        death = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()

    assert select.select([death], [], [], 10)[0], "the child lives on"


def test_a_slice_leaves_no_descriptor_open(tone: Path) -> None:
    ffmpeg.read_pcm(tone, Span(0, 1_000))
    before = len(list(Path("/dev/fd").iterdir()))

    for _ in range(3):
        ffmpeg.read_pcm(tone, Span(0, 1_000))

    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.fixture
def broken_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that puts a program of ours in ffmpeg's place."""

    def install(script: str) -> None:
        program = tmp_path / "ffmpeg"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install


ONE_SECOND = "head -c 32000 /dev/zero"


def test_a_decoder_that_is_killed_is_told_with_its_place(
    broken_decoder: Callable[[str], None], tone: Path
) -> None:
    broken_decoder(f"{ONE_SECOND}; kill -9 $$")

    with pytest.raises(ffmpeg.Unreadable, match="broke off at 00:00:01"):
        ffmpeg.read_pcm(tone, Span(0, 3_000))


def test_a_decoder_that_gives_up_leaves_damage_at_the_end(
    broken_decoder: Callable[[str], None], tone: Path
) -> None:
    broken_decoder(f"{ONE_SECOND}; exit 69")

    with ffmpeg.decode(tone) as stream:
        list(stream)

    assert stream.damage == (Span(500, 1_000),)


class TornPipe:
    """Stands in for a child whose pipe is read at odd places."""

    def blocks(self, on_line: Callable[[str], None]) -> Iterator[bytes]:
        yield from (b"a", b"bcd", b"efghi", b"j")

    def wait(self) -> int:
        return 0


def test_samples_are_never_torn_between_blocks() -> None:
    stream = ffmpeg.PcmStream(TornPipe(), Complaints())  # type: ignore[arg-type]  # a fake

    assert list(filter(None, stream)) == [b"abcd", b"efgh", b"ij"]
    assert stream.byte_count == 10
