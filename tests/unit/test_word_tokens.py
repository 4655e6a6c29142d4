"""Which tokens are which word's, with a tokenizer that tells words of letters as Whisper's does."""

import re

import pytest

from transcription.engines.word_tokens import Part, Tokens, parts_of

TOKENS = [b" the", b" room", b".", "大家".encode(), "好".encode(), "谢".encode()[:1]]
TOKENS += ["谢".encode()[1:], "，".encode(), b" AI", " 好".encode(), b"AI"]


def of_text(text: str) -> list[int]:
    pattern = re.compile(b"|".join(map(re.escape, TOKENS)))
    found = pattern.findall(text.encode())
    assert b"".join(found) == text.encode()
    return [TOKENS.index(token) for token in found]


WRITES = Tokens(of_text, lambda token: len(TOKENS[token]), lambda token: token not in {2, 7})


def parts(*words: str) -> list[Part]:
    return parts_of(words, WRITES)[1]


def text(*words: str) -> str:
    return b"".join(TOKENS[token] for token in parts_of(words, WRITES)[0]).decode()


def test_a_word_between_spaces_has_its_own_tokens_without_its_punctuation() -> None:
    assert parts("the", "room.", "the") == [Part((0,), 1), Part((1,), 3), Part((3,), 4)]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("the", "room."), " the room."),
        (("大", "家", "好，", "谢"), "大家好，谢"),
        (("好", "AI", "好"), "好 AI 好"),
        (("AI", "the"), " AI the"),
    ],
)
def test_no_space_is_written_between_letters_of_a_script_without(
    words: tuple[str, ...], written: str
) -> None:
    assert text(*words) == written


def test_letters_in_one_token_share_it_and_one_in_pieces_has_them_all() -> None:
    big, family, good, thanks = parts("大", "家", "好，", "谢")

    assert (big, family) == (Part((0,), 1, 0.0, 0.5), Part((0,), 1, 0.5, 0.0))
    assert (good, thanks) == (Part((1,), 3), Part((3, 4), 5))
