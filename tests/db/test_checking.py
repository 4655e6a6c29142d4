"""One process at a time checks a recording."""

import pytest

from hearings.models import CheckStatus
from tests.factories import make_hearing
from transcription import checking, limiter
from transcription.clock import database_clock

pytestmark = pytest.mark.django_db


def test_what_another_process_checks_is_left_to_it() -> None:
    hearing = make_hearing(duration_ms=None, check_status=CheckStatus.CHECKING)
    name = f"check-{hearing.pk}"
    limiter.acquire(limiter.Limit(name, 1), now=database_clock(), lease_seconds=60)

    assert checking.awaited() == []
    assert checking.check(hearing) is None

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.CHECKING


def test_what_nobody_checks_is_awaited_until_it_is_judged() -> None:
    hearing = make_hearing(duration_ms=None, check_status=CheckStatus.CHECKING)
    assert checking.awaited() == [hearing.pk]

    findings = checking.check(hearing)

    assert next(finding.code for finding in findings or ()) == "unreadable"
    assert checking.awaited() == []
