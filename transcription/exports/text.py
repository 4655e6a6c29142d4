"""The transcript for people: paragraphs, with what is missing, doubtful or silent in brackets.

The words, the marks and who speaks where that is known, nothing else, so that the text can be
read, searched and piped on.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter

from hearings.spans import Span
from hearings.times import clock, full_clock
from transcription.coverage import Missing, long_silences
from transcription.exports.transcript import Transcript
from transcription.paragraphs import voice
from transcription.writing import joined

PARAGRAPH_PAUSE_MS = 1_500
# A pause so long begins a new paragraph.
PARAGRAPH_CHARACTERS = 700
# A paragraph that has so many ends with its sentence.
LINE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of text, spoken or a mark."""

    start_ms: int
    end_ms: int
    text: str
    is_mark: bool = False
    is_silence: bool = False
    # A mark of no speech, which ends no passage.
    speaker: str | None = None
    doubts: tuple[str, ...] = ()
    # What may be wrong with the text, sentences.

    def goes_on_with(self, following: "_Block") -> bool:
        """Say whether *following* belongs to the same paragraph."""
        return not (
            self.is_mark
            or following.is_mark
            or following.speaker != self.speaker
            or following.doubts != self.doubts
            or following.start_ms - self.end_ms >= PARAGRAPH_PAUSE_MS
            or len(self.text) >= PARAGRAPH_CHARACTERS
        )

    def joined(self, following: "_Block") -> "_Block":
        text = joined((self.text, following.text))
        return replace(self, end_ms=following.end_ms, text=text)


def render(transcript: Transcript) -> bytes:
    """Return the text in UTF-8, an empty line between two paragraphs."""
    timeline = sorted(
        chain(_sentences(transcript), _gap_marks(transcript), _silence_marks(transcript)),
        key=attrgetter("start_ms"),
    )
    return "\n\n".join(_written(_paragraphs(timeline))).encode() + b"\n"


def _written(blocks: Iterable[_Block]) -> Iterator[str]:
    """Yield paragraphs and marks; a change of speaker is a line above its paragraph."""
    speaker: str | None = None
    doubtful: _Block | None = None
    # The last of a doubtful passage that is not closed yet.
    for block in blocks:
        if doubtful and not block.is_silence and block.doubts != doubtful.doubts:
            yield _end_of(doubtful)
            doubtful = None
        if block.doubts:
            if not doubtful:
                yield _wrapped(_doubt_mark(block))
            doubtful = block
        if block.is_mark or block.speaker == speaker:
            yield _wrapped(block.text)
        else:
            speaker = block.speaker
            yield f"{_wrapped(_on_one_line(voice(speaker)))}:\n{_wrapped(block.text)}"
    if doubtful:
        yield _end_of(doubtful)


def _paragraphs(timeline: Iterable[_Block]) -> Iterator[_Block]:
    paragraph: _Block | None = None
    for block in timeline:
        if paragraph and paragraph.goes_on_with(block):
            paragraph = paragraph.joined(block)
        else:
            if paragraph:
                yield paragraph
            paragraph = block
    if paragraph:
        yield paragraph


def _sentences(transcript: Transcript) -> Iterator[_Block]:
    for segment in transcript.segments:
        yield _Block(
            segment.start_ms,
            segment.end_ms,
            segment.text,
            speaker=segment.speaker or None,
            doubts=segment.flags,
        )


def _doubt_mark(block: _Block) -> str:
    reasons = _on_one_line(" ".join(block.doubts)).removesuffix(".")
    return f"[Doubtful from {full_clock(block.start_ms)}: {reasons}]"


def _end_of(block: _Block) -> str:
    return f"[Doubtful to {_rounded_up(block.end_ms)}]"


def _gap_marks(transcript: Transcript) -> Iterator[_Block]:
    for span in transcript.coverage.not_asked:
        mark = f"[Not asked for: {full_clock(span.start_ms)}–{_rounded_up(span.end_ms)}]"
        yield _Block(span.start_ms, span.end_ms, mark, is_mark=True)
    for gap in transcript.coverage.missing:
        yield _Block(gap.span.start_ms, gap.span.end_ms, _gap_mark(gap), is_mark=True)


def _gap_mark(gap: Missing) -> str:
    """Return the mark, its times in whole seconds that contain the gap."""
    start, end = full_clock(gap.span.start_ms), _rounded_up(gap.span.end_ms)
    reason = _on_one_line(gap.reason).removesuffix(".")
    return f"[Missing {start}–{end}: {reason}]"


def _rounded_up(milliseconds: int) -> str:
    return full_clock(-(-milliseconds // 1000) * 1000)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _silence_marks(transcript: Transcript) -> Iterator[_Block]:
    spoken = (Span(segment.start_ms, segment.end_ms) for segment in transcript.segments)
    for span in long_silences(transcript.coverage, spoken):
        mark = f"[No speech, {clock(span.duration_ms)}]"
        yield _Block(span.start_ms, span.end_ms, mark, is_mark=True, is_silence=True)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, LINE_CHARACTERS, break_long_words=False, break_on_hyphens=False)
