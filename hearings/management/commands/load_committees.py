from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hearings.committees import Outcome, load_committees


class Command(BaseCommand):
    help = (
        "Loads the Senate's committees and members from the shipped file. "
        "It can be run again at any time and leaves alone what people changed or deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say nothing when it went well")

    def handle(self, *_args: Any, **options: Any) -> None:
        outcomes = load_committees()
        if options["quiet"]:
            return
        self.stdout.write(
            f"Committees and members: {outcomes[Outcome.CREATED]} created, "
            f"{outcomes[Outcome.UPDATED]} updated, {outcomes[Outcome.UNCHANGED]} unchanged, "
            f"{outcomes[Outcome.LEFT]} left as people changed or deleted them."
        )
