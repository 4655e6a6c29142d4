"""``manage.py demo``: the bundled hearing, transcribed here and compared with its words."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from hearings import intake
from hearings.models import Hearing, Witness
from transcription import admission, filing
from transcription.clock import database_clock
from transcription.evaluation import word_errors
from transcription.exits import Exit, failure
from transcription.models import Run
from transcription.progress import progress_of
from transcription.run_options import RunOptions

SAMPLE = settings.BASE_DIR / "sample"


class Command(BaseCommand):
    help = "Transcribe the bundled sample hearing with the embedded engine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="transcribe it anew")

    def handle(self, *, again: bool, **_: Any) -> None:
        facts = json.loads((SAMPLE / "hearing.json").read_text())
        hearing = _filed(facts)
        again_too = ["--again"] if again else []
        call_command("transcribe_hearing", hearing.slug, "--engine=whisper", *again_too)
        run = Run.objects.with_text().filter(hearing=hearing).latest("id")
        self.stdout.write(_closing_words(run))


def _filed(facts: dict[str, Any]) -> Hearing:
    """Return the sample's hearing, filed and described before anything is heard of it."""
    description = filing.Description(
        title=facts["title"],
        committee=facts["committee"],
        date=date.fromisoformat(facts["date"]),
        language="en",
    )
    try:
        admission.check_engine(RunOptions.default_for(None, engine="whisper"))
    except admission.StartRefused as error:
        raise failure(str(error), Exit.REFUSED) from error
    with filing.failing_commands():
        hearing, _ = filing.filed(SAMPLE / "hearing.mp3", description)
    if not hearing.witnesses.exists():
        _describe(hearing, facts)
    return hearing


def _describe(hearing: Hearing, facts: dict[str, Any]) -> None:
    """Publish the sample, which is ours, with who speaks in it; all of it or nothing."""
    witnesses = [Witness(hearing=hearing, **known) for known in facts["witnesses"]]
    hearing.description = facts["description"]
    hearing.is_published = True
    with transaction.atomic():
        Witness.objects.bulk_create(witnesses)
        hearing.save(update_fields=["description", "is_published"])
        intake.check_description(hearing, today=timezone.localdate())


def _closing_words(run: Run) -> str:
    reference = (SAMPLE / "hearing.ref.txt").read_text()
    heard = " ".join(run.segments.values_list("text", flat=True))
    errors = word_errors(reference, heard)
    spent = progress_of(run, now=database_clock()).elapsed_seconds
    length = (run.hearing.duration_ms or 0) / 1000
    return (
        f"\nThat was {length / 60:.1f} minutes of a mock hearing, heard by Whisper "
        f"“{run.model}” on this machine in {spent:.0f} s ({length / spent:.1f} × real time).\n"
        f"Word error rate against the words that were written for it: {errors.rate:.1%} "
        f"({errors.substitutions} other, {errors.deletions} missing, {errors.insertions} extra "
        f"of {errors.reference_words} words).\n\n"
        "Look next:\n"
        "  make run                                  the site and its admin, in a browser\n"
        "  .venv/bin/python manage.py transcribe_hearing YOUR_RECORDING.mp3\n"
        f"Everything that was made is in {settings.DATA_DIR}."
    )
