"""Names in a transcript: those that may be misspelt, and hints that were hardly heard. Pure.

Nothing is changed: what stands stays, and a person is shown what it may be. A false proposal costs
more trust than a missed one, so a name is looked at only where something says that it is one: a
title before it, or the first name of somebody expected.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from transcription.hinting import GENERIC
from transcription.people import TITLES, Person, Subject, folded, listed, person_of
from transcription.phrases import FUNCTION_WORDS
from transcription.sounding import likeness, sound_of
from transcription.words import Word

OF_MEMBERS = listed("senator senators sen chairman chairwoman chair member")
# Titles that here only members of the committee have.
ROLES = listed(
    "administration agency america american attorney authority board bureau chief clerk "
    "commissioner comptroller congressman congresswoman council counsel court democrat democratic "
    "department division federal gentleman gentlewoman government inspector institute leader madam "
    "majority minority national office officer panel party president republican republicans "
    "service speaker staff thank thanks treasury university washington"
)
# Often stand after a title and are no name.
ABBREVIATIONS = listed("mr mrs ms mx dr sen rep gov gen col capt lt sgt maj adm amb prof hon rev")
# Their full stop ends no sentence.
ALIKE_OF_MEMBERS, ALIKE_OF_ANYONE, ALIKE_BY_FIRST_NAME = 0.64, 0.82, 0.75
# How alike a name must be after "Senator", after "Mr.", and after a first name. Of 1,200 pairs of
# a roster and a common surname or that of another senator, 0.64 takes 4 % for a member's; after
# "Mr." anybody may be named, and 0.82 takes 1 %. "Cornett" and Cornyn have 0.66, "Grassi" and
# Grassley 0.69.
LEAST_LEAD = 0.08
# Over the next best name; with less nobody can say which is meant.
LEAST_LETTERS = 4
# Of either: what is shorter is like too many words.
MOST_BETWEEN = 3
# First names and initials between a title and a surname.
HARDLY_HEARD = 0.2
# Confidence below which a word has next to no support in the sound. Of the bundled sample's 473
# words, as Whisper `base` hears them, one has less; the names, none of which it knows, have 0.46
# and more.
MARKS = ".,;:!?…\"'“”‘’()[]—–-"
CLOSING = "\"'”’)]"
SENTENCE_ENDS, COMMAS = (".", "?", "!", "…"), (",", ";", ":")


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that may be the misspelt name of somebody who was expected."""

    word: int
    # Its index among the words looked at.
    stands: str
    # As it is written, without the marks around it.
    proposed: str
    reason: str
    # A sentence for a person.

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Correction":
        """Return the correction that `to_json` wrote."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class _Name:
    """A part of a name that may be misheard."""

    written: str
    person: Person


def corrections(texts: Sequence[str], subject: Subject) -> tuple[Correction, ...]:
    """Return what in the words of a transcript may be the name of somebody expected, misspelt.

    *texts* are words as written, with their marks. A name that is spelt as anybody known is left
    alone; so is one that the text writes small elsewhere, unless it sounds the very same.
    """
    bare = [_bare(text) for text in texts]
    people = subject.people
    known = _known_words(subject)
    small = {word for word in bare if word[:1].islower()}
    found: dict[int, Correction] = {}
    spelt: dict[str, str] = {}
    for index, word in enumerate(bare):
        if not _may_be_name(word, known):
            continue
        address = _address(texts, bare, index, people)
        best = _best(word, address, people) if address else None
        if best and _is_trusted(word, best, small):
            found[index] = Correction(index, word, best.written, _reason(word, best, address))
            spelt[word] = best.written
    for index, word in enumerate(bare):
        if word in spelt and index not in found and not _begins(texts, index):
            again = f"“{word}” may be {spelt[word]} elsewhere in this transcript."
            found[index] = Correction(index, word, spelt[word], again)
    return tuple(found[index] for index in sorted(found))


def hardly_heard(
    words: Sequence[Word], *, told: Sequence[str], people: Sequence[Person]
) -> tuple[str, ...]:
    """Return a sentence for each hint in *words* that the sound hardly supports.

    *told* is what the engine was told for this stretch: such a word may come from the hint alone.
    Where nothing is known of how well a word is heard, nothing is said.
    """
    phrases = _phrases(told, people)
    keys = [folded(_bare(word.text)) for word in words]
    said: dict[str, None] = {}
    start = 0
    while start < len(words):
        end = _end_of_phrase(keys, start, phrases)
        chances = [w.confidence for w in words[start:end] if w.confidence is not None]
        is_name = _bare(words[start].text)[:1].isupper()
        if is_name and chances and fmean(chances) < HARDLY_HEARD:
            hint = phrases[tuple(keys[start:end])]
            said[f"“{hint}” was given as a hint and is hardly heard here."] = None
        start = max(end, start + 1)
    return tuple(said)


def _end_of_phrase(keys: Sequence[str], start: int, phrases: Collection[tuple[str, ...]]) -> int:
    """Return where the longest of *phrases* that begins at *start* ends; *start* if none does."""
    longest = max(map(len, phrases), default=0)
    ends = range(min(start + longest, len(keys)), start, -1)
    return next((end for end in ends if tuple(keys[start:end]) in phrases), start)


def _phrases(told: Iterable[str], people: Iterable[Person]) -> dict[tuple[str, ...], str]:
    """Return hints by their folded words; of a person's, the surname as well."""
    names = {person.name for person in people}
    phrases: dict[tuple[str, ...], str] = {}
    for hint in told:
        phrases[tuple(key for part in hint.split() if (key := folded(part)))] = hint
        person = person_of(hint)
        if person and person.name in names:
            phrases.setdefault((folded(person.surname),), person.surname)
    phrases.pop((), None)
    return phrases


def _bare(text: str) -> str:
    """Return a word without the marks around it and without a possessive's end."""
    word = text.strip(MARKS)
    for end in ("'s", "’s"):
        word = word.removesuffix(end)
    return word


def _known_words(subject: Subject) -> frozenset[str]:
    """Return each word that is spelt as somebody or something known, and those that are none."""
    names = [person.name for person in subject.people] + list(subject.others)
    texts = [subject.title, subject.description]
    for witness in subject.witnesses:
        texts += [witness.title, witness.organisation]
    words = {folded(part) for text in (*names, *texts) for part in text.replace("-", " ").split()}
    words |= {folded(name) for text in names for name in text.split()}
    return frozenset(words | TITLES | ROLES | GENERIC | FUNCTION_WORDS["en"])


def _may_be_name(word: str, known: Collection[str]) -> bool:
    key = folded(word)
    return (
        word[:1].isupper()
        and not word.isupper()
        and len(key) >= LEAST_LETTERS
        and key.isalpha()
        and key not in known
        and key.removesuffix("s") not in known
    )


@dataclass(frozen=True, slots=True)
class _Address:
    """How somebody is spoken of before the surname."""

    title: str
    # As written, "" where there is none.
    given: frozenset[str]
    # First names and initials, folded.

    @property
    def is_of_members(self) -> bool:
        return folded(self.title) in OF_MEMBERS

    @property
    def least_alike(self) -> float:
        if self.is_of_members:
            return ALIKE_OF_MEMBERS
        return ALIKE_BY_FIRST_NAME if self.given else ALIKE_OF_ANYONE


def _address(
    texts: Sequence[str], bare: Sequence[str], index: int, people: Sequence[Person]
) -> _Address | None:
    """Return what stands before a word and makes it a name; None where nothing does."""
    given: set[str] = set()
    firsts = {folded(part) for person in people for part in person.parts[:-1]}
    for place in range(index - 1, max(-1, index - 2 - MOST_BETWEEN), -1):
        word, key = bare[place], folded(bare[place])
        is_initial = len(key) == 1 and texts[place][-1:] == "."
        if not word[:1].isupper() or (_ends(texts[place]) and not is_initial):
            break
        if key in OF_MEMBERS | TITLES and key not in firsts:
            is_ranking = key != "member" or (place > 0 and folded(bare[place - 1]) == "ranking")
            return _Address(word, frozenset(given)) if is_ranking else None
        if key not in firsts and not is_initial:
            break
        given.add(key)
    named = {key for key in given if len(key) > 1}
    return _Address("", frozenset(named)) if named else None


def _ends(text: str, marks: tuple[str, ...] = (*SENTENCE_ENDS, *COMMAS)) -> bool:
    """Say whether a sentence, or a part of one, ends with this word."""
    if folded(text) in ABBREVIATIONS and text.endswith("."):
        return False
    return text.rstrip(CLOSING).endswith(marks)


def _begins(texts: Sequence[str], index: int) -> bool:
    """Say whether a word begins a sentence, where every word is written large."""
    return index == 0 or _ends(texts[index - 1], SENTENCE_ENDS)


def _best(word: str, address: _Address, people: Sequence[Person]) -> _Name | None:
    """Return the name that *word* is clearly most like, None where there is none."""
    names = [
        _Name(part, person)
        for person in people
        if (person.is_member or not address.is_of_members)
        and (not address.given or address.given <= {folded(part) for part in person.parts[:-1]})
        for part in (person.parts[1:] or person.parts)
        if len(folded(part)) >= LEAST_LETTERS
    ]
    alike = {folded(name.written): (_likeness(word, name), name) for name in names}
    ranked = sorted(alike.values(), key=lambda pair: pair[0], reverse=True)
    if not ranked or ranked[0][0] < address.least_alike:
        return None
    next_best = ranked[1][0] if len(ranked) > 1 else 0.0
    return ranked[0][1] if ranked[0][0] - next_best >= LEAST_LEAD else None


def _likeness(word: str, name: _Name) -> float:
    """Return how alike they are; of a name before the surname, only where it is much."""
    alike = likeness(word, name.written)
    is_surname = name.written == name.person.surname
    return alike if is_surname or alike >= ALIKE_OF_ANYONE else 0.0


def _is_trusted(word: str, name: _Name, small: Collection[str]) -> bool:
    """Say whether *word* is no common word of this text, or sounds just like the name."""
    return word.lower() not in small or sound_of(word) == sound_of(name.written)


def _reason(word: str, name: _Name, address: _Address | None) -> str:
    after = address.title if address else ""
    who = "a member of the committee" if name.person.is_member else "a witness"
    place = f"after “{after}” it" if after else "it"
    return f"Nobody expected is called “{word}”; {place} sounds like {name.person.name}, {who}."
