"""The page where a person starts runs: nothing else does."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from hearings.models import CheckStatus
from tests.factories import make_hearing, make_run
from tests.web.admin_kit import change_address, run_address
from transcription.models import ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

START = "/admin/hearings/hearing/transcribe/"


@pytest.fixture(autouse=True)
def local_model(settings: Settings, tmp_path: Path) -> None:
    """Let the embedded engine find files where its model would be."""
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    settings.WHISPER_MODEL = str(tmp_path)


def address(*keys: int) -> str:
    return START + "?" + "&".join(f"hearing={key}" for key in keys)


def test_the_page_shows_the_plan_and_starts_nothing(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=300_000, speech=[[0, 140_000], [150_000, 300_000]])

    page = administrator.get(address(hearing.pk)).content.decode()

    assert "chunks, " in page and "1 at once" in page
    assert 'value="whisper"' in page
    assert not Run.objects.exists()


def test_an_engine_that_cannot_work_is_not_to_be_chosen_and_says_why(
    administrator: Client,
) -> None:
    page = administrator.get(address(make_hearing().pk)).content.decode()

    openai, whisper = page.split('value="whisper"')
    assert "No API key is set." in openai
    assert "disabled" in openai.split('value="openai"')[1].split(">")[0]
    assert "checked" in whisper.split(">")[0]


def test_a_closed_hearing_is_not_offered_to_a_hosted_engine(
    administrator: Client, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    settings.TRANSCRIPTION_ENGINE = "openai"
    hearing = make_hearing(is_closed=True)

    page = administrator.get(address(hearing.pk)).content.decode()
    sent = administrator.post(address(hearing.pk), {"engine": "openai"}, follow=True)

    assert "its recording must not leave the house" in page
    assert "checked" in page.split('value="whisper"')[1].split(">")[0]
    assert "its recording must not leave the house" in sent.content.decode()
    assert not Run.objects.exists()


def test_sending_the_form_starts_a_run_and_leads_to_it(administrator: Client) -> None:
    hearing = make_hearing(language="en")

    response = administrator.post(address(hearing.pk), {"engine": "whisper", "language": "es"})

    run = Run.objects.get()
    assert response["Location"] == run_address(run.pk)
    assert (run.hearing, run.engine, run.language) == (hearing, "whisper", "es")
    assert run.requested_by is not None and run.requested_by.username == "chief"
    assert run.chunks.count() == 1


def test_a_second_click_finds_the_same_run(administrator: Client) -> None:
    hearing = make_hearing()

    responses = [administrator.post(address(hearing.pk), {"engine": "whisper"}) for _ in range(2)]

    run = Run.objects.get()
    assert {response["Location"] for response in responses} == {run_address(run.pk)}


def test_a_finished_run_is_repeated_only_where_that_is_asked_for(administrator: Client) -> None:
    hearing = make_hearing()
    administrator.post(address(hearing.pk), {"engine": "whisper"})
    first = Run.objects.get()
    first.move(to=RunStatus.COMPLETE, now=first.created_at)

    administrator.post(address(hearing.pk), {"engine": "whisper"})
    assert Run.objects.count() == 1
    administrator.post(address(hearing.pk), {"engine": "whisper", "again": "on"})
    assert Run.objects.count() == 2


def test_a_refusal_is_a_message_on_the_hearings_page(administrator: Client) -> None:
    hearing = make_hearing()
    make_run(hearing, engine="openai", model="whisper-1")

    response = administrator.post(address(hearing.pk), {"engine": "whisper"}, follow=True)

    assert response.redirect_chain[-1][0] == change_address(hearing.pk)
    assert "Wait for it, or cancel it." in response.content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "This field is required."),
        ({"engine": "abacus"}, "abacus is not one of the available choices"),
        ({"engine": "whisper", "language": "English"}, "two-letter code"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(
    administrator: Client, sent: dict[str, str], sentence: str
) -> None:
    page = administrator.post(address(make_hearing().pk), sent).content.decode()

    assert sentence in page
    assert not Run.objects.exists()


def test_several_hearings_are_started_together_and_each_answer_told(
    administrator: Client,
) -> None:
    ready = [make_hearing(title=f"Day {number}") for number in range(2)]
    refused = make_hearing(title="Broken", check_status=CheckStatus.REFUSED, duration_ms=None)
    keys = [hearing.pk for hearing in (*ready, refused)]

    chosen = administrator.post(
        "/admin/hearings/hearing/", {"action": "transcribe", "_selected_action": keys}
    )
    page = administrator.get(chosen["Location"]).content.decode()
    told = administrator.post(chosen["Location"], {"engine": "whisper"}, follow=True)

    assert "Transcribe 3 hearings" in page
    assert "has not been accepted" in page
    assert {run.hearing for run in Run.objects.all()} == set(ready)
    assert "Broken: The recording has not been accepted" in told.content.decode()


@pytest.mark.parametrize("query", ["", "?hearing=x", "?hearing=404", "?hearing=" + "9" * 30])
def test_with_nothing_chosen_one_is_led_back(administrator: Client, query: str) -> None:
    response = administrator.get(START + query, follow=True)

    assert "Choose the hearings to transcribe." in response.content.decode()


def test_a_hearing_that_is_not_accepted_has_no_button(administrator: Client) -> None:
    accepted = make_hearing()
    refused = make_hearing(check_status=CheckStatus.REFUSED, duration_ms=None)

    pages = [
        administrator.get(change_address(hearing.pk)).content.decode()
        for hearing in (accepted, refused)
    ]

    assert [address(accepted.pk) in pages[0], address(refused.pk) in pages[1]] == [True, False]


def test_an_engine_that_can_take_none_of_several_points_to_each_reason(
    administrator: Client,
) -> None:
    ready = make_hearing()
    refused = make_hearing(check_status=CheckStatus.REFUSED, duration_ms=None)

    page = administrator.get(address(ready.pk, refused.pk)).content.decode()

    assert "It can take none of these hearings" in page
    assert "No API key is set." in page
    assert "has not been accepted" in page


def test_the_page_says_before_the_start_what_it_costs_and_takes(
    administrator: Client, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    hearing = make_hearing(duration_ms=600_000)

    openai, whisper = (
        administrator.get(address(hearing.pk)).content.decode().split('value="whisper"')
    )

    assert "calls, " in openai and "at once, 20 a minute)" in openai
    assert "nothing is paid, less than a minute (1 at once)" in whisper


def test_several_hearings_are_summed_for_each_engine(administrator: Client) -> None:
    keys = [make_hearing(title=f"Day {n}", duration_ms=600_000).pk for n in range(3)]

    page = administrator.get(address(*keys)).content.decode()

    assert "Together 18 chunks, 18 calls, nothing is paid, about 3 minutes" in page
    assert page.count("6 chunks, 6 calls, nothing is paid") == 3


def test_advanced_wishes_are_reckoned_on_demand_and_start_nothing(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=600_000)
    wishes = {"engine": "whisper", "parallel": "1", "chunk_seconds": "60", "estimate": "1"}

    closed = administrator.get(address(hearing.pk)).content.decode()
    shown = administrator.post(address(hearing.pk), wishes).content.decode()

    assert "6 chunks, 6 calls" in closed and "<details >" in closed
    assert "12 chunks, 12 calls" in shown and "<details open>" in shown
    assert 'value="60"' in shown
    assert not Run.objects.exists()


def test_advanced_wishes_are_what_a_run_starts_with(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=600_000)
    wishes = {"engine": "whisper", "parallel": "1", "chunk_seconds": "60"}

    administrator.post(address(hearing.pk), wishes)

    run = Run.objects.get()
    assert run.chunks.count() == 12


def test_a_wish_that_cannot_be_is_shown_with_its_reason(administrator: Client) -> None:
    sent = {"engine": "whisper", "parallel": "0", "chunk_seconds": "5", "model": "abacus"}

    page = administrator.post(address(make_hearing().pk), sent).content.decode()

    assert "greater than or equal to 1." in page
    assert "greater than or equal to 10." in page
    assert "abacus is not one of the available choices" in page
    assert "<details open>" in page
    assert not Run.objects.exists()


def test_a_run_that_would_go_on_is_named_with_what_is_left(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=600_000)
    administrator.post(address(hearing.pk), {"engine": "whisper"})
    run = Run.objects.get()
    run.chunks.update(status=ChunkStatus.DONE, result=[], finished_at=run.created_at)
    run.chunks.filter(index=0).update(status=ChunkStatus.WAITING, result=None, finished_at=None)

    page = administrator.get(address(hearing.pk)).content.decode()

    assert f"Run {run.pk} goes on: 1 chunk, 1 call, nothing is paid" in page


def test_a_page_of_many_hearings_costs_few_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    keys = [make_hearing(title=f"Day {n}").pk for n in range(30)]

    with django_assert_max_num_queries(12):
        administrator.get(address(*keys))


def test_who_may_not_start_runs_gets_no_estimate_either(staff: Client) -> None:
    hearing = make_hearing()

    answers = [
        staff.get(address(hearing.pk)),
        staff.post(address(hearing.pk), {"engine": "whisper", "estimate": "1"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_the_models_are_offered_with_their_prices_and_ends(
    administrator: Client, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    hearing = make_hearing(duration_ms=600_000)

    page = administrator.get(address(hearing.pk)).content.decode()

    assert "gpt-transcribe: $0.0045 a minute (the usual)" in page
    assert "whisper-1: $0.006 a minute, until 26 February 2027" in page
    assert "gpt-4o-transcribe-diarize: price not known, until" in page
    assert page.count("gpt-transcribe:") == 1


def test_a_server_of_ones_own_has_its_own_price_and_ends_no_model(
    administrator: Client, settings: Settings
) -> None:
    settings.OPENAI_BASE_URL = "http://speech.senate.example/v1"
    settings.OPENAI_TRANSCRIPTION_MODEL = "large"
    settings.OPENAI_USD_PER_MINUTE = Decimal(0)

    page = administrator.get(address(make_hearing().pk)).content.decode()

    assert "large: $0 a minute (the usual)" in page
    assert "whisper-1: $0 a minute<" in page


def test_another_model_is_reckoned_at_its_own_price(
    administrator: Client, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    hearing = make_hearing(duration_ms=600_000, speech=[[0, 298_000], [302_000, 600_000]])
    sent = {"engine": "openai", "model": "gpt-4o-mini-transcribe", "estimate": "1"}

    usual = administrator.get(address(hearing.pk)).content.decode()
    chosen = administrator.post(address(hearing.pk), sent).content.decode()

    assert "about $0.05, " in usual
    assert "about $0.03, " in chosen
