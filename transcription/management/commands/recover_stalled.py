"""``manage.py recover_stalled``: what `workers` does by itself, for a person in a hurry."""

from typing import Any

from django.core.management.base import BaseCommand

from transcription import recovery, upkeep
from transcription.clock import database_clock


class Command(BaseCommand):
    help = "Put work back whose holder is gone."

    def handle(self, **_: Any) -> None:
        now = database_clock()
        recovered = recovery.recover_stalled(now=now)
        upkeep.look_after(now=now)
        self.stdout.write(f"{recovered} chunks put back.")
