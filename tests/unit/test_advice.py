"""What servers say of when to come again, and of their limits."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import FakeApi, faults
from tests.unit.hosted_kit import transcribe
from transcription.engines.advice import duration_seconds, rate_advice, wait_seconds
from transcription.engines.base import RateAdvice

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [0, 1, 60, 86_400])
def test_a_date_counts_from_the_servers_own(seconds: int) -> None:
    theirs = NOW + timedelta(days=400)  # its clock is wrong, or ours
    headers = {
        "retry-after": format_datetime(theirs + timedelta(seconds=seconds), usegmt=True),
        "date": format_datetime(theirs, usegmt=True),
    }

    assert wait_seconds(headers, now=NOW) == seconds


def test_a_date_in_the_past_is_no_wait_and_one_alone_counts_from_now() -> None:
    def after(moment: datetime) -> float | None:
        return wait_seconds({"retry-after": format_datetime(moment, usegmt=True)}, now=NOW)

    assert after(NOW - timedelta(hours=1)) == 0
    assert after(NOW + timedelta(hours=1)) == 3_600


@given(st.text(max_size=30) | st.floats().map(str) | st.integers().map(str), st.text(max_size=9))
def test_any_wait_is_none_or_a_number_that_a_date_can_hold(value: str, date: str) -> None:
    wait = wait_seconds({"retry-after": value, "date": date}, now=NOW)

    assert wait is None or NOW + timedelta(seconds=wait) >= NOW


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("6m0s", 360), ("12ms", 0.012), ("1h2m3s", 3_723), ("1d", 86_400), ("1.5s", 1.5)),
        *(("0s", 0), ("7", 7), ("", None), ("soon", None), ("6m0", None), ("-1s", None)),
        *(("nan", None), ("1m 2s", None), ("-3", None)),
    ],
)
def test_a_duration_is_read_as_the_vendor_writes_it(value: str, seconds: float | None) -> None:
    read = duration_seconds(value)

    assert read == (seconds if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_limits_that_make_no_sense_are_not_known(limit: str, left: str, reset: str) -> None:
    advice = rate_advice(
        {
            "x-ratelimit-limit-requests": limit,
            "x-ratelimit-remaining-requests": left,
            "x-ratelimit-reset-requests": reset,
        }
    )

    assert advice.per_minute is None or advice.per_minute > 0
    assert advice.reset_seconds is None or advice.reset_seconds >= 0


def test_an_answer_tells_its_limits_and_its_name(api: FakeApi) -> None:
    api.next(faults.with_limits(20, 19, "3s"))

    answer = transcribe(api).answer

    assert answer is not None
    assert answer.advice == RateAdvice(20, 19, 3.0)
    assert answer.request_id.startswith("req_")
