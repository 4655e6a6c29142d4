"""Puts a model's folder in place, complete and correct or not at all."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from transcription.model_files import Model, ModelFile, verify
from transcription.model_sources import (
    SOURCES,
    Progress,
    Reader,
    Source,
    SourceFailed,
)


class FetchFailed(Exception):
    """The model could not be had; the message says why, for a person."""


def fetch(
    model: Model, models_dir: Path, *, on_progress: Progress, sources: Sequence[Source] = SOURCES
) -> bool:
    """Make sure that the model is here; say whether it had to be fetched. Raises FetchFailed.

    The sources are asked in order. Two processes may call this at once: one waits for the other.
    """
    folder = models_dir / model.name
    if verify(folder, model):
        return False
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _locked(models_dir / f".{model.name}.lock"):
            if verify(folder, model):
                return False
            with _workspace(models_dir, f".{model.name}.partial-") as workspace:
                files = _from_first(sources, model, workspace, on_progress)
                _put_in_place(files, folder, workspace)
    except OSError as error:
        raise FetchFailed(
            f"The model “{model.name}” cannot be stored in {models_dir}: {error.strerror}."
        ) from error
    return True


def _from_first(
    sources: Sequence[Source], model: Model, workspace: Path, on_progress: Progress
) -> Path:
    """Return the folder with the files of the first source that has them all, checked."""
    complaints = []
    for number, source in enumerate(sources):
        files, scratch = workspace / f"files{number}", workspace / f"scratch{number}"
        files.mkdir()
        scratch.mkdir()
        try:
            reader = source.opened(model, scratch, on_progress)
            _write_all(model, reader, files, on_progress)
        except SourceFailed as error:
            complaints.append(f"{source.name} {error}")
        else:
            return files
    raise FetchFailed(
        f"The model “{model.name}” could not be fetched: {'; '.join(complaints)}. Try again when "
        "the network allows it, or name a folder that has a Whisper model in WHISPER_MODEL."
    )


def _write_all(model: Model, read: Reader, folder: Path, on_progress: Progress) -> None:
    done = 0
    for file in model.files:
        for size in _written(folder / file.name, file, read(file)):
            done += size
            on_progress("Writing", done, model.size_bytes)
    _sync(folder)


def _written(path: Path, file: ModelFile, blocks: Iterator[bytes]) -> Iterator[int]:
    """Write the file and yield each block's size. Raises SourceFailed where it is another file."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as out:
        for block in blocks:
            size += len(block)
            if size > file.size_bytes:
                break
            digest.update(block)
            out.write(block)
            yield len(block)
        out.flush()
        os.fsync(out.fileno())
    if size != file.size_bytes or digest.hexdigest() != file.sha256:
        raise SourceFailed(f"gave another {file.name} than expected (its size or SHA-256 differs)")


def _put_in_place(files: Path, folder: Path, workspace: Path) -> None:
    """Rename the checked files to their place; what was there goes with the workspace."""
    if folder.exists():
        folder.rename(workspace / "replaced")
    files.rename(folder)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make a folder's entries last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _workspace(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder that is gone afterwards; what killed processes left goes first."""
    for left in parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock; a dead one holds none."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
