"""``manage.py transcribe_hearing``: a recording in, its transcript out."""

import logging
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hearings import removal
from hearings.ffmpeg import MediaError
from hearings.models import Hearing, ValidationFinding
from hearings.times import clock
from hearings.validation import Finding, Severity
from transcription import admission, clusters, filing, pipeline, source_arguments
from transcription.attached_cluster import STOP_MARGIN_SECONDS, AttachedCluster
from transcription.bills import Bill, bill_of
from transcription.clock import database_clock
from transcription.exits import Exit, failure
from transcription.exports import FORMATS
from transcription.models import Chunk, ChunkStatus, Run, RunStatus
from transcription.outlook import outlook
from transcription.output import OutputError, Sink
from transcription.progress import Progress, progress_of
from transcription.reporting import Reporter
from transcription.run_options import RunOptions
from transcription.scoring import Area
from transcription.stretches import NoSuchStretch
from transcription.track_choice import RunUnderWay
from transcription.transcripts import transcript_of

LATER_FORMATS = ("srt", "vtt", "csv", "docx", "pdf")
LOOK_SECONDS = 0.2
# How often a run is looked at for its end …
SHOW_SECONDS = 1.0
# … and how often its progress is reckoned, which the processor is needed for elsewhere.
BY_STATUS = {
    RunStatus.COMPLETE: Exit.COMPLETE,
    RunStatus.INCOMPLETE: Exit.WITH_GAPS,
    RunStatus.PAUSED: Exit.PAUSED,
}


class Command(BaseCommand):
    help = "Transcribe a recording. The transcript goes to standard output, all else to the error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        source_arguments.add_source(parser)
        source_arguments.add_description(parser)
        how = source_arguments.add_wishes(parser)
        how.add_argument("--again", action="store_true", help="a fresh run, paid anew")
        how.add_argument(
            "--skip-validation",
            action="store_true",
            help="go on in spite of findings, never of hard limits",
        )
        out = parser.add_argument_group("output")
        out.add_argument("--format", default="txt", choices=[*FORMATS, *LATER_FORMATS])
        out.add_argument("--output", type=Path, metavar="PATH", help="default: standard output")
        out.add_argument("--quiet", action="store_true", help="no progress, no messages")

    def handle(self, *, source: str, quiet: bool, **options: Any) -> None:
        if options["verbosity"] < 2:  # noqa: PLR2004 (Django's -v 2)
            logging.getLogger().setLevel(logging.ERROR)
        reporter = Reporter(quiet=quiet)
        try:
            with filing.failing_commands():
                code = self._transcribe(source, options, reporter)
        except (admission.OutsideRecording, NoSuchStretch) as error:
            raise failure(str(error), Exit.WRONG_USAGE) from error
        except (RunUnderWay, admission.StartRefused) as error:
            raise failure(str(error), Exit.REFUSED) from error
        except OutputError as error:
            raise failure(str(error), Exit.FAILED) from error
        except KeyboardInterrupt:
            reporter.say("Interrupted. The same command goes on where this one was.")
            code = Exit.INTERRUPTED
        if code:
            sys.exit(code)

    def _transcribe(self, source: str, options: dict[str, Any], reporter: Reporter) -> Exit:
        form = _format(options["format"])
        sink = Sink(options["output"])
        sink.check()
        known = filing.known_hearing(source)
        _refuse_early(source, known, options)
        with AttachedCluster(
            stop_seconds=settings.API_TIMEOUT_SECONDS + STOP_MARGIN_SECONDS
        ) as cluster:
            _start_where_none_is_alive(cluster)
            hearing, is_new = (known, False) if known else _filed(Path(source), options, reporter)
            if not is_new:
                filing.retracked(hearing, options["track"])
            _check(hearing, reporter, is_new=is_new, overrule=options["skip_validation"])
            chosen, again = source_arguments.run_options(hearing, options), options["again"]
            reporter.say(str(outlook(hearing, chosen, again=again)))
            run = _begun(hearing, chosen, reporter, again=again)
            try:
                _follow(run, cluster, reporter)
            except KeyboardInterrupt:
                return _interrupted(run, cluster, reporter)
            code = _written(run, form, sink, reporter)
            if not Chunk.objects.filter(status=ChunkStatus.RUNNING).exists():
                cluster.kill()  # it does nothing that could be lost, and leaves slowly when asked
        return code


def _refuse_early(source: str, known: Hearing | None, options: dict[str, Any]) -> None:
    """Refuse a new recording that no engine would get, before its gigabytes are copied and read."""
    chosen = source_arguments.run_options(known, options)
    admission.check_engine(chosen)
    if known:
        return
    try:
        admission.check_access(chosen, now=database_clock())
    except admission.StartRefused:
        if filing.filed_as(Path(source)) is None:  # what is filed may be done already
            raise


def _begun(hearing: Hearing, chosen: RunOptions, reporter: Reporter, *, again: bool) -> Run:
    """Start the run, with workers that are here or brought, and say what is against it."""
    now = database_clock()
    run = pipeline.start(hearing, chosen, by=None, now=now, again=again, brings_workers=True)
    if run.created_at == now:
        for finding in run.accepted_findings.filter(area__in=(Area.SYSTEM, Area.ACCESS)):
            reporter.say(f"Warning: {finding.message} {finding.advice}")
    return run


def _follow(run: Run, cluster: AttachedCluster, reporter: Reporter) -> None:
    """Show progress until the run ends or pauses. See to it that somebody works on it."""
    with reporter.stage("Transcribing") as stage:
        while not _is_at_rest(run):
            progress = progress_of(run, now=database_clock())
            stage.show(progress.percent, _told(progress, bill_of(run)))
            _start_where_none_is_alive(cluster)
            _await_end(run, seconds=SHOW_SECONDS)
        if run.is_terminal:
            stage.end(_told(progress_of(run, now=database_clock()), bill_of(run)))


def _is_at_rest(run: Run) -> bool:
    return run.is_terminal or run.status == RunStatus.PAUSED


def _await_end(run: Run, *, seconds: float) -> None:
    """Return when *run* is no longer under way, or the time is over."""
    until = time.monotonic() + seconds
    while not _is_at_rest(run) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        run.refresh_from_db()


def _told(progress: Progress, bill: Bill) -> str:
    parts = [f"{progress.chunks_done} of {progress.chunks_total} chunks"]
    if progress.chunks_failed:
        parts.append(f"{progress.chunks_failed} failed")
    if progress.speed:
        parts.append(f"{progress.speed:.1f} × real time")
    if progress.seconds_left and not progress.waiting:
        parts.append(f"{clock(round(progress.seconds_left * 1000))} left")
    if bill.known_usd:
        parts.append(f"{bill.in_words} so far")
    if progress.waiting:
        parts.append(progress.waiting.for_staff)
    if progress.slower:
        parts.append(progress.slower)
    return ", ".join(parts)


def _start_where_none_is_alive(cluster: AttachedCluster) -> None:
    if cluster.is_running:
        return
    if not clusters.alive(now=database_clock(), policy=settings.LEASE):
        cluster.start()


def _interrupted(run: Run, cluster: AttachedCluster, reporter: Reporter) -> Exit:
    if not cluster.was_started:
        reporter.say(
            f"Detached: the workers go on with run {run.pk}. The same command shows its progress "
            "again; to cancel it, use the run's page in the admin."
        )
        return Exit.INTERRUPTED
    reporter.say("Stopping after the chunks under way. Press Ctrl-C again to stop at once.")
    cluster.stop()
    reporter.say("Stopped. The same command goes on where this one was.")
    return Exit.INTERRUPTED


def _written(run: Run, form: str, sink: Sink, reporter: Reporter) -> Exit:
    code = BY_STATUS.get(RunStatus(run.status), Exit.FAILED)
    if run.reason:
        reporter.say(f"{run.get_status_display()}: {run.reason}")
    if code == Exit.PAUSED:
        reporter.say("When that is mended, the same command goes on where this one was.")
    if run.has_text:
        sink.write(FORMATS[form].render(transcript_of(run)))
    return code


def _filed(path: Path, options: dict[str, Any], reporter: Reporter) -> tuple[Hearing, bool]:
    """Return the recording's hearing, and whether it is new."""
    described = source_arguments.description(options)
    hearing, is_new = filing.filed(path, described)
    if not is_new:
        reporter.say(f"This recording is filed already, as “{hearing.title}” ({hearing.slug}).")
    return hearing, is_new


def _check(hearing: Hearing, reporter: Reporter, *, is_new: bool, overrule: bool) -> None:
    """Have the recording checked; end with each finding on its own line where it is refused."""
    try:
        findings = _findings(hearing, reporter, overrule=overrule)
    except MediaError:  # this host can read no recording
        if is_new:
            removal.delete(hearing)
        raise
    for finding in findings:
        if finding.severity == Severity.WARNING:
            reporter.say(f"Warning: {finding.message} {finding.advice}")
    if hearing.is_accepted:
        return
    lines = [f"{finding.message} {finding.advice}".strip() for finding in _errors(hearing)]
    if is_new:
        removal.delete(hearing)
    raise failure("\n".join(lines) or "The recording was refused.", Exit.REFUSED)


def _findings(hearing: Hearing, reporter: Reporter, *, overrule: bool) -> tuple[Finding, ...]:
    with reporter.stage("Checking") as stage:
        findings = filing.checked(
            hearing,
            on_progress=lambda heard_ms: stage.show(0, clock(heard_ms)),
            overrule=overrule,
        )
        stage.end(clock(hearing.duration_ms or 0))
    return findings


def _errors(hearing: Hearing) -> list[ValidationFinding]:
    return list(hearing.findings.filter(severity=ValidationFinding.Severity.ERROR))


def _format(name: str) -> str:
    if name not in FORMATS:
        built = " and ".join(FORMATS)
        raise failure(f"The format {name} is not built yet. Use one of: {built}.", Exit.WRONG_USAGE)
    return name
