import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from transcription.evaluation import (
    Figures,
    Heard,
    NotComparable,
    Reference,
    figures_of,
    heard_in,
    names_in,
    reference_in,
)
from transcription.evaluation.reporting import as_json, as_lines

WRONG_USAGE = 2
T = TypeVar("T")


class Command(BaseCommand):
    help = (
        "Compares a transcript with what was said: word error rate and its parts, errors at seams, "
        "timing, invented words, names."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", type=Path, help="text file with the words that were said")
        parser.add_argument("transcript", type=Path, help="transcript as JSON, or as a .txt file")
        parser.add_argument(
            "--times",
            type=Path,
            help="when the words were said, as .ref.json (default: X.ref.json beside X.ref.txt)",
        )
        parser.add_argument("--names", type=Path, help="names to look for, one a line")
        parser.add_argument("--json", action="store_true", help="write the figures as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        figures = _figures(options)
        written = json.dumps(as_json(figures)) if options["json"] else as_lines(figures)
        self.stdout.write(written)


def _figures(options: dict[str, Any]) -> Figures:
    reference: Path = options["reference"]
    transcript: Path = options["transcript"]
    said = _read(reference)
    is_text = transcript.suffix.lower() == ".txt"
    heard = _parsed(transcript, Heard.from_text if is_text else heard_in, "evaluated")
    names = _parsed(options["names"], names_in) if options["names"] else None
    times = _times(options["times"], beside=reference)
    try:
        return figures_of(said, heard, times=times, names=names)
    except NotComparable as error:
        raise _wrong_usage(f"{reference} cannot be used. {error}") from error


def _times(path: Path | None, *, beside: Path) -> Reference | None:
    if path is None and beside.name.endswith(".ref.txt"):
        found = beside.with_suffix(".json")
        path = found if found.exists() else None
    return _parsed(path, reference_in) if path else None


def _parsed(path: Path, parse: Callable[[str], T], what: str = "used") -> T:
    try:
        return parse(_read(path))
    except NotComparable as error:
        raise _wrong_usage(f"{path} cannot be {what}. {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _wrong_usage(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _wrong_usage(f"{path} is not text in UTF-8.") from error


def _wrong_usage(message: str) -> CommandError:
    return CommandError(message, returncode=WRONG_USAGE)
