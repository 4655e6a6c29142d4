"""What a web server and workers look at before they begin, and tidy up after those before them."""

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from hearings import orphans
from transcription import clusters, host_facts, recovery, upkeep
from transcription.amounts import counted
from transcription.engines.registry import NAMES
from transcription.exits import Exit, database_sentence, failure
from transcription.health import State
from transcription.model_files import ModelMissing, located
from transcription.probes import stores

logger = logging.getLogger(__name__)

NO_FFMPEG = (
    "ffmpeg or ffprobe is missing or does not run, so no recording can be read. Install ffmpeg, "
    "on Debian or Ubuntu by “apt-get install ffmpeg”."
)

NO_PAGES = "The files that pages need are not there yet. Run “manage.py collectstatic” first."


def check(*, serves: bool = False) -> None:
    """End the command with all that keeps it from working, a sentence each. Raises CommandError.

    Who *serves* pages needs their files too.
    """
    found = list(problems())
    if serves and not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        found.append(NO_PAGES)
    if found:
        raise failure("\n".join(found), Exit.FAILED)


def problems() -> Iterator[str]:
    """Yield what keeps this host from working, each with what to do."""
    if told := _of_the_database():
        yield told
        return  # what else is looked at needs it
    seen = stores.storage()
    if seen.state is State.FAILED:
        yield f"{seen.measured} {seen.advice}".strip()
    if host_facts.ffmpeg_version() is None:
        yield NO_FFMPEG
    yield from _of_the_engine()


def tidy(*, now: datetime) -> None:
    """Put back what the dead held, and delete what they left. Raises django.db.Error."""
    clusters.forget_the_dead(now=now, policy=settings.LEASE)
    if put_back := recovery.recover_stalled(now=now):
        logger.info("%s whose holder is gone put back", counted(put_back, "chunk"))
    upkeep.look_after(now=now)
    sweep_orphans(now=now)


def sweep_orphans(*, now: datetime) -> None:
    """Delete recordings and uploads that no row names, if they are old enough."""
    try:
        if gone := orphans.sweep(now=now):
            logger.info("%s that no row names deleted", counted(gone, "file"))
    except OSError as error:
        logger.warning("recordings that no row names cannot be looked for: %s", error)


def _of_the_database() -> str:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        connection.close()
        return f"{database_sentence(error).strip()} See whether it runs, and DATABASE_URL."
    if waiting:
        lacking = counted(len(waiting), "migration")
        return (
            f"The database is not set up for this version: {lacking} to apply. "
            "Run “manage.py migrate” first."
        )
    return ""


def _of_the_engine() -> Iterator[str]:
    engine = settings.TRANSCRIPTION_ENGINE
    if engine == "whisper":
        try:
            located(settings.WHISPER_MODEL, Path(settings.MODELS_DIR))
        except ModelMissing as error:
            yield str(error)
    elif engine not in (*NAMES, "scripted"):
        yield f"There is no engine “{engine}”. Set TRANSCRIPTION_ENGINE to {' or '.join(NAMES)}."
