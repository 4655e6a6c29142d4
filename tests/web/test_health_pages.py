"""Who sees how the whole is doing, and that what is broken turns red and, mended, green again."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from hearings.models import CheckStatus, Hearing
from tests.factories import NOW as STARTED
from tests.factories import make_chunk, make_hearing, make_run
from transcription import clusters, rates
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.clock import database_clock
from transcription.models import Chunk, ChunkStatus, Run, RunStatus
from transcription.probes import examiner
from transcription.templatetags.reading import as_duration

pytestmark = pytest.mark.django_db(transaction=True)
# Tests of components have connections of their own, so rows must be there for all.

PAGE, NOW = "/admin/health/", "/admin/health/now/"
TOKEN = "a token for monitors"


@pytest.fixture(autouse=True)
def well(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have an installation in which every component is well."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SCRATCH = replace(settings.SCRATCH, folder=str(tmp_path / "scratch"))
    settings.TRANSCRIPTION_ENGINE = "scripted"
    monkeypatch.setenv(CLUSTER_VARIABLE, "")
    now = database_clock()
    clusters.beat(clusters.announce(workers=3, now=now), now=now, canary_at=now)
    forget()
    yield
    forget()


def forget() -> None:
    """Have everything tried anew, as some seconds later."""
    examiner._found.clear()


def states(client: Client, address: str = "/healthz") -> dict[str, str]:
    forget()
    found: dict[str, Any] = client.get(address).json()
    return {component["code"]: component["state"] for component in found["components"]}


def shown(client: Client, code: str) -> str:
    """Return what the page says of a component, its spaces as one reads them."""
    forget()
    page = client.get(PAGE).content.decode()
    found = re.search(rf'<li class="\w+" id="component-{code}">.*?</li>', page, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", found[0])


def test_anybody_may_ask_whether_it_is_well(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200, response.content
    assert response.json()["healthy"] is True
    assert "no-store" in response["Cache-Control"]
    assert len(response.json()["components"]) == 10


def test_what_has_failed_is_a_503_that_tells_no_path(client: Client, tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")

    response = client.get("/healthz")

    assert response.status_code == 503
    assert states(client)["storage"] == "failed"
    assert str(tmp_path) not in response.content.decode()
    assert set(response.json()["components"][0]) == {"code", "state", "seconds"}


def test_a_monitor_may_ask_for_some_components_alone(client: Client, tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")

    assert states(client, "/healthz?only=database,queue") == {"database": "ok", "queue": "ok"}
    assert client.get("/healthz?only=database,queue").status_code == 200
    assert client.get("/healthz?only=storage").status_code == 503
    assert client.get("/healthz?only=<b>").status_code == 400
    assert "<b>" not in client.get("/healthz?only=<b>").content.decode()


def test_of_some_components_alone_no_other_is_tried(client: Client) -> None:
    """A load balancer must not wait for a vendor."""
    forget()

    assert client.get("/healthz?only=database,storage").status_code == 200

    assert set(examiner._found) == {"database", "storage"}


def test_asking_often_tries_once(client: Client, tmp_path: Path) -> None:
    assert client.get("/healthz").status_code == 200
    (tmp_path / "media").rename(tmp_path / "away")
    (tmp_path / "media").write_text("in the way")

    assert client.get("/healthz").status_code == 200
    forget()
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("address", ["/healthz", "/metrics"])
def test_nothing_is_changed_by_posting(administrator: Client, address: str) -> None:
    assert administrator.post(address).status_code == 405


@pytest.mark.parametrize("address", [PAGE, NOW])
def test_the_page_is_for_staff(
    client: Client, reader: Client, staff: Client, administrator: Client, address: str
) -> None:
    for visitor in (client, reader):
        response = visitor.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")
    assert staff.get(address).status_code == administrator.get(address).status_code == 200
    assert staff.post(address).status_code == 405


def test_metrics_are_for_staff_or_a_token(
    client: Client, reader: Client, staff: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN

    assert client.get("/metrics").status_code == 401
    assert reader.get("/metrics").status_code == 403
    assert staff.get("/metrics").status_code == 200
    assert asked_with(client, f"Bearer {TOKEN}") == 200


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "é"]
)
def test_a_wrong_token_opens_nothing(client: Client, settings: Settings, sent: str) -> None:
    settings.METRICS_TOKEN = TOKEN

    assert asked_with(client, sent) == 401


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_in_the_settings_none_is_taken(
    client: Client, settings: Settings, token: str | None
) -> None:
    settings.METRICS_TOKEN = token

    assert asked_with(client, "Bearer ") == asked_with(client, "Bearer None") == 401


def asked_with(client: Client, authorization: str) -> int:
    return client.get("/metrics", headers={"Authorization": authorization}).status_code


def test_metrics_hold_numbers_and_nothing_of_a_hearing(staff: Client) -> None:
    make_run(make_hearing(title="A secret session"), status=RunStatus.COMPLETE)

    response = staff.get("/metrics")

    assert response["Content-Type"].startswith("text/plain; version=")
    text = response.content.decode()
    assert 'senate_audio_transcriptions{outcome="complete"} 1.0' in text
    assert 'senate_audio_component_healthy{component="database"} 1.0' in text
    assert "secret" not in text


def test_a_folder_in_the_way_turns_storage_red_and_its_absence_green(
    staff: Client, tmp_path: Path
) -> None:
    assert '<strong class="ok">ok</strong>' in shown(staff, "storage")
    (tmp_path / "media").rename(tmp_path / "away")
    (tmp_path / "media").write_text("in the way")

    told = shown(staff, "storage")
    assert '<strong class="failed">failed</strong>' in told
    assert str(tmp_path / "media") in told
    assert "What to do:" in told

    (tmp_path / "media").unlink()
    assert '<strong class="ok">ok</strong>' in shown(staff, "storage")


def test_ffmpeg_off_the_path_turns_red_and_back_on_it_green(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "")
    assert '<strong class="failed">failed</strong>' in shown(staff, "ffmpeg")

    monkeypatch.setenv("PATH", path)
    assert '<strong class="ok">ok</strong>' in shown(staff, "ffmpeg")


def test_a_closed_limit_is_a_warning_and_an_empty_bar(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "20 of 20 requests may leave at once" in page
    assert '<progress max="20"' in page

    rates.close_for(600, reason="The server <asked>.")

    assert '<strong class="warning">warning</strong>' in shown(staff, "limiter")
    page = staff.get(NOW).content.decode()
    assert "0 of 20 requests may leave at once" in page
    assert "The server &lt;asked&gt;." in page
    assert staff.get("/healthz").status_code == 200


def test_each_of_the_eight_numbers_on_the_page_equals_a_count_by_hand(staff: Client) -> None:
    for number, status in enumerate([*RunStatus, RunStatus.COMPLETE, RunStatus.FAILED], start=1):
        is_over = status in Run.TERMINAL
        run = make_run(
            make_hearing(),
            status=status,
            paused_from=RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else "",
            method=Run.Method.PARALLEL if number % 3 else Run.Method.SEQUENTIAL,
            started_at=STARTED,
            finished_at=STARTED + timedelta(minutes=number) if is_over else None,
        )
        make_chunk(run, 0, status=ChunkStatus.DONE)
        make_chunk(run, 1)
    for _ in range(3):
        make_hearing(check_status=CheckStatus.REFUSED)

    runs = [(r.status, r.method, r.started_at, r.finished_at) for r in Run.objects.all()]
    ended = [run for run in runs if run[0] in ("complete", "incomplete", "failed")]
    seconds = [(end - start).total_seconds() for _, _, start, end in ended if start and end]
    readable = [run for run in runs if run[0] in ("complete", "incomplete")]
    page = numbers(staff)

    assert page["Transcriptions"] == str(len(runs)) == "11"
    assert page["Successful"] == str(sum(run[0] == "complete" for run in runs)) == "2"
    assert page["Failed"] == str(sum(run[0] == "failed" for run in runs)) == "2"
    assert page["Processing time"] == as_duration(sum(seconds))
    assert f"{as_duration(sum(seconds) / len(seconds))} on average" in page["Processing time, more"]
    refused = sum(h.check_status == "refused" for h in Hearing.objects.all())
    assert page["Recordings refused"] == str(refused) == "3"
    done = sum(chunk.status == "done" for chunk in Chunk.objects.all())
    assert page["Chunks processed"] == str(done) == "11"
    parallel = sum(run[1] == "parallel" for run in readable)
    assert page["Done in parallel"] == str(parallel)


def numbers(client: Client) -> dict[str, str]:
    """Return what the page says was done, by its label, with what stands below it."""
    page = client.get(PAGE).content.decode()
    (listed,) = re.findall(r'<dl class="metrics">(.*?)</dl>', page, re.DOTALL)
    found: dict[str, str] = {}
    for each in re.findall(r"<div>(.*?)</div>", listed, re.DOTALL):
        label, *values = (
            " ".join(value.split())
            for value in re.findall(r"<d[td][^>]*>(.*?)</d[td]>", each, re.DOTALL)
        )
        found[label] = values[0]
        found[f"{label}, more"] = " ".join(values[1:])
    return found


def test_the_page_shows_what_was_done_and_goes_on_without_scripts(staff: Client) -> None:
    make_run(make_hearing(), status=RunStatus.COMPLETE)
    make_run(make_hearing(), status=RunStatus.FAILED)

    page = re.sub(r"\s+", " ", staff.get(PAGE).content.decode())

    assert "50 % of those that ended" in page
    assert f'hx-get="{NOW}"' in page
    assert '<meta http-equiv="refresh"' in page


def test_the_menu_leads_there_and_to_all_else(administrator: Client, staff: Client) -> None:
    index = administrator.get("/admin/").content.decode()

    for address in (PAGE, "/admin/hearings/hearing/", "/admin/transcription/run/"):
        assert f'href="{address}"' in index
    assert f'href="{PAGE}"' in staff.get("/admin/").content.decode()
    assert 'href="/admin/hearings/hearing/"' not in staff.get("/admin/").content.decode()


def test_page_and_metrics_cost_few_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_run(make_hearing(title=f"Hearing {number}"))

    for address in (PAGE, NOW, "/metrics"):
        administrator.get(address)
        with django_assert_max_num_queries(12):
            administrator.get(address)


def test_the_command_tells_a_person_and_a_monitor(tmp_path: Path) -> None:
    out = StringIO()
    call_command("healthcheck", stdout=out)
    assert "All components are well." in out.getvalue()

    (tmp_path / "media").rename(tmp_path / "away")
    (tmp_path / "media").write_text("in the way")
    forget()
    told, machine = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("healthcheck", stdout=told)
    assert ended.value.code == 1
    assert "FAILED   Storage" in told.getvalue() and "MEDIA_ROOT" in told.getvalue()

    with pytest.raises(SystemExit):
        call_command("healthcheck", "--json", stdout=machine)
    found = json.loads(machine.getvalue())
    assert found["healthy"] is False
    (storage,) = [one for one in found["components"] if one["code"] == "storage"]
    assert storage["state"] == "failed" and storage["measured"] and storage["needed"]
    assert "MEDIA_ROOT" in storage["advice"]
