"""Files that no row names: recordings in storage, and what uploads left when they broke off.

A file that was changed within a day may be on its way in, and is nobody's orphan yet.
"""

import contextlib
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from hearings.models import Hearing

logger = logging.getLogger(__name__)

YOUNG = timedelta(days=1)
FEW = 10
# Orphans that a sweep deletes however few recordings there are.
_RECORDINGS = "recordings"
_OURS = re.compile(r"[0-9a-f]{32}")
# `hearings.models.recording_path`.
_UPLOAD = "*.upload*"
# Django's name for a file that is coming in.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that no row names."""

    path: Path
    name: str
    # As storage calls it; a path where it is not in storage.
    byte_count: int
    is_young: bool
    is_ours: bool


def recordings(*, now: datetime) -> Iterator[Orphan]:
    """Yield the files in storage that no hearing names. Raises OSError."""
    root = _storage_folder()
    if root is None:
        return
    files = _files_below(root)
    while paths := list(islice(files, _AT_ONCE)):
        names = {path.relative_to(root).as_posix(): path for path in paths}
        named = Hearing.objects.filter(recording__in=names)
        for name in sorted(names.keys() - set(named.values_list("recording", flat=True))):
            path = names[name]
            is_ours = path.parent == root / _RECORDINGS and bool(_OURS.fullmatch(path.name))
            with contextlib.suppress(FileNotFoundError):
                yield _orphan(path, name, now=now, is_ours=is_ours)


def uploads(*, now: datetime) -> Iterator[Orphan]:
    """Yield what is left of uploads whose web server was killed. Those on their way are young."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    for path in sorted(folder.glob(_UPLOAD)):
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink() and path.stat().st_uid == os.geteuid():
                yield _orphan(path, str(path), now=now, is_ours=True)


def delete(orphan: Orphan) -> bool:
    """Delete it, unless it is young or not ours, or a row names it by now. Raises OSError."""
    if orphan.is_young or not orphan.is_ours:
        return False
    if Hearing.objects.filter(recording=orphan.name).exists():
        return False
    orphan.path.unlink(missing_ok=True)
    return True


def sweep(*, now: datetime) -> int:
    """Delete what is old enough; return how many files. Raises OSError.

    Where most of what is stored has no row, the database may be the wrong one, or an old one that
    was put back: then nothing is deleted, and the log says so.
    """
    gone = sum(delete(orphan) for orphan in uploads(now=now))
    old = [each for each in recordings(now=now) if each.is_ours and not each.is_young]
    known = Hearing.objects.count()
    if old and (not known or len(old) > max(FEW, known)):
        logger.warning(
            "%s files in %s are no hearing's, of which there are %s. None is deleted: is this the "
            "right database? See “manage.py check_storage”.",
            *(len(old), settings.MEDIA_ROOT, known),
        )
        return gone
    return gone + sum(delete(orphan) for orphan in old)


def _storage_folder() -> Path | None:
    """Return the folder of the storage; None where it is elsewhere or not there yet."""
    with contextlib.suppress(NotImplementedError):
        root = Path(default_storage.path(""))
        return root if root.is_dir() else None
    return None


def _files_below(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder) / name for name in names)


def _orphan(path: Path, name: str, *, now: datetime, is_ours: bool) -> Orphan:
    facts = path.lstat()
    is_young = facts.st_mtime > (now - YOUNG).timestamp()
    return Orphan(path, name, facts.st_size, is_young, is_ours)
