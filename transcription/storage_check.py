"""Compares all that is kept with the rows: recordings, uploads, answers, temporary files.

A dry run unless it *repairs*. A repair deletes files that nobody needs, and only marks hearings
whose recording is missing, unreadable or changed: what there is of it may still be worth something.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet, Sum

from hearings import orphans, scratch, storage_problems, stored
from hearings.models import Hearing
from hearings.orphans import YOUNG, Orphan
from hearings.storage_problems import Problem
from hearings.stored import OnBytes
from transcription import receipts

DELETED = "It was deleted."


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to compare."""

    recordings: int
    byte_count: int


def kept() -> QuerySet[Hearing]:
    """Return the hearings whose recording is there to be compared, in the order of their keys."""
    return Hearing.objects.filter(recording_removed_at=None).order_by("pk")


def extent() -> Extent:
    hearings = kept()
    total = hearings.aggregate(total=Sum("recording_bytes"))["total"]
    return Extent(hearings.count(), int(total or 0))


def look_at_recording(
    hearing: Hearing, *, repairs: bool, decode: bool = False, on_bytes: OnBytes = lambda _: None
) -> Problem | None:
    """Return what is wrong with a recording; marked where it *repairs*. Raises FfmpegMissing."""
    problem = stored.examine(hearing, decode=decode, on_bytes=on_bytes)
    if repairs and stored.mark(hearing, problem) and problem:
        return problem.with_repair(stored.MARKED)
    return problem


def look_at_files(*, repairs: bool, now: datetime) -> Iterator[Problem | None]:
    """Yield each file that nobody needs, deleted where it *repairs*; None for one still young.

    Raises OSError.
    """
    for what, found in (
        ("recording", orphans.recordings(now=now)),
        ("upload", orphans.uploads(now=now)),
    ):
        for orphan in found:
            yield _orphan(what, orphan, repairs=repairs)
    yield from _answers(repairs=repairs, now=now)
    yield from _temporary_files(repairs=repairs)


def _orphan(what: str, orphan: Orphan, *, repairs: bool) -> Problem | None:
    if orphan.is_young:
        return None
    problem = storage_problems.orphaned(
        what, orphan.name, byte_count=orphan.byte_count, is_ours=orphan.is_ours
    )
    return problem.with_repair(DELETED) if repairs and orphans.delete(orphan) else problem


def _answers(*, repairs: bool, now: datetime) -> Iterator[Problem | None]:
    for file in receipts.unnamed():
        if file.changed_at > (now - YOUNG).timestamp():
            yield None
            continue
        problem = storage_problems.orphaned(
            "answer", str(file.path), byte_count=file.byte_count, is_ours=file.is_ours
        )
        is_done = repairs and file.is_ours and receipts.forget([file.path.name])
        yield problem.with_repair(DELETED) if is_done else problem


def _temporary_files(*, repairs: bool) -> Iterator[Problem]:
    """Yield what lies in scratch folders that no process holds. Their age says nothing more."""
    if not settings.SCRATCH.max_bytes:
        return
    left = scratch.orphaned(settings.SCRATCH)
    if repairs and left:
        scratch.sweep(settings.SCRATCH)
    for path, byte_count in left:
        problem = storage_problems.orphaned("temporary file", path, byte_count=byte_count)
        yield problem.with_repair(DELETED) if repairs else problem
