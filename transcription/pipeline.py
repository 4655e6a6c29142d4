"""From an accepted hearing to its transcript: the order of the steps, and what a person may do.

start → (workers: claim → slice → permit → announce → transcribe → finish; see chunk_job) →
conclude: merge, cut into sentences, store.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from hearings.models import Hearing, RecordingAnalysis
from transcription import (
    acceptance,
    admission,
    dispatch,
    doubting,
    forecast,
    planning,
    recutting,
)
from transcription.concluding import conclude
from transcription.engines.registry import default_model, engine_for
from transcription.hinting import keywords_of
from transcription.logs import log_fields
from transcription.models import Chunk, ChunkStatus, Run, RunStatus
from transcription.recovery import recover_stalled
from transcription.roster import subject_of
from transcription.run_options import RunOptions, plan_of

logger = logging.getLogger(__name__)

EMBEDDED = "whisper"
CANCELLED = "Cancelled by a person."


def start(  # noqa: PLR0913 (each a wish of its own)
    hearing: Hearing,
    options: RunOptions,
    *,
    by: User | None,
    now: datetime,
    again: bool = False,
    accepted: Collection[str] | None = None,
    brings_workers: bool = False,
) -> Run:
    """Return the run that gives this hearing its transcript, begun now where there is none.

    The same settings find their run again: a finished one is returned as it is, an interrupted,
    paused or incomplete one goes on, and nothing is paid for twice; *again* begins anew.

    *accepted* are the codes of the warnings that the person has seen; None: whatever they are. They
    are kept with the run. Who *brings_workers* needs none alive. Raises StartRefused, and
    NotAccepted, before anything is sent. Call it outside transactions: a server may be asked.
    """
    admission.check_possible(hearing, options)
    earlier = hearing.runs.exclude(status=RunStatus.CANCELLED)
    run = earlier.filter(settings_key=options.key(hearing)).first()
    if run and not (again and run.is_terminal):
        return _taken_up(run, now=now, brings_workers=brings_workers)
    if busy := earlier.active().first():
        raise admission.StartRefused(
            f"Run {busy.pk} with other settings ({busy.engine} {busy.model}) is "
            f"{busy.get_status_display().lower()} for this hearing. Wait for it, or cancel it."
        )
    try:
        ready = admission.assess(hearing, options, now=now, brings_workers=brings_workers)
        admission.check_ready(ready, accepted)
        with transaction.atomic():
            admission.hold_as_it_is(hearing)
            run = _begun(hearing, options, by=by, now=now, again=again)
            acceptance.keep(run, ready, by=by, now=now)
            return run
    except IntegrityError as error:  # a second click was faster
        raise admission.StartRefused(
            "Another run for this hearing was started just now."
        ) from error
    except RecordingAnalysis.DoesNotExist as error:
        raise admission.StartRefused(admission.CHANGED) from error


def preview(hearing: Hearing, options: RunOptions) -> planning.Plan:
    """Return how `start` would cut the recording. Raises StartRefused where it would refuse it."""
    admission.check_possible(hearing, options)
    return plan_of(hearing, options)


def _taken_up(run: Run, *, now: datetime, brings_workers: bool) -> Run:
    """Let an earlier run of the same settings go on where it can."""
    if run.status == RunStatus.PAUSED or can_retry(run):
        admission.check_going_on(run, now=now, brings_workers=brings_workers)
    if run.status == RunStatus.PAUSED:
        resume(run, now=now)
    elif run.status in (RunStatus.INCOMPLETE, RunStatus.FAILED):
        retry(run, now=now)
    elif not run.is_terminal:
        recover_stalled(now=now)
        dispatch.nudge(run.parallel)
    return run


def _begun(
    hearing: Hearing, options: RunOptions, *, by: User | None, now: datetime, again: bool
) -> Run:
    plan, stretch = plan_of(hearing, options), options.stretch(hearing)
    run = Run.objects.create(
        hearing=hearing,
        status=RunStatus.TRANSCRIBING,
        engine=options.engine,
        model=options.model,
        language=options.language,
        track=hearing.analysis.track,
        from_ms=stretch.start_ms if stretch else None,
        to_ms=stretch.end_ms if stretch else None,
        keywords=list(keywords_of(subject_of(hearing))),
        method=plan.method,
        parallel=plan.parallel,
        is_parallel_fixed=options.sequential or options.parallel is not None,
        settings_key=options.key(hearing),
        is_fresh=again,
        requested_by=by,
        created_at=now,
    )
    Chunk.objects.bulk_create(_rows(run, plan.chunks))
    forecast.keep(run, forecast.terms_of(run.engine, run.model).estimate(plan))
    with log_fields(hearing=hearing.slug, run=run.pk):
        logger.info("run begins: %s chunks, %s", len(plan.chunks), plan.method)
    if plan.chunks:
        transaction.on_commit(lambda: dispatch.nudge(min(len(plan.chunks), plan.parallel + 1)))
    else:
        conclude(run, now=now)
    return run


def _rows(run: Run, chunks: Sequence[planning.PlannedChunk]) -> list[Chunk]:
    return [
        Chunk(
            run=run,
            index=index,
            start_ms=chunk.span.start_ms,
            end_ms=chunk.span.end_ms,
            windows=[[w.start_ms, w.end_ms] for w in chunk.windows],
        )
        for index, chunk in enumerate(chunks)
    ]


def cancel(run: Run, *, now: datetime) -> bool:
    """Stop a run for good. A call under way ends unheard. False where it had ended already.

    One that is retried ends with its text, and what the retry brought so far; what it still lacks
    can be retried later.
    """
    ended = {"finished_at": now, "token": None, "holder": "", "lease_until": None}
    becomes: dict[str, Any] = {"status": RunStatus.CANCELLED, "finished_at": now}
    with transaction.atomic():
        left = run.chunks.unsettled()
        if is_retried := run.segments.exists():
            becomes = {"status": RunStatus.MERGING}
        # Whatever it was when *run* was read: a person who cancels means it.
        changed = Run.objects.active().filter(pk=run.pk)
        if not changed.update(paused_from="", room_host="", reason=CANCELLED, **becomes):
            return False
        if is_retried:
            left.to_align().update(status=ChunkStatus.DONE, **ended)  # its words are paid for
            left.update(status=ChunkStatus.FAILED, error=CANCELLED, not_before=None, **ended)
        else:
            left.update(status=ChunkStatus.CANCELLED, **ended)
    run.refresh_from_db()
    conclude(run, now=now)
    return True


def can_retry(run: Run) -> bool:
    """Say whether *run* has ended with chunks that a person may have tried again.

    Not where another sound of the recording is the hearing's by now: what is known of where people
    speak is of that.
    """
    ended = run.status in (RunStatus.INCOMPLETE, RunStatus.FAILED)
    can_be_heard = run.is_of_present_sound and not run.hearing.recording_removed_at
    return ended and can_be_heard and run.chunks.lacking().exists()


def retry(run: Run, *, now: datetime) -> bool:
    """Try again what an ended run lacks. False where it lacks nothing. Raises StartRefused.

    An answer without words for what was said is not used again, and the words of an earlier one
    are kept: they count until the new answer says more (`doubting.go_back`).
    """
    if not can_retry(run):
        return False
    lacking = list(run.chunks.lacking())
    try:
        with transaction.atomic():
            admission.hold_as_it_is(run.hearing)
            if not run.move(to=RunStatus.TRANSCRIBING, now=now, reason=""):
                return False
            for chunk in lacking:
                if chunk.status == ChunkStatus.DONE:
                    doubting.forget_answers(chunk)
                if chunk.result:
                    chunk.ask_anew(now=now)
            wordless = [chunk.pk for chunk in lacking if not chunk.result]
            run.chunks.filter(pk__in=wordless).update(
                status=ChunkStatus.WAITING,
                tries=0,
                ambiguous=0,
                reshaped=0,
                rejected=0,
                losses=0,
                reruns=F("reruns") + 1,
                is_heard=False,
                unworded=[],
                not_before=None,
                finished_at=None,
                error="",
            )
            transaction.on_commit(lambda: dispatch.nudge(run.parallel))
    except IntegrityError:  # another run of this hearing is under way
        run.refresh_from_db()
        return False
    return True


def pause(run: Run, *, reason: str, now: datetime, room_host: str = "") -> bool:
    """Stop a run until a person lets it go on, or there is room on the disks of *room_host*.

    False where it is not at work.
    """
    if run.is_terminal or run.status == RunStatus.PAUSED:
        return False
    with log_fields(hearing=run.hearing.slug, run=run.pk):
        logger.warning("run paused: %s", reason)
    return run.move(
        to=RunStatus.PAUSED,
        now=now,
        paused_from=run.status,
        reason=reason,
        room_host=room_host,
    )


def pause_alike(run: Run, *, reason: str, now: datetime, same_model: bool) -> None:
    """Pause a run and every other of its engine, or of its model: what stops one stops all."""
    alike = Run.objects.working().filter(engine=run.engine)
    if same_model:
        alike = alike.filter(model=run.model)
    for each in alike.select_related("hearing"):
        pause(each, reason=reason, now=now)


def resume(run: Run, *, now: datetime) -> bool:
    """Let a paused run go on where it was. False where it is not paused."""
    if run.status != RunStatus.PAUSED:
        return False
    with transaction.atomic():
        if not run.move(to=RunStatus(run.paused_from), now=now, paused_from="", reason=""):
            return False
        run.chunks.filter(status=ChunkStatus.WAITING).update(not_before=None)
        transaction.on_commit(lambda: dispatch.nudge(run.parallel))
    conclude(run, now=now)  # its last chunk may have ended during the pause
    return True


def continue_embedded(run: Run, *, now: datetime) -> bool:
    """Let a paused run of a hosted engine go on with the embedded one; what is done stays.

    False where it is not paused, or not with a hosted engine. Raises StartRefused where the
    embedded engine cannot work.
    """
    if run.status != RunStatus.PAUSED:
        return False
    if not engine_for(run.engine, run.model).capabilities.is_hosted:
        return False
    model = default_model(EMBEDDED)
    engine = admission.check_engine(RunOptions(engine=EMBEDDED, model=model, language=run.language))
    slots = settings.RATE.embedded_per_host
    with transaction.atomic():
        if not run.move(
            to=RunStatus(run.paused_from),
            now=now,
            paused_from="",
            reason="",
            engine=EMBEDDED,
            model=model,
            parallel=slots,
            is_parallel_fixed=False,
        ):
            return False
        recutting.fit_to(run, engine.capabilities, slots=slots, now=now)
        transaction.on_commit(lambda: dispatch.nudge(run.parallel))
    conclude(run, now=now)
    return True
