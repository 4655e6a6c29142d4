"""How sure a model is of each word, from the log-probabilities of its tokens. Pure.

Tokens are pieces of a text: a word or a part of one, most with the space before it, some only a
part of a character, which is why the vendor gives their bytes as well
(https://platform.openai.com/docs/api-reference/audio/json-object, "logprobs").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from transcription.writing import places_in, words_in

MOST_LOGPROB = 1e12
# What is more, either way, is no logarithm of a chance.
HALF_A_CHARACTER = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text in UTF-8."""

    content: bytes
    chance: float
    # 0 to 1.

    @property
    def says_something(self) -> bool:
        """It is more than spaces and punctuation."""
        text = self.content.decode("utf-8", "replace")
        return any(c.isalnum() or c == HALF_A_CHARACTER for c in text)


def word_odds(words: Sequence[str], logprobs: object) -> tuple[float | None, ...]:
    """Return for each of *words*, 0 to 1, how sure the model is of its least sure piece.

    *logprobs* is what an answer holds by that name. None for every word where its tokens, joined,
    are not the words: then nobody can say which is whose. How sure it is of a comma says nothing
    of the word before it.
    """
    unknown = (None,) * len(words)
    tokens = _tokens(logprobs)
    try:
        text = b"".join(token.content for token in tokens).decode()
    except UnicodeDecodeError:
        return unknown
    if words_in(text) != list(words):
        return unknown
    return tuple(round(min(chances), 3) for chances in _by_word(tokens, text))


def _tokens(logprobs: object) -> list[Token]:
    """Return the tokens, none where one makes no sense."""
    items = logprobs if isinstance(logprobs, list) else []
    tokens = [token for item in items if (token := _token(item))]
    return tokens if len(tokens) == len(items) else []


def _token(item: object) -> Token | None:
    if not isinstance(item, dict):
        return None
    content, logprob = _content(item), item.get("logprob")
    if content is None or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    if not -MOST_LOGPROB < logprob < MOST_LOGPROB:  # nor what is no number
        return None
    return Token(content, exp(min(logprob, 0)))


def _content(item: dict[str, Any]) -> bytes | None:
    """Return the bytes of a token; its text's where it gives none."""
    values, text = item.get("bytes"), item.get("token")
    if isinstance(values, list):
        try:
            return bytes(int(value) for value in values)
        except (ValueError, TypeError, OverflowError):
            return None
    return text.encode("utf-8", "replace") if isinstance(text, str) else None


def _by_word(tokens: Sequence[Token], text: str) -> Iterator[list[float]]:
    """Yield the chances of the tokens that make each word of *text*, which all make together."""
    index, passed = 0, 0
    # The token that may be the word's first, and the bytes before it.
    at, read = 0, 0
    # A place in the text, in bytes and in characters.
    for first, last in places_in(text):
        start = at + len(text[read:first].encode())
        at, read = start + len(text[first:last].encode()), last
        own: list[Token] = []
        while passed < at:
            token = tokens[index]
            end = passed + len(token.content)
            if end > start and token.content:
                own.append(token)
            if end > at:  # it goes on in the next word
                break
            index, passed = index + 1, end
        saying = [token.chance for token in own if token.says_something]
        yield saying or [token.chance for token in own]
