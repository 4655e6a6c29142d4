"""``manage.py validate_hearing``: whether a recording can be transcribed; nothing is begun."""

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, ProgrammingError
from django.utils import timezone

from hearings import dry_run
from hearings.ffmpeg import FfmpegMissing, MediaError
from hearings.models import CheckStatus, Hearing
from hearings.times import clock
from hearings.validation import Finding
from transcription import admission, filing, forecast, pipeline, readiness, source_arguments
from transcription.clock import database_clock
from transcription.engines.registry import engine_for
from transcription.estimating import Estimate
from transcription.exits import Exit, database_sentence, failure
from transcription.readiness_report import Report, as_json, as_text
from transcription.reporting import Reporter
from transcription.run_options import RunOptions
from transcription.scoring import Readiness
from transcription.stretches import NoSuchStretch


class Command(BaseCommand):
    help = "Say whether a recording can be transcribed, and what it takes. Nothing is kept or sent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        source_arguments.add_source(parser)
        source_arguments.add_description(parser)
        source_arguments.add_wishes(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--quiet", action="store_true", help="no progress, no messages")

    def handle(self, *, source: str, **options: Any) -> None:
        logging.getLogger().setLevel(logging.ERROR)
        try:
            report = _report(source, options, Reporter(quiet=options["quiet"]))
        except (filing.NoSuchSource, NoSuchStretch) as error:
            raise failure(str(error), Exit.WRONG_USAGE) from error
        except MediaError as error:
            raise failure(str(error), Exit.REFUSED) from error
        except (OperationalError, ProgrammingError) as error:
            raise failure(database_sentence(error), Exit.FAILED) from error
        told = json.dumps(as_json(report), ensure_ascii=False) if options["json"] else None
        self.stdout.write(told or as_text(report))
        if not report.readiness.is_ready:
            sys.exit(Exit.REFUSED)


def _report(source: str, options: dict[str, Any], reporter: Reporter) -> Report:
    known = filing.known_hearing(source) or filing.filed_as(Path(source))
    hearing = known or filing.described(Path(source), source_arguments.description(options))
    if known and known.slug != source:
        reporter.say(f"This recording is filed as “{known.title}” ({known.slug}).")
    if known and options["track"]:
        _retracked(known, options["track"])
    found = None
    if not hearing.is_accepted:
        path = Path(known.recording.path) if known else Path(source)
        found = _judged(path, hearing, reporter)
    chosen = source_arguments.run_options(hearing, options)
    expected = _expected(hearing, chosen)
    ready = _ready(hearing, chosen, expected, found)
    return Report(
        hearing.title,
        known.slug if known else None,
        chosen.engine,
        chosen.model,
        ready,
        expected if ready.is_ready else None,
    )


def _retracked(hearing: Hearing, track: str) -> None:
    """Have the hearing be of another sound, in memory alone, to be judged anew."""
    chosen = filing.track_named(Path(hearing.recording.path), track)
    if hearing.is_accepted and hearing.analysis.track == chosen:
        return
    hearing.track = chosen
    hearing.check_status = CheckStatus.CHECKING


def _judged(path: Path, hearing: Hearing, reporter: Reporter) -> tuple[Finding, ...]:
    """Return what the recording's check would find. A missing ffmpeg is the host's finding."""
    with reporter.stage("Checking") as stage:
        try:
            return dry_run.judge(
                path,
                hearing,
                limits=settings.RECORDING_LIMITS,
                today=timezone.localdate(),
                on_progress=lambda heard_ms: stage.show(0, clock(heard_ms)),
            )
        except FfmpegMissing:
            return ()
        except OSError as error:
            raise filing.NoSuchSource(f"{path} cannot be read: {error.strerror}.") from error


def _expected(hearing: Hearing, chosen: RunOptions) -> Estimate | None:
    """Return what a fresh run would take; None where none could start."""
    try:
        plan = pipeline.preview(hearing, chosen)
    except admission.OutsideRecording as error:
        raise NoSuchStretch(str(error)) from error
    except admission.StartRefused:
        return None
    return forecast.terms_of(chosen.engine, chosen.model).estimate(plan)


def _ready(
    hearing: Hearing,
    chosen: RunOptions,
    expected: Estimate | None,
    found: Iterable[Finding] | None,
) -> Readiness:
    engine = engine_for(chosen.engine, chosen.model)
    given = readiness.circumstances(engine, now=database_clock(), brings_workers=True)
    return readiness.judge(
        hearing,
        given,
        language=chosen.language,
        cost_usd=expected.cost_usd if expected else None,
        recording=found,
    )
