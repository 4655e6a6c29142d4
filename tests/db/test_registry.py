"""What is learned of a server is known to every engine of it, and to no other."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.fake_api import FakeApi, Model
from tests.unit.hosted_kit import KEY, silence
from transcription.engines.base import AskedWrongly, Hints
from transcription.engines.registry import SharedTraits, engine_for, hosted_engine
from transcription.models import ServerModel

pytestmark = pytest.mark.django_db


def test_a_form_that_one_engine_learned_is_used_by_the_next(settings: Settings) -> None:
    with FakeApi() as api:
        api.models["mine"] = Model("mine", formats=("json",), shutdown_date="2030-05-06")
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = api.url, KEY

        first = hosted_engine("mine")
        with first.ready(), pytest.raises(AskedWrongly):
            first.transcribe(silence(2), hints=Hints("en"))
        second = engine_for("openai", "mine")
        with second.ready():
            heard = second.transcribe(silence(2), hints=Hints("en"))
        hosted_engine("mine").examine()

    assert len(heard.words) == 2 * 2
    row = ServerModel.objects.get()
    assert (row.base_url, row.model) == (api.url, "mine")
    assert (row.response_format, row.shutdown_date) == ("json", date(2030, 5, 6))


def test_what_is_learned_of_one_server_is_not_held_against_another() -> None:
    SharedTraits("http://one/v1", "mine").learn_response_format("json")

    assert SharedTraits("http://one/v1", "mine").response_format() == "json"
    assert SharedTraits("http://two/v1", "mine").response_format() == ""
    assert SharedTraits("http://one/v1", "other").response_format() == ""


def test_learning_one_thing_forgets_no_other() -> None:
    traits = SharedTraits("", "mine")
    traits.learn_response_format("json")
    traits.learn_shutdown(date(2030, 1, 1))
    traits.learn_shutdown(None)

    assert traits.response_format() == "json"
    assert ServerModel.objects.get().shutdown_date is None


def test_the_price_of_the_settings_counts(settings: Settings) -> None:
    settings.OPENAI_USD_PER_MINUTE = Decimal("0.25")

    assert engine_for("openai", "whisper-1").capabilities.usd_per_minute == Decimal("0.25")


def test_what_an_engine_can_do_is_told_without_the_database(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        capabilities = engine_for("openai", "mine").capabilities

    assert capabilities.is_hosted and capabilities.usd_per_minute is None


@pytest.mark.parametrize(
    ("engine", "library"), [("openai", "openai"), ("whisper", "faster_whisper")]
)
def test_what_an_engine_needs_is_imported_before_workers_are_forked(
    engine: str, library: str
) -> None:
    code = (
        "import django, sys; django.setup();"
        "from transcription.engines.registry import preload;"
        f"before = {library!r} in sys.modules; preload({engine!r});"
        f"print(before, {library!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
