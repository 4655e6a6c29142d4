"""Fixtures that many tests share."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
# A machine with much else to do is no reason to fail.


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
