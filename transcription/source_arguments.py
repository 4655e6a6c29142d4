"""What commands take that are given a recording or a hearing: who it is, and how to go about it."""

from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils import timezone

from hearings.models import Hearing
from hearings.times import milliseconds_of
from hearings.tracks import NoSuchTrack, written
from transcription.engines.registry import NAMES as ENGINES
from transcription.filing import Description
from transcription.run_options import RunOptions
from transcription.stretches import NoSuchStretch

MOST_TITLE = 300
# Characters that the row has room for.
ISO_639_1 = 2
# Letters of a language's code.


def add_source(parser: ArgumentParser) -> None:
    parser.add_argument("source", help="path of a recording, or a hearing's slug or id")


def add_description(parser: ArgumentParser) -> None:
    new = parser.add_argument_group("a new hearing")
    new.add_argument("--title", type=_title, help="default: the file's name")
    new.add_argument("--committee", metavar="CODE")
    new.add_argument("--date", type=_date, metavar="YYYY-MM-DD", help="default: today")


def add_wishes(parser: ArgumentParser) -> _ArgumentGroup:
    """Add how to transcribe; return the group, for more of it."""
    how = parser.add_argument_group("how")
    how.add_argument("--engine", choices=ENGINES)
    how.add_argument("--model", metavar="NAME")
    how.add_argument(
        "--language", type=_language, metavar="CODE", help="ISO 639-1; default: the hearing's"
    )
    how.add_argument("--parallel", type=_positive, metavar="N", help="most chunks at once")
    how.add_argument("--sequential", action="store_true", help="one chunk after another")
    how.add_argument("--chunk-seconds", type=_positive, metavar="S")
    how.add_argument(
        "--from",
        dest="from_ms",
        type=_place,
        metavar="T",
        help="where to begin: seconds, mm:ss or hh:mm:ss; default: with the recording",
    )
    how.add_argument("--to", dest="to_ms", type=_place, metavar="T", help="where to end")
    how.add_argument(
        "--track",
        type=_track,
        metavar="N",
        help="audio stream, from 1, or left or right channel; default: as chosen before, or the "
        "loudest stream",
    )
    return how


def description(options: dict[str, Any]) -> Description:
    """Return what was said of a new hearing."""
    return Description(
        title=options["title"],
        committee=options["committee"],
        date=options["date"] or timezone.localdate(),
        language=options["language"] or "en",
        track=options["track"],
    )


def run_options(hearing: Hearing | None, options: dict[str, Any]) -> RunOptions:
    """Return how to transcribe a hearing, which may be yet to be filed. Raises NoSuchStretch."""
    if None not in (options["from_ms"], options["to_ms"]) and (
        options["from_ms"] >= options["to_ms"]
    ):
        raise NoSuchStretch("--to is not after --from. Give an end that is later.")
    chosen = RunOptions.default_for(hearing, engine=options["engine"])
    return replace(
        chosen,
        model=options["model"] or chosen.model,
        language=options["language"] or chosen.language,
        parallel=options["parallel"],
        sequential=options["sequential"],
        chunk_ms=options["chunk_seconds"] and options["chunk_seconds"] * 1000,
        from_ms=options["from_ms"],
        to_ms=options["to_ms"],
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a date; write it as 2026-03-12") from error


def _title(text: str) -> str:
    if len(text) > MOST_TITLE:
        raise ArgumentTypeError(f"the title is longer than {MOST_TITLE} characters")
    return text


def _language(text: str) -> str:
    if not (len(text) == ISO_639_1 and text.isascii() and text.isalpha()):
        raise ArgumentTypeError(f"“{text}” is not a language code of two letters, such as en")
    return text.lower()


def _place(text: str) -> int:
    try:
        return milliseconds_of(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _track(text: str) -> str:
    try:
        return written(text)
    except NoSuchTrack as error:
        raise ArgumentTypeError(str(error)) from error


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise ArgumentTypeError(f"“{text}” is not a whole number above 0")
    return number
