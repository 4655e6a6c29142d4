"""Speech, and what engines hear of it in overlapping parts where some give the text alone.

The limits are those of the real setting. Parts are 20 to 90 s long and share 2 to 6 s. People say
8 to 20 letters a second, each at a pace of his own that changes from one stretch to the next, and
some are silent for seconds. A text-only part has the times that `timing.spread` gives it over the
speech as the analysis heard it, each edge of which is off by up to 0.3 s (but no stretch loses more
than two thirds). Its neighbour is of the same kind, or has times that are off by as much.

Left out is only what two readings explain equally: one thing said again and again from one edge of
an overlap to the other, or an overlap so short or so silent that few words in common, and more, or
none, were all said at a pace that people speak at. This is one pair of neighbours in nine, and one
in seventeen of those that share four seconds or more. `readings` finds them by trying every way to
put two neighbours together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from random import Random

from hypothesis import assume
from hypothesis import strategies as st

from hearings.spans import Span, clip_all, total_ms, union
from tests.unit.speech_cases import OFF_MS, PHRASES, RANDOMS, SAID, Ear, SpeechCase, plain
from transcription.merging import Part
from transcription.timing import spread
from transcription.words import Timing, Word

SLOWEST, FASTEST = 8, 20
# Letters a second, a space after each word counted.
LONGEST_MS = 1_000
# No word lasts longer.
PAUSE_MS = 160
# The analysis hears no shorter one.
MANY = 4
# So many words that both sides have in a row are no accident, unless they repeat themselves.
SENTENCES = [tuple(phrase.split()) for phrase in PHRASES]
COMMON = [said for said in SAID if said in SENTENCES or len(set(said)) < MANY]
# So nobody says as much twice in succession.
RARER = [
    *("ask", "been", "bill", "budget", "chair", "clerk", "come", "country", "court", "days"),
    *("does", "even", "fact", "federal", "first", "good", "hearing", "house", "judge", "know"),
    *("law", "made", "money", "morning", "need", "number", "open", "order", "own", "people"),
    *("place", "point", "question", "record", "right", "rule", "said", "say", "senate"),
    *("state", "sure", "take", "talk", "think", "time", "today", "vote", "want", "water"),
    *("witness", "work", "year", "yield"),
]


@dataclass(frozen=True)
class TextEar(Ear):
    """An engine that gives the text alone, listening to one part."""

    speech: tuple[Span, ...] = ()
    # As the analysis heard it.

    def hear(self, spoken: Sequence[Word]) -> Part:
        text = " ".join(word.text for word in super().hear(spoken).words)
        inside = clip_all(self.speech, self.span)
        offset_ms = self.span.start_ms
        here = [Span(span.start_ms - offset_ms, span.end_ms - offset_ms) for span in inside]
        words = spread(text, here, self.span.duration_ms)
        return Part(self.span, tuple(word.shifted(offset_ms) for word in words))


def speech(random: Random, at_least_ms: int) -> tuple[Word, ...]:
    """Words with their true times; mostly without a pause between them."""
    words: list[Word] = []
    position = random.randint(0, 800)
    voice = random.uniform(10, 17)
    phrase: tuple[str, ...] = ()
    while position < at_least_ms:
        if random.random() < 0.3:
            voice = random.uniform(10, 17)
        pace = min(max(voice * random.uniform(0.75, 1.3), SLOWEST * 1.1), FASTEST * 0.9)
        pauses = random.choice([(0,), (0,), (0, 0, 40, 120), (0, 0, 60, 250)])
        for _ in range(random.randint(2, 6)):
            common = [said for said in COMMON if len(said) < MANY or said != phrase]
            rarer = tuple(random.choices(RARER, k=4))
            phrase = random.choice(common) if random.random() < 0.5 else rarer
            for text in phrase:
                slow = random.uniform(0.85, 1.15)
                length = min(round((len(text) + 1) * 1_000 / pace * slow), LONGEST_MS)
                words.append(Word(position, position + length, text))
                position += length + random.choice(pauses)
        if random.random() < 0.2:
            position += random.randint(300, 6_000)
    return tuple(words)


def heard_speech(random: Random, spoken: Sequence[Word]) -> tuple[Span, ...]:
    """Return where the analysis hears speech: each edge off by up to 0.3 s."""
    exact = union((Span(w.start_ms, w.end_ms) for w in spoken), bridge_ms=PAUSE_MS - 1)
    spans = []
    for span in exact:
        inward_ms = min(OFF_MS, span.duration_ms // 3)
        start = max(0, span.start_ms + random.randint(-OFF_MS, inward_ms))
        spans.append(Span(start, span.end_ms + random.randint(-inward_ms, OFF_MS)))
    return union(spans)


def cuts(random: Random, parts: int) -> list[Span]:
    """Where the parts are."""
    spans = [Span(0, random.randint(20_000, 90_000))]
    while len(spans) < parts:
        start = spans[-1].end_ms - random.randint(2_000, 6_000)
        spans.append(Span(start, start + random.randint(20_000, 90_000)))
    return spans


def is_timed(part: Part) -> bool:
    return all(word.timing is not Timing.ESTIMATED for word in part.words)


def readings(left: Part, right: Part, heard: Sequence[Span]) -> set[tuple[str, ...]]:
    """Return what may have been said: each way in which two neighbours fit together.

    The left side's last words are the right side's first ones, but for one word at either edge,
    and were said in the time of the overlap at a pace that is spoken. Four words or more that both
    have are no accident: unless they are one thing said again and again, a way that has less than
    half of them in common is none.
    """
    ours, theirs = _words(left), _words(right)
    shared = Span(right.span.start_ms, left.span.end_ms)
    inside = clip_all(heard, shared)
    tails = (0, 1) if _speaks(heard, shared.end_ms) else (0,)
    heads = (0, 1) if _speaks(heard, shared.start_ms) else (0,)
    ways = [
        (common, (*ours.plain[:last], *theirs.plain[head + len(common) :]))
        for first, tail, head in product(range(len(ours.words) + 1), tails, heads)
        if first <= (last := len(ours.words) - tail)
        if (common := ours.plain[first:last]) == theirs.plain[head : head + last - first]
        if _fit(sum(map(len, common)) + len(common), inside)
        if not is_timed(left) or _left_fits(ours.words, first, last, shared)
        if not is_timed(right) or _right_fits(theirs.words, head, head + len(common), shared)
    ]
    most = max((common for common, _ in ways), key=len, default=())
    least = len(most) / 2 if len(most) >= MANY and not _repeats_itself(most) else 0
    return {said for common, said in ways if len(common) >= least}


def _repeats_itself(words: Sequence[str]) -> bool:
    return any(words[step:] == words[:-step] for step in range(1, (len(words) + 1) // 2 + 1))


def _speaks(heard: Sequence[Span], edge_ms: int) -> bool:
    """Tell whether an edge may cut a word."""
    return any(s.start_ms - OFF_MS <= edge_ms <= s.end_ms + OFF_MS for s in heard)


@dataclass(frozen=True)
class _Words:
    words: tuple[Word, ...]
    plain: tuple[str, ...]


def _words(part: Part) -> _Words:
    words = tuple(word for word in part.words if plain([word])[0])
    return _Words(words, tuple(plain(words)))


def _fit(letters: int, speech: Sequence[Span]) -> bool:
    """Tell whether so much is said in such a time, but for a cut word at either end."""
    off_ms = 2 * OFF_MS * max(len(speech), 1)
    shortest_ms = total_ms(speech) - off_ms - 2 * LONGEST_MS
    longest_ms = total_ms(speech) + off_ms
    return SLOWEST * shortest_ms <= letters * 1_000 <= FASTEST * longest_ms


def _left_fits(words: Sequence[Word], first: int, last: int, shared: Span) -> bool:
    return (
        all(word.start_ms <= shared.start_ms + OFF_MS for word in words[:first])
        and all(word.end_ms >= shared.start_ms - OFF_MS for word in words[first:])
        and all(word.end_ms >= shared.end_ms - OFF_MS for word in words[last:])
    )


def _right_fits(words: Sequence[Word], first: int, last: int, shared: Span) -> bool:
    return (
        all(word.start_ms <= shared.start_ms + OFF_MS for word in words[:first])
        and all(word.start_ms <= shared.end_ms + OFF_MS for word in words[:last])
        and all(word.end_ms >= shared.end_ms - OFF_MS for word in words[last:])
    )


@st.composite
def text_cases(draw: st.DrawFn) -> SpeechCase:
    """Two or three parts, at least one of each two neighbours text-only."""
    random = draw(RANDOMS)
    spans = cuts(random, draw(st.sampled_from([2, 2, 3])))
    end_ms = spans[-1].end_ms
    spoken = tuple(word for word in speech(random, end_ms) if word.end_ms <= end_ms)
    heard = heard_speech(random, spoken)
    timed = draw(st.sampled_from([(), (), (0,), (1,)]))
    parts = []
    for index, span in enumerate(spans):
        off_ms = random.choice([0, 0, 0, -OFF_MS, OFF_MS])
        ear = Ear(span, random, off_ms) if index in timed else TextEar(span, random, off_ms, heard)
        parts.append(ear.hear(spoken))
    for left, right in pairwise(parts):
        assume(len(readings(left, right, heard)) == 1)
    return SpeechCase(spoken, tuple(parts))
