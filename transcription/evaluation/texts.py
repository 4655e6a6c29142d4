"""Words as they are compared: after Whisper's English normalisation.

It lowers case, spells numbers and contractions one way, and leaves out punctuation, fillers and
what stands in brackets.
"""

from functools import cache

from whisper_normalizer.english import EnglishTextNormalizer


class NotComparable(ValueError):
    """A text that cannot be evaluated; the message says why, for a person."""


def normalised(text: str) -> tuple[str, ...]:
    """Return the words of *text*; the normaliser leaves the dots of “…” behind as words."""
    words = str(_normaliser()(text)).split()
    return tuple(word for word in words if any(map(str.isalnum, word)))


@cache
def _normaliser() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()
