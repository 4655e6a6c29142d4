"""Fixtures that many tests share."""

import logging
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings as current
from hypothesis import HealthCheck
from hypothesis import settings as profiles
from pytest_django import Settings

from hearings.validation import Finding
from tests.end_to_end.world import Databases
from transcription import access
from transcription.engines.openai_api import OpenAIEngine

profiles.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
profiles.load_profile("busy")
# A machine with much else to do is no reason to fail.


LONG = ("end_to_end", "proofs", "speech")
# Folders of the files that take longest.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left with it when the others are done."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped where CI is set."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped in CI. {report.longreprtext}"
    return report


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 12, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Give what makes databases for processes that a test starts."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.drop()


@pytest.fixture(autouse=True)
def own_receipts(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the answers of each test apart: numbers of calls begin anew in each."""
    settings.RECEIPTS_DIR = tmp_path_factory.getbasetemp() / "receipts" / uuid4().hex


@pytest.fixture(autouse=True)
def the_vendor_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only a server of a test's own be asked for its models."""
    ask = access.ask_server

    def ask_if_it_is_ours(engine: OpenAIEngine) -> tuple[Finding, ...]:
        return ask(engine) if current.OPENAI_BASE_URL else ()

    monkeypatch.setattr(access, "ask_server", ask_if_it_is_ours)


@pytest.fixture(autouse=True)
def own_log_level() -> Iterator[None]:
    """Let no command that a test runs make the logs of other tests silent."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
