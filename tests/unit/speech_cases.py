"""Speech that is known word by word, and what an engine may hear of it in overlapping parts.

The limits of what is generated are those of the real setting. An overlap is at least two seconds
long and a word at most one, so each word is whole in at least one part. The times of each part are
off by up to 0.3 s, each by itself or all of them alike. A word that an edge cuts comes as a
fragment, as something else, whole, or not at all.

Left out is only what two readings explain equally: where one word or phrase is repeated from one
edge of an overlap to the other, and the two parts' times differ by as much as one repeat, nothing
that was heard tells how often it was said. `readings` finds these, about one case in forty, by
trying every way to put two neighbours together.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product
from random import Random

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from hearings.spans import Span
from transcription.merging import Part
from transcription.words import Word

PROOF = os.environ.get("PROOF") == "full"
OFF_MS = 300
PHRASES = (
    *("no", "yes", "I", "the", "of", "Senator", "reauthorization"),
    *("to the", "the bill", "thank you", "mister chairman", "S 1284", "would you"),
    *("the weather service", "appropriations for the service"),
    "I thank the chairman for that question",
    "I would ask the committee to take up the bill",
)
SAID = [
    tuple(phrase.split()) * times
    for phrase in PHRASES
    for times in ((1, 1, 2, 3, 6) if phrase.count(" ") < 2 else (1, 1, 1, 2))
]
# Each phrase as it may be said: once, or again and again as in "no, no, no".

RANDOMS = st.integers(0, 2**32 - 1).map(Random)

proof_settings = settings(
    max_examples=10_000 if PROOF else 1_000,
    derandomize=not PROOF,
    print_blob=True,
    database=None,
)


@dataclass(frozen=True, repr=False)
class SpeechCase:
    """What was said, and what was heard of it part by part."""

    spoken: tuple[Word, ...]
    parts: tuple[Part, ...]

    def _repr_pretty_(self, printer: RepresentationPrinter, _is_cycle: bool) -> None:
        """Show the texts alone: Hypothesis takes what is longer than 30,000 letters for a fault."""
        parts = [(part.span, " ".join(word.text for word in part.words)) for part in self.parts]
        printer.text(f"{parts} of {' '.join(word.text for word in self.spoken)}")


def plain(words: Sequence[Word]) -> list[str]:
    """Return the words without case and punctuation."""
    return [re.sub(r"[^a-z0-9]", "", word.text.lower()) for word in words]


@st.composite
def speech(draw: st.DrawFn) -> tuple[Word, ...]:
    """Words with their true times; mostly without a pause between them."""
    said = draw(st.lists(st.sampled_from(SAID), min_size=4, max_size=12))
    random = draw(RANDOMS)
    pauses = draw(st.sampled_from([(0,), (0, 0, 40, 120), (0, 60, 250, 900)]))
    longest_ms = draw(st.sampled_from([250, 600, 1_000]))
    words, position = [], random.randint(0, 800)
    for text in chain.from_iterable(said):
        end = position + random.randint(80, longest_ms)
        words.append(Word(position, end, text))
        position = end + random.choice(pauses)
    return tuple(words)


@st.composite
def cuts(draw: st.DrawFn, spoken: Sequence[Word]) -> list[Span]:
    """Where the parts are: neighbours overlap by two to six seconds, or touch between two words."""
    end_of_all = spoken[-1].end_ms + 500
    spans = [Span(0, min(draw(st.integers(3_000, 6_000)), end_of_all))]
    while (end := spans[-1].end_ms) < end_of_all:
        overlap_ms = draw(st.integers(2_000, 6_000))
        start = max(end - overlap_ms, spans[-1].start_ms + 500)
        if draw(st.integers(0, 7)) == 0:
            start = end = next((word.end_ms for word in spoken if word.end_ms >= end), end)
            spans[-1] = Span(spans[-1].start_ms, end)
        spans.append(Span(start, min(end + draw(st.integers(3_000, 9_000)), end_of_all)))
    return spans


@dataclass(frozen=True)
class Ear:
    """An engine listening to one part."""

    span: Span
    random: Random
    off_ms: int
    # All of its times are off by this much, and each by some more.

    def hear(self, spoken: Sequence[Word]) -> Part:
        heard: list[Word] = []
        for word in spoken:
            text = self._text(word)
            if text and (part := Span(word.start_ms, word.end_ms).clip(self.span)):
                earliest = heard[-1].start_ms if heard else 0
                start = max(part.start_ms + self._error(), earliest)
                end = max(part.end_ms + self._error(), start + 1)
                heard.append(Word(start, end, self._written(text)))
        return Part(self.span, tuple(heard))

    def _error(self) -> int:
        return max(-OFF_MS, min(OFF_MS, self.off_ms + self.random.randint(-OFF_MS, OFF_MS)))

    def _text(self, word: Word) -> str:
        length = len(word.text)
        if word.start_ms < self.span.start_ms < word.end_ms:
            fragment = word.text[self.random.randint(1, length) :]
        elif word.start_ms < self.span.end_ms < word.end_ms:
            fragment = word.text[: self.random.randint(0, length - 1)]
        else:
            return word.text
        return self.random.choice([fragment, fragment, word.text, "uh", ""])

    def _written(self, text: str) -> str:
        case = self.random.choice([str.lower, str.lower, str.capitalize, str.upper])
        return case(text) + self.random.choice(["", "", "", ",", ".", "?", "…", "—", '."'])


def readings(left: Part, right: Part) -> Iterator[tuple[str, ...]]:
    """Yield what may have been said, for each way in which two neighbours fit together.

    The left side's last words are the right side's first ones, but for one word at either edge.
    What only one side heard began before the other side did, or ended after it.
    """
    for first, tail, head in product(range(len(left.words) + 1), (0, 1), (0, 1)):
        last = len(left.words) - tail
        both = last - first
        only_left = left.words[:first] + right.words[:head]
        only_right = left.words[last:] + right.words[head + both :]
        if (
            0 <= both <= len(right.words) - head
            and all(word.start_ms <= right.span.start_ms + OFF_MS for word in only_left)
            and all(word.end_ms >= left.span.end_ms - OFF_MS for word in only_right)
            and all(map(_may_be_one, left.words[first:last], right.words[head:]))
        ):
            yield tuple(plain(left.words[:last] + right.words[head + both :]))


def _may_be_one(a: Word, b: Word) -> bool:
    return abs(a.middle_ms - b.middle_ms) <= 2 * OFF_MS and plain([a]) == plain([b])


@st.composite
def speech_cases(draw: st.DrawFn) -> SpeechCase:
    spoken = draw(speech())
    parts = []
    for span in draw(cuts(spoken)):
        random = draw(RANDOMS)
        off_ms = draw(st.sampled_from([0, 0, 0, -OFF_MS, OFF_MS]))
        parts.append(Ear(span, random, off_ms).hear(spoken))
    for left, right in pairwise(parts):
        if left.span.overlaps(right.span):
            assume(len(set(readings(left, right))) == 1)
    return SpeechCase(spoken, tuple(parts))
