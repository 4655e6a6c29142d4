"""People are told in time that a model ends."""

from datetime import date, timedelta

import pytest
from django.core.checks import Warning  # noqa: A004 (Django's name)
from django.utils import timezone
from pytest_django import Settings

from transcription import checks
from transcription.engines.hosted_models import KNOWN
from transcription.models import ServerModel
from transcription.shutdown import NOTICE_DAYS, SUCCESSOR, announced, said_or_announced

END = date(2027, 2, 26)


@pytest.fixture
def whisper_1(settings: Settings) -> None:
    settings.TRANSCRIPTION_ENGINE = "openai"
    settings.OPENAI_TRANSCRIPTION_MODEL = "whisper-1"


def test_months_ahead_people_are_told_when_and_what_to_choose() -> None:
    end = announced("openai", "whisper-1", today=date(2026, 11, 23))

    assert str(end) == (
        "whisper-1 will be shut down by its vendor on 26 February 2027, in 95 days. "
        "Choose gpt-transcribe in OPENAI_TRANSCRIPTION_MODEL and for new runs, or the embedded "
        "engine (whisper)."
    )


@pytest.mark.parametrize(
    ("today", "fact"),
    [
        (END - timedelta(days=1), "will be shut down by its vendor on 26 February 2027, in 1 day."),
        (END, "was shut down by its vendor on 26 February 2027."),
        (END + timedelta(days=400), "was shut down by its vendor on 26 February 2027."),
    ],
)
def test_the_sentence_goes_with_the_day(today: date, fact: str) -> None:
    end = announced("openai", "gpt-4o-transcribe", today=today)

    assert end and end.fact == f"gpt-4o-transcribe {fact}"


def test_nobody_is_told_too_early() -> None:
    first = END - timedelta(days=NOTICE_DAYS)

    assert announced("openai", "whisper-1", today=first)
    assert announced("openai", "whisper-1", today=first - timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("engine", "model"),
    [("openai", "gpt-transcribe"), ("openai", "mine"), ("whisper", "whisper-1")],
)
def test_what_does_not_end_is_not_warned_of(engine: str, model: str) -> None:
    assert announced(engine, model, today=END) is None


def test_a_model_of_that_name_on_another_server_does_not_end(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://speech.senate.example/v1"
    assert announced("openai", "whisper-1", today=END) is None

    settings.OPENAI_BASE_URL = "https://api.openai.com/v1"
    assert announced("openai", "whisper-1", today=END)


def test_the_advice_is_a_model_that_stays() -> None:
    assert KNOWN[SUCCESSOR].shutdown_date is None


@pytest.mark.django_db
def test_what_the_server_says_counts_before_the_table() -> None:
    ServerModel.objects.create(model="whisper-1", shutdown_date=date(2027, 6, 30))
    ServerModel.objects.create(model="gpt-transcribe", shutdown_date=None)

    later = said_or_announced("openai", "whisper-1", today=date(2027, 6, 1))

    assert later and later.on == date(2027, 6, 30)
    assert said_or_announced("openai", "gpt-transcribe", today=END) is None
    assert said_or_announced("openai", "gpt-4o-transcribe", today=END)


@pytest.mark.django_db
def test_another_servers_word_is_about_its_own_models_only(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://speech.senate.example/v1"
    ServerModel.objects.create(
        base_url=settings.OPENAI_BASE_URL, model="large", shutdown_date=date(2027, 1, 1)
    )

    end = said_or_announced("openai", "large", today=date(2026, 12, 1))

    assert end and "Choose another model of that server" in end.advice
    settings.OPENAI_BASE_URL = None
    assert said_or_announced("openai", "large", today=date(2026, 12, 1)) is None


@pytest.mark.usefixtures("whisper_1")
def test_the_check_warns_with_a_hint_and_asks_neither_database_nor_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2026, 11, 23))

    (found,) = checks.the_model_has_a_future()

    assert type(found) is Warning
    assert found.id == "transcription.W001"
    assert "in 95 days" in found.msg and "gpt-transcribe" in str(found.hint)


@pytest.mark.usefixtures("whisper_1")
def test_the_check_stays_a_warning_when_the_day_has_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2028, 1, 1))

    (found,) = checks.the_model_has_a_future()

    assert type(found) is Warning and "was shut down" in found.msg


def test_the_check_is_quiet_where_the_embedded_engine_is_set(settings: Settings) -> None:
    settings.TRANSCRIPTION_ENGINE = "whisper"
    settings.OPENAI_TRANSCRIPTION_MODEL = "whisper-1"

    assert checks.the_model_has_a_future() == []
