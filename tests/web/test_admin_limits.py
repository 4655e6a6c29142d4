"""The limits of hosted engines in the admin: seen, changed, opened again."""

import re

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.web.conftest import signed_in
from transcription import limiter, rates
from transcription.bucket import UnixNow
from transcription.clock import database_clock
from transcription.engines.base import RateAdvice
from transcription.limiter import Limit
from transcription.models import RateLimit

pytestmark = pytest.mark.django_db

LIST = "/admin/transcription/ratelimit/"
FIELDS = {"max_concurrent": "5", "capacity": "7", "per_minute": "90"}


def limit() -> RateLimit:
    return rates.row(settings.RATE)


def page(name: str = "change") -> str:
    return f"{LIST}{limit().pk}/{name}/"


def staff_with(*codenames: str) -> Client:
    user = User.objects.create_user("deputy", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


def shown(client: Client, name: str = "change") -> str:
    """Return a page's text, its spaces as one reads them."""
    return re.sub(r"\s+", " ", client.get(page(name)).content.decode())


def test_the_first_look_makes_the_row_and_leads_to_it(administrator: Client) -> None:
    assert not RateLimit.objects.exists()

    response = administrator.get(LIST, follow=True)

    assert response.status_code == 200
    assert response.redirect_chain == [(page(), 302)]
    assert RateLimit.objects.get().per_minute == settings.RATE.per_minute


def test_the_menu_calls_it_limits(administrator: Client) -> None:
    assert "Limits" in administrator.get("/admin/").content.decode()


def test_nobody_adds_or_deletes_it(administrator: Client) -> None:
    assert administrator.get(f"{LIST}add/").status_code == 403
    assert administrator.get(page("delete")).status_code == 403
    assert "Delete" not in shown(administrator)


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_and_readers_are_asked_to_sign_in(
    client: Client, reader: Client, method: str
) -> None:
    for visitor in (client, reader):
        for address in (LIST, page(), page("standing"), page("open")):
            response = getattr(visitor, method)(address)
            assert response.status_code == 302, address
            assert response["Location"].startswith("/admin/login/"), address


@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_permissions_see_and_do_nothing(method: str) -> None:
    rates.close_for(600, reason="Closed for a reason.")
    clerk = staff_with("view_run", "change_run")

    for address in (LIST, page(), page("standing"), page("open")):
        assert getattr(clerk, method)(address).status_code == 403, address

    assert limit().closed_until > 0


def test_who_may_only_look_changes_nothing() -> None:
    rates.close_for(600, reason="Closed for a reason.")
    looker = staff_with("view_ratelimit")

    assert "Closed for a reason." in shown(looker)
    assert "Open it now" not in shown(looker)
    assert looker.post(page(), FIELDS).status_code == 403
    assert looker.post(page("open")).status_code == 403
    assert limit().per_minute == settings.RATE.per_minute
    assert limit().closed_until > 0


def test_a_change_counts_at_once(administrator: Client) -> None:
    response = administrator.post(page(), FIELDS)

    changed = limit()
    assert response["Location"] == page()
    assert (changed.max_concurrent, changed.capacity, changed.per_minute) == (5, 7, 90)
    assert changed.audio_seconds_per_minute is None
    assert "7 of 7 requests may leave at once" in shown(administrator)


def test_a_change_writes_only_what_the_person_changed(administrator: Client) -> None:
    """Else it would take back what requests reserve while it is saved."""
    address = page()

    with CaptureQueriesContext(connection) as queries:
        administrator.post(address, FIELDS)

    (update,) = [
        query["sql"]
        for query in queries
        if query["sql"].startswith('UPDATE "transcription_ratelimit"')
    ]
    assert '"per_minute" = 90' in update
    assert "next_at" not in update and "closed_until" not in update


def test_saving_stays_on_the_page(administrator: Client) -> None:
    assert "Save and continue" not in shown(administrator)
    assert administrator.post(page(), FIELDS)["Location"] == page()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ["0", "-1", "", "many"])
def test_what_would_let_nothing_through_is_refused_with_a_sentence(
    administrator: Client, field: str, value: str
) -> None:
    response = administrator.post(page(), FIELDS | {field: value})

    assert response.status_code == 200
    assert response.context["adminform"].form.errors[field]
    assert limit().per_minute == settings.RATE.per_minute


def test_the_page_says_what_the_numbers_mean(administrator: Client) -> None:
    text = shown(administrator)

    assert "a bucket of 20 refilled at 20 a minute admits 40 in the first minute" in text


def test_the_page_shows_how_full_the_limits_are(administrator: Client) -> None:
    rates.reserve(settings.RATE, audio_ms=1000)
    hosted = Limit(rates.HOSTED, 3)
    assert limiter.acquire(hosted, now=database_clock(), lease_seconds=60)

    for name in ("change", "standing"):
        text = shown(administrator, name)
        assert "19 of 20 requests may leave at once" in text
        assert "1 of 3 under way" in text
        assert "20 a minute follow" in text
        assert "Open</h2>" in text
        assert "Open it now" not in text
        assert page("standing") in text


def test_a_closed_row_says_until_when_in_the_sites_time_and_why(administrator: Client) -> None:
    rates.close_for(600, reason="The server asked for <ten> minutes.")

    text = shown(administrator)
    until = timezone.localtime(rates.local_time(limit().closed_until))
    assert f"Closed until {until:%Y-%m-%d %H:%M:%S %Z}" in text
    assert "The server asked for &lt;ten&gt; minutes." in text
    assert "0 of 20 requests may leave at once" in text
    assert page("open") in text


def test_a_slower_pace_is_shown_and_can_be_ended(administrator: Client) -> None:
    rates.slow_down(settings.RATE)

    assert "it goes at 50 % of its speed" in shown(administrator)
    assert page("open") in shown(administrator)

    administrator.post(page("open"))
    assert limit().pace == 1


def test_a_servers_own_limit_is_shown_where_it_is_lower_and_can_be_ended(
    administrator: Client,
) -> None:
    rates.heed(RateAdvice(per_minute=5000))
    assert "takes 5000" not in shown(administrator) and page("open") not in shown(administrator)

    rates.heed(RateAdvice(per_minute=7))
    assert "it takes 7 requests a minute" in shown(administrator)
    assert "7 a minute follow" in shown(administrator)
    assert page("open") in shown(administrator)

    administrator.post(page("open"))
    assert "it takes 7" not in shown(administrator)


@pytest.mark.parametrize(
    ("probe_seconds", "said"),
    [(20.0, "One request tries"), (-1.0, "The next request tries")],
)
def test_an_open_circuit_says_what_comes_next(
    administrator: Client, probe_seconds: float, said: str
) -> None:
    limit()
    RateLimit.objects.update(is_broken=True, probe_until=UnixNow() + probe_seconds)

    assert said in shown(administrator)
    assert "0 of 20 requests may leave at once" in shown(administrator)


def test_a_person_opens_it_and_the_history_says_who(administrator: Client) -> None:
    rates.close_for(600, reason="Closed for a reason.")

    asked = shown(administrator, "open")
    assert limit().closed_until > 0
    administrator.post(page("open"))

    assert "Let requests start again" in asked and "Closed for a reason." in asked
    assert limit().closed_until == 0
    assert rates.may_send(settings.RATE)
    entry = LogEntry.objects.get()
    assert entry.user.username == "chief" and "Closed for a reason." in entry.change_message


def test_opening_asks_for_the_forms_token() -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(User.objects.create_superuser("chief"))
    rates.close_for(600, reason="Closed.")

    assert careful.post(page("open")).status_code == 403
    assert limit().closed_until > 0


@pytest.mark.parametrize("name", ["change", "standing", "open"])
def test_a_row_that_is_not_there_is_not_found(administrator: Client, name: str) -> None:
    response = administrator.get(f"{LIST}999999/{name}/", follow=True)

    # The admin's own answer to a change page of nothing is its index, with a message.
    assert response.status_code == (200 if name == "change" else 404)


def test_the_page_costs_few_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = page()

    with django_assert_max_num_queries(12):
        administrator.get(address)
