"""How sure a model is of each word, by what it says of its tokens."""

import json
from itertools import pairwise
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import FakeApi
from tests.fake_api.arrivals import Arrival
from tests.fake_api.formats import HeardWord, heard_answer
from tests.fake_api.models import MODELS
from tests.unit.hosted_kit import silence, transcribe
from transcription.engines.answers import parse
from transcription.engines.hosted_models import KNOWN
from transcription.engines.word_odds import word_odds
from transcription.writing import words_in


def token(text: str | bytes, chance: float) -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    return {
        "token": content.decode("utf-8", "replace"),
        "bytes": list(content),
        "logprob": log(chance),
    }


SAID = [token("Sen", 0.9), token("ator", 0.99), token(" Corn", 0.4), token("yn", 0.8)]


def odds(text: str, tokens: object) -> list[float | None]:
    return list(word_odds(text.split(), tokens))


def test_a_word_is_as_sure_as_its_least_sure_piece() -> None:
    assert odds("Senator Cornyn", SAID) == [0.9, 0.4]


def test_a_comma_says_nothing_of_the_word_before_it() -> None:
    tokens = [token("Aye", 0.9), token(",", 0.1), token(" sir", 0.8), token(".”", 0.2)]

    assert odds("Aye, sir.”", tokens) == [0.9, 0.8]


def test_a_mark_that_stands_alone_has_its_own() -> None:
    assert odds("a — b", [token("a", 0.9), token(" —", 0.3), token(" b", 0.8)]) == [0.9, 0.3, 0.8]


def test_half_a_character_is_a_piece_of_its_word() -> None:
    first, last = b" Luj\xc3", b"\xa1n"

    assert odds("Mr. Luján", [token("Mr.", 0.9), token(first, 0.7), token(last, 0.5)]) == [0.9, 0.5]


def test_a_token_over_two_words_counts_for_both() -> None:
    tokens = [token("so", 0.9), token(" help me", 0.5), token(" God", 0.8)]

    assert odds("so help me God", tokens) == [0.9, 0.5, 0.5, 0.8]


def test_without_bytes_the_text_of_a_token_will_do() -> None:
    bare = [{"token": item["token"], "logprob": item["logprob"]} for item in SAID]

    assert odds("Senator Cornyn", bare) == [0.9, 0.4]
    assert odds("Senator Cornyn", [{**item, "bytes": None} for item in SAID]) == [0.9, 0.4]


def test_what_can_hardly_be_is_nought_and_what_is_certain_is_one() -> None:
    tokens = [{"token": "a", "logprob": -9999.0}, {"token": " b", "logprob": 1e-9}]

    assert odds("a b", tokens) == [0.0, 1.0]


@pytest.mark.parametrize(
    "tokens",
    [
        None,
        [],
        {},
        SAID[:-1],
        [*SAID, token(" and", 0.9)],
        [*SAID, "x"],
        [*SAID, {"token": ""}],
        [*SAID, {"token": "", "logprob": True}],
        [*SAID, {"token": "", "logprob": 10**400}],
        [*SAID, {"token": "", "logprob": -(10**400)}],
        [*SAID, {"token": "", "logprob": float("nan")}],
        [*SAID, {"token": None, "logprob": -1.0}],
        [*SAID, {"bytes": [300], "logprob": -1.0}],
        [*SAID, {"bytes": ["x"], "logprob": -1.0}],
        [*SAID, {"bytes": [float("inf")], "logprob": -1.0}],
        [*SAID, {"bytes": [0xC3], "logprob": -1.0}],
    ],
)
def test_where_the_tokens_are_not_the_text_nothing_is_known(tokens: object) -> None:
    assert odds("Senator Cornyn", tokens) == [None, None]


@given(st.text(max_size=60), st.lists(st.integers(0, 200), max_size=30))
def test_however_a_text_is_cut_each_word_gets_its_pieces(text: str, cuts: list[int]) -> None:
    content = text.encode("utf-8", "replace")
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[a:b] for a, b in pairwise(edges)]
    tokens = [
        {"bytes": list(piece), "logprob": -(number + 1) / 100}
        for number, piece in enumerate(pieces)
    ]
    words = words_in(content.decode())

    found = word_odds(words, tokens)

    assert len(found) == len(words)
    assert all(chance is not None and 0 <= chance <= 1 for chance in found)
    if words:
        assert found[-1] is not None and found[-1] <= round(exp(-1 / 100), 3)


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers()


@given(
    st.recursive(
        st.none() | numbers | st.sampled_from(["a", " b"]),
        lambda inner: (
            st.lists(inner)
            | st.fixed_dictionaries({"token": inner, "logprob": inner}, optional={"bytes": inner})
        ),
        max_leaves=12,
    )
)
def test_any_json_for_log_probabilities_leaves_the_text_as_it_is(value: object) -> None:
    body = json.dumps({"text": "a b", "logprobs": value}).encode()

    heard = parse(body, speech=(), duration_ms=2_000)

    assert [word.text for word in heard.words] == ["a", "b"]


# Over the wire ---------------------------------------------------------------------------------


def cornyn(arrival: Arrival) -> Any:
    said = (("Thank", -0.1), ("you,", -0.1), ("Senator", -0.1), ("Cornyn.", -1.2))
    words = [
        HeardWord(text, at * 400, at * 400 + 300, logprob=logprob)
        for at, (text, logprob) in enumerate(said)
    ]
    return heard_answer(arrival, words)


@pytest.mark.parametrize("model", sorted(KNOWN))
def test_a_model_that_tells_how_sure_it_is_is_asked_and_believed(api: FakeApi, model: str) -> None:
    api.answer = cornyn

    heard = transcribe(api, model, audio=silence(4))

    tells = "include" in MODELS[model].reads
    assert tells == ("logprobs" in KNOWN[model].include)
    assert api.arrivals[0].all("include") == (["logprobs"] if tells else [])
    assert [word.text for word in heard.words] == ["Thank", "you,", "Senator", "Cornyn."]
    known = [0.905, 0.905, 0.905, round(exp(-1.2), 3)]
    assert [word.confidence for word in heard.words] == (known if tells else [None] * 4)
