"""Who and what a hearing is about, as values: names without the titles before them. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


def listed(words: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(words.split())


TITLES = listed(
    "adm admiral ambassador amb asst assistant attorney brig capt captain chair chairman "
    "chairwoman cmdr col colonel commander commissioner deputy director doctor dr father fr gen "
    "general gov governor hon honorable judge justice lieutenant lt maj major mayor miss mr mrs ms "
    "mx prof professor ranking rep representative rev reverend sec secretary sen senator sergeant "
    "sgt sir sister the under vice"
)
# What may stand before a name and is no part of it.
SUFFIXES = listed("jr sr ii iii iv esq phd md")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


@lru_cache(maxsize=16_384)  # a transcript says the same words again and again
def folded(text: str) -> str:
    """Return the letters and digits of *text*, small and without accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if c.isalnum())


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may speak or be spoken of."""

    name: str
    # First name to surname, without titles: "Ben Ray Luján".
    is_member: bool = False
    # Of the committee, not a witness.

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.name.split())

    @property
    def surname(self) -> str:
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class WitnessFacts:
    """A witness as the hearing's page names them."""

    name: str
    title: str = ""
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a hearing before anyone has heard it."""

    members: tuple[str, ...] = ()
    # As written; the chair and the ranking member first.
    witnesses: tuple[WitnessFacts, ...] = ()
    title: str = ""
    description: str = ""
    others: tuple[str, ...] = ()
    # Members of other committees, who may be spoken of.

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone who is expected, each once, the witnesses first."""
        found = [person_of(witness.name) for witness in self.witnesses]
        found += [person_of(name, is_member=True) for name in self.members]
        return tuple({person.name: person for person in found if person}.values())


@lru_cache(maxsize=1_024)
def person_of(written: str, *, is_member: bool = False) -> Person | None:
    """Return who is meant by a name as a page writes it; None where no name is left.

    "The Honorable Ingrid Halvorsen, Ph.D." and "Halvorsen, Ingrid" are not the same: what follows
    a comma is a degree or a place, and left out.
    """
    words = _BRACKETS.sub(" ", written).partition(",")[0].split()
    while words and folded(words[0]) in TITLES and len(words) > 1:
        words = words[1:]
    while len(words) > 1 and folded(words[-1]) in SUFFIXES:
        words = words[:-1]
    name = " ".join(words)
    return Person(name, is_member) if any(c.isalpha() for c in name) else None
