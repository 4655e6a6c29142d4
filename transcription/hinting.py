"""What an engine is told before it hears a slice: names and terms that may be said. Pure.

Hints are what models echo. Whisper and its like take a prompt for text that was just said, and go
on with it where they hear nothing: each of three runs over one meeting opened with hundreds of
invented words, all from the title in its prompt, over the minutes before the gavel. So hints are
names, never sentences or titles; a slice that holds little speech goes out without any; and so
does one whose answer was doubtful before.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from hearings.spans import Span, total_ms
from transcription.people import TITLES, Subject, folded, listed, person_of

MOST_KEYWORDS = 100
LONGEST = 60
# Characters. What is longer is a sentence; cut, it would be a wrong hint.
LEAST_SPEECH_MS = 5_000
LEAST_SPEECH_SHARE = 0.3
# Of a slice; in less, a model has more silence to fill than words to hear. The roll call of the
# bundled sample, speech with the longest pauses, has 0.65.
MOST_TERM_WORDS = 7
# Of a name such as "National Oceanic and Atmospheric Administration".
FIRST_OF_ROSTER = 2
# The chair and the ranking member, who speak most.

BILL = re.compile(
    r"(?<![\w.])(?:H\.\s?R\.|[SH]\.\s?(?:(?:J|Con)\.\s?)?(?:Res\.\s?)?|HR\s?"
    r"|P\.\s?L\.\s?|Public Law\s)\s?\d{1,5}(?:-\d{1,4})?\b"
)
_WORD = re.compile(r"(?:[A-Z]\.)+|[^\W_]+(?:[’'&-][^\W_]+)*")
# With the stops of "U.S." and "John A. Doe".
_INNER = frozenset({("and",), ("de",), ("for",), ("of",), ("for", "the"), ("of", "the")})
# What may stand within a name.
_SMALL = frozenset(word for words in _INNER for word in words)
_CHOPPED = re.compile(r"(?<![A-Z])\.\s|[,;:!?]\s|[()\[\]“”\"/–—]|[.,;:!?]$|\n")
# A name does not go on over these.
GENERIC = listed(
    "a act an bill business by chair chairman committee confirm confirmation congress consider "
    "examine examining executive field full he hearing hearings how i in it its legislation mark "
    "markup meeting member members no nomination nominations nominee nominees on open opening our "
    "oversight pending president ranking report resolution review reviewing s s. senate senator "
    "senators session she states statement subcommittee that the their these they this those to "
    "today united update vote we what when why will witness witnesses "
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)
# Say nothing by themselves, and every engine can spell them.


def keywords_of(subject: Subject) -> tuple[str, ...]:
    """Return the names and terms of a hearing, each once, the most useful first.

    First the witnesses, whom no model knows, then who presides, the bills, the other members;
    last what the witnesses are and what the title and the description name.
    """
    members = [person.name for name in subject.members if (person := person_of(name))]
    witnesses = [person.name for w in subject.witnesses if (person := person_of(w.name))]
    texts = (subject.title, subject.description)
    found = (
        *witnesses,
        *members[:FIRST_OF_ROSTER],
        *(_one_line(bill) for text in texts for bill in BILL.findall(text)),
        *members[FIRST_OF_ROSTER:],
        *(_one_line(witness.organisation) for witness in subject.witnesses),
        *(term for text in texts for term in terms_in(text)),
        *(term for witness in subject.witnesses for term in terms_in(witness.title)),
    )
    return tuple(_distinct(found))[:MOST_KEYWORDS]


def for_slice(
    keywords: Sequence[str], *, speech: Sequence[Span], duration_ms: int, was_doubted: bool
) -> tuple[str, ...]:
    """Return the *keywords* that a slice with this *speech* may be sent with: all, or none.

    *was_doubted* says that an earlier answer did not fit this sound: the second is heard unbiased.
    """
    spoken_ms = total_ms(speech)
    is_quiet = spoken_ms < max(LEAST_SPEECH_MS, LEAST_SPEECH_SHARE * duration_ms)
    return () if is_quiet or was_doubted else tuple(keywords)


def terms_in(text: str) -> Iterator[str]:
    """Yield the names in *text*: runs of capitalised words, and abbreviations.

    In a text in title case, where capitals say little, a run ends at each small word, and a word
    alone is no name; in one of capitals alone nothing is.
    """
    if text.isupper():
        return
    is_title = _is_in_title_case(text)
    for piece in _CHOPPED.split(BILL.sub("\n", text)):
        for position, run in _runs(_WORD.findall(piece), joins=not is_title):
            words = _bared(run)
            is_sure = position > 0 and not is_title
            if _is_name(words, alone=is_sure):
                yield " ".join(words)


def _runs(words: Sequence[str], *, joins: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of capitalised words, and where each begins; *joins*: over "of the" as well."""
    run: list[str] = []
    pending: list[str] = []
    start = 0
    for index, word in enumerate(words):
        if not word[0].isupper():
            pending.append(word)
            continue
        if run and (not pending or (joins and tuple(pending) in _INNER)):
            run += [*pending, word]
        else:
            if run:
                yield start, run
            start, run = index, [word]
        pending = []
    if run:
        yield start, run


def _bared(words: Sequence[str]) -> list[str]:
    """Return *words* without what says nothing at their start."""
    kept = list(words)
    while kept and kept[0].casefold() in GENERIC | _SMALL | TITLES:
        kept = kept[1:]
    return kept


def _is_name(words: Sequence[str], *, alone: bool) -> bool:
    if not words or len(words) > MOST_TERM_WORDS:
        return False
    if len(words) > 1:
        return True
    (word,) = words
    is_abbreviation = len(word) > 1 and word.isupper()
    return is_abbreviation or (alone and len(word) > 2)  # noqa: PLR2004 ("Al", "El")


def _is_in_title_case(text: str) -> bool:
    long = [word for word in _WORD.findall(text) if len(word) > 4 and word[0].isalpha()]  # noqa: PLR2004
    capitals = sum(word[0].isupper() for word in long)
    return bool(long) and capitals > 0.8 * len(long)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _distinct(keywords: Iterable[str]) -> Iterator[str]:
    """Yield each of *keywords* once, whatever its capitals and stops, if it is short enough."""
    seen: set[str] = set()
    for keyword in keywords:
        key = folded(keyword)
        if key and key not in seen and len(keyword) <= LONGEST:
            seen.add(key)
            yield keyword
