"""Staff see that memory or a disk is scarce; the public does not."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_chunk, make_hearing, make_run
from tests.web.admin_kit import run_address
from transcription import pipeline
from transcription.models import Run, RunStatus, WorkerCluster

pytestmark = pytest.mark.django_db

SLOWER = "Slower: memory 812 of 1,024 MB in use; 2 of 3 chunks at once."
FULL = "Disk full: the answers of engines are kept in /var/receipts, where 5 MB are needed"


@pytest.fixture
def run() -> Run:
    run = make_run(make_hearing(title="Session", is_published=True))
    make_chunk(run)
    return run


@pytest.fixture
def scarce() -> None:
    now = timezone.now()
    WorkerCluster.objects.create(
        holder="a-host/1/1", workers=3, started_at=now, seen_at=now, chunks_at_once=2, slower=SLOWER
    )


@pytest.mark.usefixtures("scarce")
def test_a_run_that_memory_slows_down_says_so_to_staff_alone(
    run: Run, administrator: Client, client: Client
) -> None:
    progress = f"/hearings/{run.hearing.slug}/progress/"

    assert SLOWER in administrator.get(run_address(run.pk)).content.decode()
    assert SLOWER in administrator.get(run.hearing.get_absolute_url()).content.decode()
    for address in (run.hearing.get_absolute_url(), progress):
        assert "Slower" not in client.get(address).content.decode()


def test_a_run_that_was_slower_says_so_afterwards(run: Run, administrator: Client) -> None:
    Run.objects.filter(pk=run.pk).update(slower=SLOWER)
    run.refresh_from_db()
    run.move(to=RunStatus.COMPLETE, now=timezone.now())

    page = administrator.get(run_address(run.pk)).content.decode()
    assert "For a time slower: memory 812 of 1,024 MB in use" in page


def test_a_full_disk_is_named_to_staff_alone(
    run: Run, administrator: Client, client: Client
) -> None:
    pipeline.pause(run, reason=FULL, now=timezone.now(), room_host="a-host")

    assert FULL in administrator.get(run_address(run.pk)).content.decode()
    public = client.get(run.hearing.get_absolute_url()).content.decode()
    assert "The transcription is paused and goes on later." in public
    assert "receipts" not in public
