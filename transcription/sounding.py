"""How alike two names are to the ear and on the page. Pure.

The key is that of Metaphone in spirit (Philips, 1990), coarser: voiced and voiceless consonants
count as one, since that is what speech models mix up, and vowels only where a name begins.
"""

import re
from functools import lru_cache

from transcription.people import folded

_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"(?:s|t)?ch|sh|tz(?=$)", "x"),
        (r"ph", "f"),
        (r"gh", ""),
        (r"mb(?=$)", "m"),
        (r"c(?=[eiy])", "s"),
        (r"dg(?=[eiy])", "j"),
        (r"ck|[cqg]", "k"),
        (r"x", "ks"),
        (r"[zs]", "s"),
        (r"v", "f"),
        (r"d", "t"),
        (r"b", "p"),
    )
)
_TWICE = re.compile(r"(.)\1+")
_SILENT = re.compile(r"(?<!^)[aeiouyhw]")
_VOWEL = re.compile(r"^[aeiouy]")


@lru_cache(maxsize=4_096)  # the same few names, again and again
def sound_of(name: str) -> str:
    """Return the consonants of *name* as they sound, small vowels dropped: "Grassley" is krsl."""
    key = folded(name)
    for pattern, sound in _RULES:
        key = pattern.sub(sound, key)
    return _TWICE.sub(r"\1", _SILENT.sub("", _TWICE.sub(r"\1", key)))


def likeness(left: str, right: str) -> float:
    """Return how alike two names are, 0 to 1, half by their letters and half by their sound.

    0 where they do not begin alike: what is misheard is seldom the first sound.
    """
    a, b = sound_of(left), sound_of(right)
    if not a or not b or _VOWEL.sub("a", a)[0] != _VOWEL.sub("a", b)[0]:
        return 0.0
    return (_share(folded(left), folded(right)) + _share(a, b)) / 2


def _share(left: str, right: str) -> float:
    longest = max(len(left), len(right))
    return 1 - edits(left, right) / longest if longest else 1.0


def edits(left: str, right: str) -> int:
    """Return how many letters to put in, take out, change or swap make *left* into *right*."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        row = [i]
        for j, b in enumerate(right, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
