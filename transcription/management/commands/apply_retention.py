"""``manage.py apply_retention``: what `workers` does by itself, for a person who wants it now."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, ProgrammingError

from hearings.models import Hearing
from transcription import retention
from transcription.amounts import counted
from transcription.clock import database_clock
from transcription.exits import Exit, database_sentence, failure


class Command(BaseCommand):
    help = "Remove the recordings whose retention period is over. Their transcripts stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say which would go; remove nothing."
        )

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        period = settings.RETENTION.period
        if period is None:
            self.stdout.write("RETENTION_DAYS is not set: recordings are kept for good.")
            return
        now = database_clock()
        try:
            if dry_run:
                self._say(list(retention.due(period, now=now)), "would be removed")
            else:
                self._say(list(retention.apply(now=now)), "removed")
        except (OperationalError, ProgrammingError) as error:
            raise failure(database_sentence(error), Exit.FAILED) from error

    def _say(self, hearings: list[Hearing], what: str) -> None:
        for hearing in hearings:
            self.stdout.write(f"{hearing.slug}: {hearing.recording_name}")
        self.stdout.write(f"{counted(len(hearings), 'recording')} {what}.")
