"""The transcript for people: paragraphs, with what is missing and long silences in brackets.

The words and the marks, nothing else, so that the text can be read, searched and piped on.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from hearings.spans import Span, gaps, intersect
from hearings.times import clock, full_clock
from transcription.coverage import Missing
from transcription.exports.transcript import Transcript

PARAGRAPH_PAUSE_MS = 1_500
# A pause so long begins a new paragraph.
PARAGRAPH_CHARACTERS = 700
# A paragraph that has so many ends with its sentence.
SILENCE_MS = 10_000
# A silence so long is marked.
LINE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of text, spoken or a mark."""

    start_ms: int
    end_ms: int
    text: str
    is_mark: bool = False

    def goes_on_with(self, following: "_Block") -> bool:
        """Say whether *following* belongs to the same paragraph."""
        return not (
            self.is_mark
            or following.is_mark
            or following.start_ms - self.end_ms >= PARAGRAPH_PAUSE_MS
            or len(self.text) >= PARAGRAPH_CHARACTERS
        )

    def joined(self, following: "_Block") -> "_Block":
        return _Block(self.start_ms, following.end_ms, f"{self.text} {following.text}")


def render(transcript: Transcript) -> bytes:
    """Return the text in UTF-8, an empty line between two paragraphs."""
    timeline = sorted(
        chain(_sentences(transcript), _gap_marks(transcript), _silence_marks(transcript)),
        key=attrgetter("start_ms"),
    )
    return "\n\n".join(_wrapped(block.text) for block in _paragraphs(timeline)).encode() + b"\n"


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
        yield _Block(segment.start_ms, segment.end_ms, segment.text)


def _gap_marks(transcript: Transcript) -> Iterator[_Block]:
    for gap in transcript.coverage.missing:
        yield _Block(gap.span.start_ms, gap.span.end_ms, _gap_mark(gap), is_mark=True)


def _gap_mark(gap: Missing) -> str:
    """Return the mark, its times in whole seconds that contain the gap."""
    start, end = full_clock(gap.span.start_ms), full_clock(-(-gap.span.end_ms // 1000) * 1000)
    reason = " ".join(gap.reason.split()).removesuffix(".")
    return f"[Missing {start}–{end}: {reason}]"


def _silence_marks(transcript: Transcript) -> Iterator[_Block]:
    for span in _wordless(transcript):
        if span.duration_ms >= SILENCE_MS:
            mark = f"[No speech, {clock(span.duration_ms)}]"
            yield _Block(span.start_ms, span.end_ms, mark, is_mark=True)


def _wordless(transcript: Transcript) -> tuple[Span, ...]:
    """Return the silences without the words that an engine heard in them all the same."""
    spoken = (Span(segment.start_ms, segment.end_ms) for segment in transcript.segments)
    return intersect(
        transcript.coverage.silence, gaps(spoken, Span(0, transcript.hearing.duration_ms))
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, LINE_CHARACTERS, break_long_words=False, break_on_hyphens=False)
