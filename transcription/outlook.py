"""What a start would do now: begin anew, go on with what is left, or nothing."""

from dataclasses import dataclass

from hearings import lost_recording
from hearings.models import Hearing
from hearings.spans import Span
from transcription import admission, pipeline
from transcription.estimating import Estimate
from transcription.forecast import Terms, terms_of
from transcription.models import ChunkStatus, Run, RunStatus
from transcription.planning import Plan, PlannedChunk
from transcription.run_options import RunOptions

SETTLED = (ChunkStatus.DONE, ChunkStatus.CANCELLED, ChunkStatus.SUPERSEDED)
# What a run under way does not send again; one that has ended sends what lacks words.


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a start would send, and what that takes."""

    plan: Plan
    # Of what is left to send.
    estimate: Estimate
    earlier: Run | None
    # The run of the same settings that is found again.

    def __str__(self) -> str:
        if self.earlier is None:
            return str(self.estimate)
        if not self.plan.chunks:
            return f"Run {self.earlier.pk} has done this already: nothing is sent, nothing is paid."
        return f"Run {self.earlier.pk} goes on: {self.estimate}"


def outlook(
    hearing: Hearing, options: RunOptions, *, again: bool = False, terms: Terms | None = None
) -> Outlook:
    """Return what `pipeline.start` would do with these options. Raises StartRefused as it would."""
    fresh = pipeline.preview(hearing, options)
    earlier = _found_again(hearing, options, again=again)
    plan = _left_of(earlier) if earlier else fresh
    if (gone := lost_recording.complaint(hearing)) and (plan.chunks or earlier is None):
        raise admission.StartRefused(gone)
    terms = terms or terms_of(options.engine, options.model)
    return Outlook(plan, terms.estimate(plan), earlier)


def _found_again(hearing: Hearing, options: RunOptions, *, again: bool) -> Run | None:
    """Return the run that `pipeline.start` takes up. Looks at runs that were fetched before."""
    key = options.key(hearing)
    runs = [
        run
        for run in hearing.runs.all()
        if run.settings_key == key and run.status != RunStatus.CANCELLED
    ]
    return next((run for run in runs if not (again and run.is_terminal)), None)


def _left_of(run: Run) -> Plan:
    chunks = run.chunks.all()
    left = chunks.lacking() if run.is_terminal else chunks.exclude(status__in=SETTLED)
    spans = [Span(*pair) for pair in left.order_by("start_ms").values_list("start_ms", "end_ms")]
    return Plan(tuple(PlannedChunk(span) for span in spans), run.method, run.parallel)
