"""A transcript laid out for reading: paragraphs, what of them is doubtful, marks without text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hearings.spans import Span
from transcription.coverage import Coverage, Missing, long_silences
from transcription.names import Correction
from transcription.writing import places_in

PAUSE_MS = 2_000
# A longer pause begins a new paragraph.
PARAGRAPH_SENTENCES = 6
# No paragraph has more.
NOBODY_KNOWN = "Speaker not known"
# Stands where a text with speakers goes on without one.
VOICE = re.compile(r"(\d+)(?:·|(?=[^\d·]))(.+)", re.DOTALL)
# A speaker as a chunk's engine told them apart: “3·A” is the chunk's number and its label. Older
# transcripts have “3A”.
LONGEST_LABEL = 3
# What is longer is a name.


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a sentence's text."""

    text: str
    correction: Correction | None = None
    # What it may be.


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its place in the recording."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str | None
    doubts: tuple[str, ...] = ()
    # What does not fit in the answer that it is from, sentences.
    corrections: tuple[Correction, ...] = ()
    # Names in it that may be misspelt, for staff.

    @property
    def pieces(self) -> Iterator[Piece]:
        """Yield its text in pieces, each word that may be misspelt as one of its own."""
        proposed = {found.word: found for found in self.corrections}
        plain, read = "", 0
        for index, (start, end) in enumerate(places_in(self.text)):
            space, word, read = self.text[read:start], self.text[start:end], end
            found = proposed.get(index)
            before, stands, after = word.partition(found.stands) if found else (word, "", "")
            plain += space + before
            if found and stands:
                yield Piece(plain)
                yield Piece(stands, found)
                plain = after
            else:
                plain += stands + after
        yield Piece(plain)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of one speaker, one soon after the other; never empty."""

    lines: tuple[Line, ...]
    heading: str = ""
    # Who speaks, where that changes; empty where it does not.

    @property
    def start_ms(self) -> int:
        return self.lines[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.lines[-1].end_ms

    @property
    def speaker(self) -> str | None:
        return self.lines[0].speaker

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.lines[0].doubts

    @property
    def proposals(self) -> list[tuple[Line, Correction]]:
        """Names that may be misspelt, each with its sentence."""
        return [(line, found) for line in self.lines for found in line.corrections]

    def goes_on_with(self, line: Line) -> bool:
        last = self.lines[-1]
        return (
            line.start_ms - last.end_ms <= PAUSE_MS
            and line.speaker == last.speaker
            and line.doubts == last.doubts
            and len(self.lines) < PARAGRAPH_SENTENCES
        )


Sound = Paragraph | Span
# A span is a silence.


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A passage whose text may be wrong, all for the same reasons; begins and ends with words."""

    blocks: tuple[Sound, ...]
    doubts: tuple[str, ...]

    @property
    def start_ms(self) -> int:
        return self.blocks[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.blocks[-1].end_ms


Block = Sound | Missing | Doubtful


def blocks(lines: Sequence[Line], coverage: Coverage) -> Iterator[Block]:
    """Yield what a page shows, in the order of the recording."""
    passage: list[Sound] = []
    silences: list[Span] = []
    # Within the passage if it goes on after them, else behind it.
    for block in _with_headings(_paragraphs(lines, coverage)):
        if passage and isinstance(block, Span):
            silences.append(block)
            continue
        if passage and not (isinstance(block, Paragraph) and block.doubts == _doubts(passage)):
            yield Doubtful(tuple(passage), _doubts(passage))
            yield from silences
            passage, silences = [], []
        if isinstance(block, Paragraph) and block.doubts:
            passage += [*silences, block]
            silences = []
        else:
            yield block
    if passage:
        yield Doubtful(tuple(passage), _doubts(passage))
        yield from silences


def summary(laid_out: Iterable[Block]) -> str:
    """Return how much of a text is to be taken with care; empty where nothing is."""
    kinds = [type(block) for block in laid_out]
    doubtful, missing = kinds.count(Doubtful), kinds.count(Missing)
    told = []
    if doubtful:
        told.append(
            "1 passage is doubtful" if doubtful == 1 else f"{doubtful} passages are doubtful"
        )
    if missing:
        told.append("1 stretch is missing" if missing == 1 else f"{missing} stretches are missing")
    return ", ".join(told)


def names_to_check(laid_out: Iterable[Block]) -> int:
    """Return how many names in a text may be misspelt."""
    sounds = [
        sound
        for block in laid_out
        for sound in (block.blocks if isinstance(block, Doubtful) else (block,))
    ]
    return sum(len(sound.proposals) for sound in sounds if isinstance(sound, Paragraph))


def voice(speaker: str | None) -> str:
    """Return how a speaker is named to people.

    An engine tells voices apart within one part of the recording only, so the part is said: voice
    A of one part need not be voice A of another.
    """
    if not speaker:
        return NOBODY_KNOWN
    if found := VOICE.fullmatch(speaker):
        part, label = found.groups()
        return (
            f"Voice {label} (part {part})"
            if len(label) <= LONGEST_LABEL
            else f"{label} (part {part})"
        )
    return speaker


def _doubts(passage: Sequence[Sound]) -> tuple[str, ...]:
    return passage[0].doubts if isinstance(passage[0], Paragraph) else ()


def _with_headings(found: Iterable[Sound | Missing]) -> Iterator[Sound | Missing]:
    speaker: str | None = None
    for block in found:
        if isinstance(block, Paragraph) and (block.speaker or None) != speaker:
            speaker = block.speaker or None
            yield Paragraph(block.lines, voice(speaker))
        else:
            yield block


def _paragraphs(lines: Sequence[Line], coverage: Coverage) -> Iterator[Sound | Missing]:
    spoken = (Span(line.start_ms, line.end_ms) for line in lines)
    timeline: list[Line | Missing | Span] = [
        *lines,
        *coverage.missing,
        *long_silences(coverage, spoken),
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


def _start_ms(item: Line | Missing | Span) -> int:
    return item.span.start_ms if isinstance(item, Missing) else item.start_ms
