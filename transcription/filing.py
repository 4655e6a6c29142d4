"""From a command's SOURCE (a path, or a hearing's slug or id) to a hearing that is checked."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import OperationalError, ProgrammingError

from hearings import intake
from hearings.ffmpeg import MediaError
from hearings.models import Committee, Hearing
from hearings.tracks import NoSuchTrack
from hearings.validation import Finding
from transcription import track_choice
from transcription.checking import check, wait_while_others_check
from transcription.exits import Exit, database_sentence, failure


class NoSuchSource(Exception):
    """Nothing is there by that name; the message says where it was looked for."""


@contextmanager
def failing_commands() -> Iterator[None]:
    """End a command with its exit code where its recording cannot be found, filed or read."""
    try:
        yield
    except NoSuchSource as error:
        raise failure(str(error), Exit.WRONG_USAGE) from error
    except (MediaError, intake.Refused) as error:
        raise failure(str(error), Exit.REFUSED) from error
    except intake.DiskFull as error:
        raise failure(str(error), Exit.PAUSED) from error
    except (OperationalError, ProgrammingError) as error:
        raise failure(database_sentence(error), Exit.FAILED) from error


@dataclass(frozen=True, slots=True)
class Description:
    """What a person says of a new hearing."""

    title: str | None
    committee: str | None
    # Its code.
    date: date
    language: str
    track: str | None = None
    # Which sound of the recording (`hearings.tracks`); None: the only one, or the loudest.


def known_hearing(source: str) -> Hearing | None:
    """Return the hearing with this slug or id, None for the path of a file. Raises NoSuchSource."""
    if Path(source).is_file():
        return None
    if Path(source).is_dir():
        raise NoSuchSource(f"{source} is a folder. Name the recording in it.")
    hearing = Hearing.objects.filter(slug=source).first()
    if hearing is None and source.isdecimal():
        hearing = Hearing.objects.filter(pk=int(source)).first()
    if hearing is None:
        raise NoSuchSource(f"There is no file {source}, and no hearing with that slug or id.")
    return hearing


def committee_named(code: str | None) -> Committee | None:
    """Return the committee with this code. Raises NoSuchSource."""
    if not code:
        return None
    committee = Committee.objects.filter(code__iexact=code).first()
    if committee is None:
        known = ", ".join(Committee.objects.values_list("code", flat=True).order_by("code"))
        advice = f"Known are: {known}." if known else "Run “manage.py load_committees” first."
        raise NoSuchSource(f"There is no committee “{code}”. {advice}")
    return committee


def filed_as(path: Path) -> Hearing | None:
    """Return the hearing whose recording has the same bytes. Raises NoSuchSource."""
    try:
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise NoSuchSource(f"{path} cannot be read: {error.strerror}.") from error
    return Hearing.objects.filter(recording_sha256=sha256).first()


def described(path: Path, description: Description) -> Hearing:
    """Return a hearing for a recording, not saved. Raises NoSuchSource and MediaError."""
    name = os.fsencode(path.name).decode(errors="replace")  # a name need not be valid text
    return Hearing(
        title=description.title or Path(name).stem[:300],
        committee=committee_named(description.committee),
        date=description.date,
        language=description.language,
        recording_name=name,
        track=track_named(path, description.track),
    )


def track_named(path: Path, track: str | None) -> str:
    """Return the sound *track* of a recording as it is kept. Raises NoSuchSource and MediaError."""
    if track is None:
        return ""
    try:
        return intake.track_of(path, track)
    except NoSuchTrack as error:
        raise NoSuchSource(str(error)) from error


def retracked(hearing: Hearing, track: str | None) -> None:
    """Make *track* the sound of a hearing that is filed; None leaves it as it is.

    Raises NoSuchSource, MediaError and RunUnderWay.
    """
    if track is not None:
        track_choice.choose(hearing, track_named(Path(hearing.recording.path), track))


def filed(path: Path, description: Description) -> tuple[Hearing, bool]:
    """Return the hearing of this recording and whether it is new; the same bytes are filed once.

    Raises NoSuchSource, and what `hearings.intake.store` raises, but RecordingKnown.
    """
    hearing = described(path, description)
    try:
        with path.open("rb") as source:
            return intake.store(hearing, source, name=hearing.recording_name), True
    except intake.RecordingKnown as known:
        return known.hearing, False
    except OSError as error:
        raise NoSuchSource(f"{path} cannot be read or stored: {error.strerror}.") from error


def checked(
    hearing: Hearing, *, on_progress: Callable[[int], None], overrule: bool
) -> tuple[Finding, ...]:
    """Return what the check of its recording finds; one that was accepted is not read again.

    With *overrule* what a person may overrule is a warning.
    """
    while not hearing.is_accepted:
        findings = check(hearing, on_progress=on_progress, overrule=overrule)
        if findings is not None:
            return findings
        wait_while_others_check(hearing)
    return ()
