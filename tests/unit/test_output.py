import io
import os
import sys
from pathlib import Path

import pytest

from transcription.output import OutputError, Sink


def test_a_result_is_written_whole_over_an_older_one(tmp_path: Path) -> None:
    target = tmp_path / "transcript.txt"
    target.write_text("an older and longer one")

    Sink(target).write(b"new\n")

    assert target.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [target]


def test_without_a_path_it_goes_to_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written))

    Sink(None).check()
    Sink(None).write("“order”\n".encode())

    assert written.getvalue().decode() == "“order”\n"


def test_a_folder_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        Sink(tmp_path).check()


def test_a_place_that_is_not_there_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Nothing can be written to"):
        Sink(tmp_path / "missing" / "transcript.txt").check()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250)  # so long that the draft's name cannot exist

    with pytest.raises(OutputError, match="could not be written"):
        Sink(target).write(b"text")

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"  # as /dev/null would be
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    Sink(pipe).write(b"text")

    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)

    Sink(link).write(b"new")

    assert link.is_symlink()
    assert target.read_bytes() == b"new"
