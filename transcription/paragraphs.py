"""A transcript laid out for reading: paragraphs, and marks where there is no text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hearings.spans import Span, gaps, intersect
from transcription.coverage import Coverage, Missing

PAUSE_MS = 2_000
# A longer pause begins a new paragraph.
PARAGRAPH_SENTENCES = 6
# No paragraph has more.
SILENCE_MS = 15_000
# A silence so long is marked.


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its place in the recording."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of one speaker, one soon after the other; never empty."""

    lines: tuple[Line, ...]

    @property
    def start_ms(self) -> int:
        return self.lines[0].start_ms

    @property
    def speaker(self) -> str | None:
        return self.lines[0].speaker

    def goes_on_with(self, line: Line) -> bool:
        last = self.lines[-1]
        return (
            line.start_ms - last.end_ms <= PAUSE_MS
            and line.speaker == last.speaker
            and len(self.lines) < PARAGRAPH_SENTENCES
        )


Block = Paragraph | Missing | Span
# A span is a silence.


def blocks(lines: Sequence[Line], coverage: Coverage) -> Iterator[Block]:
    """Yield what a page shows, in the order of the recording."""
    timeline: list[Line | Missing | Span] = [
        *lines,
        *coverage.missing,
        *long_silences(lines, coverage),
    ]
    paragraph: list[Line] = []
    for item in sorted(timeline, key=_start_ms):
        if paragraph and not _continues(paragraph, item):
            yield Paragraph(tuple(paragraph))
            paragraph = []
        if isinstance(item, Line):
            paragraph.append(item)
        else:
            yield item
    if paragraph:
        yield Paragraph(tuple(paragraph))


def _continues(paragraph: list[Line], item: Line | Missing | Span) -> bool:
    return isinstance(item, Line) and Paragraph(tuple(paragraph)).goes_on_with(item)


def long_silences(lines: Sequence[Line], coverage: Coverage) -> tuple[Span, ...]:
    """Return silences worth a mark, without what an engine heard in them all the same."""
    if not coverage.silence:
        return ()
    spoken = (Span(line.start_ms, line.end_ms) for line in lines)
    wordless = intersect(coverage.silence, gaps(spoken, Span(0, coverage.silence[-1].end_ms)))
    return tuple(span for span in wordless if span.duration_ms > SILENCE_MS)


def _start_ms(item: Line | Missing | Span) -> int:
    return item.span.start_ms if isinstance(item, Missing) else item.start_ms
