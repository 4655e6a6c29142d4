"""Whether a run may begin, or go on: what is asked before anything is sent."""

from collections.abc import Collection
from datetime import datetime

from hearings import lost_recording
from hearings.models import Hearing
from hearings.validation import Severity
from transcription import access, forecast, readiness
from transcription.engines.base import AccessRefused, Engine
from transcription.engines.registry import engine_for
from transcription.models import Run
from transcription.run_options import RunOptions, plan_of
from transcription.scoring import Readiness, sentences
from transcription.stretches import NoSuchStretch

CHANGED = "The hearing’s recording was replaced, deleted or changed just now. Look again."


class StartRefused(Exception):
    """A run cannot start; the message says why and what to do, a reason a line."""


class NotAccepted(StartRefused):
    """There are warnings that the person who starts the run has not seen."""

    def __init__(self, readiness: Readiness) -> None:
        super().__init__("Something was found that you have not seen yet. Look at it, then start.")
        self.readiness = readiness


class OutsideRecording(StartRefused):
    """The stretch that was asked for is not in the recording."""


def check_access(options: RunOptions, *, now: datetime) -> None:
    """Return where the engine can be had, whatever the hearing. Raises StartRefused.

    Costs nothing; may ask a server.
    """
    found = access.findings(check_engine(options), now=now)
    if errors := [each for each in found if each.severity is Severity.ERROR]:
        raise StartRefused("\n".join(sentences(each) for each in errors))


def assess(
    hearing: Hearing, options: RunOptions, *, now: datetime, brings_workers: bool = False
) -> Readiness:
    """Return what speaks against a fresh run, and the score. Costs nothing; may ask a server."""
    engine = engine_for(options.engine, options.model)
    given = readiness.circumstances(engine, now=now, brings_workers=brings_workers)
    expected = forecast.terms_of(options.engine, options.model).estimate(plan_of(hearing, options))
    return readiness.judge(hearing, given, language=options.language, cost_usd=expected.cost_usd)


def check_going_on(run: Run, *, now: datetime, brings_workers: bool = False) -> None:
    """Return where a run that stopped may go on, as far as one sees. Raises StartRefused."""
    check_ready(readiness.to_go_on(run, now=now, brings_workers=brings_workers), None)


def check_ready(ready: Readiness, accepted: Collection[str] | None) -> None:
    """Return where nothing speaks against it but accepted warnings. Raises StartRefused.

    *accepted* as in `pipeline.start`.
    """
    if not ready.is_ready:
        raise StartRefused(ready.refusal)
    if accepted is not None and ready.unseen(accepted):
        raise NotAccepted(ready)


def check_engine(options: RunOptions) -> Engine:
    """Return the engine, which can work as far as one sees without a call. Raises StartRefused."""
    try:
        engine = engine_for(options.engine, options.model)
        engine.check()
    except KeyError as error:
        raise StartRefused(f"There is no engine “{options.engine}”.") from error
    except AccessRefused as error:
        raise StartRefused(str(error)) from error
    return engine


def check_possible(hearing: Hearing, options: RunOptions) -> None:
    """Return where the recording can be cut and sent to such an engine. Raises StartRefused."""
    if not hearing.is_accepted:
        raise StartRefused(
            "The recording has not been accepted: its check is under way or found errors."
        )
    if check_engine(options).capabilities.is_hosted and hearing.is_closed:
        raise StartRefused(access.CLOSED)
    try:
        options.stretch(hearing)
    except NoSuchStretch as error:
        raise OutsideRecording(str(error)) from error


def hold_as_it_is(hearing: Hearing) -> None:
    """Keep others from changing what is transcribed until the transaction ends.

    Raises StartRefused where somebody has since *hearing* was read.
    """
    current = Hearing.objects.select_for_update().filter(pk=hearing.pk).first()
    if current and (gone := lost_recording.complaint(current)):
        raise StartRefused(gone)
    if not (current and current.is_accepted and _same_sound(current, hearing)):
        raise StartRefused(CHANGED)


def _same_sound(one: Hearing, other: Hearing) -> bool:
    is_same = one.recording.name == other.recording.name
    return is_same and one.analysis.track == other.analysis.track
