"""How text is cut into words and put together again, also where no spaces stand between. Pure.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces between words. What
stands between two spaces may there be all that is said in ten minutes, so each letter is a word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

_LETTERS = re.compile(
    "[\u0e01-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese and its neighbours
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u2e80-\u2fdf\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Chinese
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"  # and the rarer ones of both
)
_WIDE = re.compile("[\u3001-\u303f\u30fb\uff01-\uffef]")
# Where the punctuation of East Asia is.
_FIRST = frozenset("เแโใไເແໂໃໄ")
# Vowels of Thai and Lao that are written before the consonant after which they are said.
_LATER = frozenset("ะาำๅๆະາຳໆﾞﾟ")
# What is no mark and yet is written only after a letter.
_STACKING = frozenset("\u1039\u17d2")
# What puts the next consonant under the one before it, in Burmese and Khmer.
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[ov]*(?:f*l(?:s+l|[ms])*|x(?:[xmoc]*x)?)[mscw]*|[mscw]+|.")
# A word, in kinds of characters: a letter, or what stays whole of another script (“e-mail”, “3.5”),
# with what opens before it and what closes after it.
_BEGINS, _ENDS = re.compile(r"[^x]*?[flvw]"), re.compile(r"[flvw][^x]*$")

STOPS = ("。", "！", "？", "｡", "။", "។", "៕")
COMMAS = ("，", "、", "；", "：", "၊")
OPENING, CLOSING = "「『（【《〈｢", "」』）】》〉｣"
ENDS = tuple(stop + mark for stop in STOPS for mark in ("", *CLOSING, "”", '"'))
# How a sentence ends.


def words_in(text: str) -> list[str]:
    """Return the words of *text*: what stands between spaces, and of scripts without each letter.

    Marks and closing punctuation stay with the letter before, what opens with the one after.
    """
    if not is_unspaced(text):
        return text.split()
    return [text[start:end] for start, end in places_in(text)]


def places_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where in *text* each of its words begins and ends."""
    for token in _TOKEN.finditer(text):
        if is_unspaced(token.group()):
            for word in _WORD.finditer(_kinds(token.group())):
                yield token.start() + word.start(), token.start() + word.end()
        else:
            yield token.span()


def joined(words: Sequence[str]) -> str:
    """Return *words* as text, spaces between them where their scripts have some."""
    if not any(map(is_unspaced, words)):
        return " ".join(words)
    spaced = (
        " " + after if is_apart(before, after) else after for before, after in pairwise(words)
    )
    return "".join((words[0], *spaced))


def is_apart(before: str, after: str) -> bool:
    """Say whether a space stands between two words: unless both have none beside the other."""
    return not (_ENDS.search(_kinds(before)) and _BEGINS.match(_kinds(after)))


def is_unspaced(text: str) -> bool:
    """Say whether *text* holds letters of a script that puts no spaces between words."""
    return not text.isascii() and _LETTERS.search(text) is not None


def _kinds(text: str) -> str:
    return "".join(map(_kind, text))


@lru_cache(maxsize=8192)
def _kind(character: str) -> str:
    """Return one letter for what *character* is in a word; x is one of a script with spaces."""
    category = unicodedata.category(character)
    is_own = _LETTERS.match(character) is not None
    if character in _STACKING:
        return "s"
    if character in _LATER or category[0] == "M" or category == "Cf":
        return "m"
    if category[0] in "LN":
        return "f" if character in _FIRST else "l" if is_own else "x"
    is_wide = is_own or _WIDE.match(character) is not None
    if category in {"Ps", "Pi", "Sc"}:
        return "v" if is_wide else "o"
    return "w" if is_wide else "c"
