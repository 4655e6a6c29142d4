import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from transcription.evaluation import NotComparable, WordErrors, text_of_export, word_errors

WRONG_USAGE = 2


class Command(BaseCommand):
    help = "Compares a transcript with the words that were said: word error rate and its parts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", type=Path, help="text file with the words that were said")
        parser.add_argument("transcript", type=Path, help="transcript as JSON, or as a .txt file")
        parser.add_argument("--json", action="store_true", help="write the figures as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        errors = _compare(options["reference"], options["transcript"])
        self.stdout.write(_as_json(errors) if options["json"] else _as_lines(errors))


def _compare(reference: Path, transcript: Path) -> WordErrors:
    said, heard = _read(reference), _read(transcript)
    try:
        if transcript.suffix.lower() != ".txt":
            heard = text_of_export(heard)
    except NotComparable as error:
        raise _wrong_usage(f"{transcript} cannot be evaluated. {error}") from error
    try:
        return word_errors(said, heard)
    except NotComparable as error:
        raise _wrong_usage(f"{reference} cannot be used. {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _wrong_usage(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _wrong_usage(f"{path} is not text in UTF-8.") from error


def _wrong_usage(message: str) -> CommandError:
    return CommandError(message, returncode=WRONG_USAGE)


def _as_json(errors: WordErrors) -> str:
    return json.dumps(
        {
            "word_error_rate": round(errors.rate, 6),
            "reference_words": errors.reference_words,
            "hits": errors.hits,
            "substitutions": errors.substitutions,
            "deletions": errors.deletions,
            "insertions": errors.insertions,
        }
    )


def _as_lines(errors: WordErrors) -> str:
    return (
        f"Word error rate   {errors.rate:.2%}   "
        f"({errors.errors} errors in {errors.reference_words} words)\n"
        f"Substitutions     {errors.substitutions}\n"
        f"Deletions         {errors.deletions}\n"
        f"Insertions        {errors.insertions}\n"
        f"Correct           {errors.hits}"
    )
