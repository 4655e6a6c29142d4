"""Fixtures that many tests share."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
