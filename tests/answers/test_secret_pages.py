"""The API key on no page, in no log line at DEBUG, in no job's arguments."""

import logging
import re
from collections import deque

import pytest
from django.test import Client
from django_q.models import OrmQ

from tests.answers.kit import KEY, Trial
from tests.fake_api import faults
from tests.secrets import traces_of
from transcription.dispatch import QueueDispatcher

PIECE = 12
# Characters of a key that are too many to be given away.
MOST_PAGES = 80
LINK = re.compile(r'href="(/[^"#]*)"')


def pieces_in(text: str) -> list[str]:
    return [KEY[at : at + PIECE] for at in range(len(KEY) - PIECE) if KEY[at : at + PIECE] in text]


def crawled(client: Client, *starts: str) -> dict[str, str]:
    """Return the pages that links lead to."""
    waiting, pages = deque(starts), dict[str, str]()
    while waiting and len(pages) < MOST_PAGES:
        path = waiting.popleft()
        if path in pages or path.startswith(("/static/", "/admin/logout")):
            continue
        response = client.get(path)
        body = b"".join(response) if response.streaming else response.content
        pages[path] = body.decode(errors="replace") + str(response.headers)
        waiting.extend(LINK.findall(pages[path]))
    return pages


def test_no_page_and_no_log_line_shows_the_key(
    trial: Trial, admin_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    trial.api.next(faults.audio_refused())
    trial.api.next(faults.wrong_key())
    trial.start()
    trial.to_the_end()

    pages = crawled(
        admin_client, "/", "/admin/", f"/admin/transcription/run/{trial.run.pk}/change/"
    )

    assert trial.run.reason
    assert any(trial.run.reason[:40] in page for page in pages.values())
    assert len(pages) > 15
    for path, page in pages.items():
        assert traces_of(KEY, page.encode()) == [], path
        assert pieces_in(page) == [], path
    assert traces_of(KEY, caplog.text.encode()) == []
    assert pieces_in(caplog.text) == []


def test_jobs_carry_no_key(trial: Trial) -> None:
    trial.start()

    QueueDispatcher().nudge(2)

    jobs = list(OrmQ.objects.values_list("payload", flat=True))
    assert len(jobs) == 2
    assert all(traces_of(KEY, str(job).encode()) == [] for job in jobs)
    assert all(pieces_in(repr(queued.task)) == [] for queued in OrmQ.objects.all())
