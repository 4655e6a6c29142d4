"""What goes and what stays when a recording is removed, for the person who is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.template.defaultfilters import filesizeformat

from hearings.models import Hearing, Witness
from hearings.removal import Account
from transcription.amounts import counted, dollars
from transcription.bills import EMBEDDED
from transcription.models import Attempt, Run, Segment


@dataclass(frozen=True, slots=True)
class Going:
    """What is counted of one hearing."""

    hearing: Hearing
    with_hearing: bool
    # The hearing goes, too.
    runs: int
    sentences: int
    calls: int
    # To hosted engines.
    answers: int
    # Of those, with an answer that is kept.
    usd: Decimal
    # Known costs only.
    findings: int
    witnesses: int
    busy: Run | None
    # Under way: nothing may be removed.

    @property
    def parts(self) -> list[str]:
        """Return what goes, a part a line; what is not there is not named."""
        return [*self._given, *(list(self._made) or ["nothing else"])]

    @property
    def _given(self) -> Iterator[str]:
        """Yield what people gave: the description and the recording."""
        if self.with_hearing:
            witnesses = counted(self.witnesses, "witness", "witnesses")
            whom = f" and {witnesses}" if self.witnesses else ""
            yield f"the hearing, with its description{whom}"
        if self.hearing.recording:  # else its retention period was over
            size = filesizeformat(self.hearing.recording_bytes).replace("\xa0", " ")
            yield f"the recording “{self.hearing.recording_name}” ({size})"

    @property
    def _made(self) -> Iterator[str]:
        """Yield what was made from the recording."""
        if self.runs:
            text = counted(self.sentences, "sentence")
            yield counted(self.runs, "run") + (
                f", with {text} of transcript text" if self.sentences else ""
            )
        if self.answers:
            receipts = "its receipt" if self.answers == 1 else "their receipts"
            yield f"{counted(self.answers, 'answer')} of hosted engines, with {receipts}"
        if self.findings:
            yield counted(self.findings, "finding")

    @property
    def stays(self) -> list[str]:
        """Return what stays, a part a line."""
        lines = ["the record of who removes it, and when"]
        if self.calls:
            paid = f"the {dollars(self.usd)} paid" if self.usd else "the count"
            calls = counted(self.calls, "call")
            lines.append(
                f"{paid} for {calls} to hosted engines, which the month’s budget still counts"
            )
        if not self.with_hearing:
            lines.append("the hearing’s title, date, committee and witnesses, and its address")
        return lines

    @property
    def account(self) -> Account:
        """Return the same as two sentences for the record."""
        return Account(_sentence(self.parts), _sentence(self.stays))


def going(hearing: Hearing, *, with_hearing: bool) -> Going:
    """Count what goes with the recording of *hearing*. Few queries, however long the text."""
    runs = Run.objects.filter(hearing=hearing)
    with_answer = Q(status__in=[Attempt.Status.OK, Attempt.Status.LOST])
    calls = Attempt.objects.filter(chunk__run__hearing=hearing).exclude(engine__in=EMBEDDED)
    counts = calls.exclude(status=Attempt.Status.REUSED).aggregate(
        calls=Count("id"),
        answers=Count("id", filter=with_answer),
        usd=Sum("cost_usd", default=Decimal(0)),
    )
    return Going(
        hearing=hearing,
        with_hearing=with_hearing,
        runs=runs.count(),
        sentences=Segment.objects.filter(run__hearing=hearing).count(),
        findings=hearing.findings.count(),
        witnesses=Witness.objects.filter(hearing=hearing).count(),
        busy=runs.active().first(),
        **counts,
    )


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
