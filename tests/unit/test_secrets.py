"""Whether the search for a key would find it, and whether logs give one away."""

import base64
import io
import logging
from urllib.parse import quote

import pytest
from django.conf import settings

from tests.secrets import SENTINEL, traces_of


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SENTINEL}".encode(),
        quote(SENTINEL, safe="").encode(),
        base64.b64encode(f"Bearer {SENTINEL}; more".encode()),
        base64.b64encode(f"x{SENTINEL}".encode()),
        base64.urlsafe_b64encode(f"xy{SENTINEL}".encode()),
    ],
)
def test_a_hidden_key_is_found(text: bytes) -> None:
    assert traces_of(SENTINEL, text)


def test_nothing_is_found_where_nothing_is() -> None:
    assert traces_of(SENTINEL, b"sk-proj-another") == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_in_the_log_shows_no_values(form: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_built(settings.LOGGING["formatters"][form]))
    logger = logging.getLogger("a.test.of.secrets")
    logger.addHandler(handler)
    try:
        _fail_with(SENTINEL)
    except RuntimeError:
        logger.exception("it broke")

    assert "it broke" in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()
    assert traces_of(SENTINEL, stream.getvalue().encode()) == []


def _fail_with(api_key: str) -> None:
    raise RuntimeError(f"a failure with {len(api_key)} characters")


def _built(formatter: dict[str, object]) -> logging.Formatter:
    made = dict(formatter)
    kind = made.pop("()")
    assert callable(kind)
    built = kind(**made)
    assert isinstance(built, logging.Formatter)
    return built
