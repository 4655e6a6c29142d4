"""Asking before a recording goes: what goes, what stays, and who may do it."""

import re
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from hearings import removal
from hearings.models import CheckStatus, Hearing, Removal
from hearings.upload_answers import HEADER
from tests.db.test_bills import CENT, make_call
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from tests.web import hostile_kit as make
from tests.web.admin_kit import ADD, description
from tests.web.test_admin_access import staff_with
from transcription.models import ChunkStatus, PastCall, Run, RunStatus

pytestmark = pytest.mark.django_db

LIST = "/admin/hearings/hearing/"
GOES = (
    "the recording “hearing.mp3” (16 bytes)",
    "1 run, with 2 sentences of transcript text",
    "1 answer of hosted engines, with its receipt",
    "1 finding",
)
STAYS = "the $0.02 paid for 1 call to hosted engines, which the month’s budget still counts"


@pytest.fixture
def hearing(recordings: Path) -> Hearing:
    hearing = make_hearing(title="Oversight of the Mint")
    hearing.witnesses.create(name="Dr. Jane Roe")
    hearing.findings.create(code="no_speech", severity="warning", message="No speech.")
    run = make_run(hearing, engine="openai", model="m", status=RunStatus.COMPLETE)
    make_call(make_chunk(run, status=ChunkStatus.DONE), 1, cost_usd=2 * CENT)
    make_segments(run, "Order.", "Thank you.")
    return hearing


def replace_address(hearing: Hearing) -> str:
    return f"{LIST}{hearing.pk}/replace/"


def delete_address(hearing: Hearing) -> str:
    return f"{LIST}{hearing.pk}/delete/"


def read(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def send(client: Client, hearing: Hearing, content: bytes, **headers: str) -> object:
    sent = {"upload": SimpleUploadedFile("right.wav", content)}
    return client.post(replace_address(hearing), sent, headers=headers)


def test_both_pages_say_what_goes_and_what_stays(administrator: Client, hearing: Hearing) -> None:
    for address in (replace_address(hearing), delete_address(hearing)):
        page = administrator.get(address).content.decode()
        for part in (*GOES, STAYS):
            assert f"<li>{part}</li>" in page, (address, part)
    assert "the hearing, with its description and 1 witness" in page
    assert Hearing.objects.get() == hearing and Run.objects.exists()


def listed(page: str) -> list[str]:
    """Return what a page says that goes and stays, in its order."""
    return re.findall("<li>([^<]*)</li>", page)


def test_what_is_not_there_is_not_named(administrator: Client, recordings: Path) -> None:
    hearing = make_hearing()
    recording = "the recording “hearing.mp3” (16 bytes)"
    record = "the record of who removes it, and when"
    goes = ["the hearing, with its description", recording]

    assert listed(read(administrator, delete_address(hearing))) == [*goes, "nothing else", record]
    assert listed(read(administrator, replace_address(hearing)))[:2] == [recording, "nothing else"]

    make_run(hearing, status=RunStatus.FAILED)
    assert listed(read(administrator, delete_address(hearing))) == [*goes, "1 run", record]


def test_a_recording_that_is_gone_does_not_go_again(
    administrator: Client, hearing: Hearing
) -> None:
    removal.expire(hearing, why="under the retention period of 30 days", now=NOW)

    page = read(administrator, delete_address(hearing))

    assert listed(page)[:2] == ["the hearing, with its description and 1 witness", GOES[1]]
    assert "hearing.mp3" not in page


def test_several_are_asked_of_with_what_goes_of_each(
    administrator: Client, hearing: Hearing
) -> None:
    other = make_hearing(title="Another")
    chosen = {"action": "delete_selected", "_selected_action": [hearing.pk, other.pk]}

    page = administrator.post(LIST, chosen).content.decode()

    assert "Delete 2 hearings?" in page
    assert "<h3>Another</h3>" in page and "<h3>Oversight of the Mint</h3>" in page
    assert GOES[1] in page
    assert Hearing.objects.count() == 2


def test_of_several_none_goes_where_one_is_in_use(administrator: Client, hearing: Hearing) -> None:
    make_run(make_hearing(title="Busy"), status=RunStatus.TRANSCRIBING)
    keys = list(Hearing.objects.values_list("pk", flat=True))
    chosen = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}

    page = administrator.post(LIST, chosen).content.decode()

    assert "of Busy is under way: cancel it first" in page
    assert Hearing.objects.count() == 2 and not LogEntry.objects.exists()


def test_the_record_says_what_went(administrator: Client, hearing: Hearing) -> None:
    administrator.post(delete_address(hearing), {"post": "yes"})

    record = Removal.objects.get()
    assert all(part in record.what_went for part in GOES[1:])
    assert STAYS in record.what_stays
    assert record.removed_name == "chief"
    assert LogEntry.objects.get().object_repr == "Oversight of the Mint"
    assert PastCall.objects.get().cost_usd == 2 * CENT


def test_another_recording_is_taken_and_checked(
    administrator: Client,
    hearing: Hearing,
    recordings: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    content = make.tone_wav()

    with django_capture_on_commit_callbacks(execute=True):
        response = send(administrator, hearing, content)

    now = Hearing.objects.get()
    assert response["Location"] == f"{LIST}{hearing.pk}/change/"  # type: ignore[index]
    assert now.check_status == CheckStatus.ACCEPTED and now.duration_ms == 6_000
    assert not Run.objects.exists()
    assert [path.read_bytes() for path in recordings.iterdir()] == [content]
    assert "Replaced the recording." in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The submitted file is empty."),
        (b"sound", "This recording is already filed as"),
    ],
)
def test_what_is_refused_leaves_everything_as_it_was(
    content: bytes, sentence: str, administrator: Client, hearing: Hearing, recordings: Path
) -> None:
    administrator.post(
        ADD, description(title="Filed") | {"upload": SimpleUploadedFile("a.mp3", b"sound")}
    )
    before = {path.name for path in recordings.iterdir()}

    page = send(administrator, hearing, content).content.decode()  # type: ignore[attr-defined]

    assert sentence in page and GOES[0] in page
    assert {path.name for path in recordings.iterdir()} == before
    assert Run.objects.exists() and not Removal.objects.exists()


def test_while_a_run_is_under_way_the_page_says_so(administrator: Client) -> None:
    hearing = make_hearing()
    run = make_run(hearing, status=RunStatus.TRANSCRIBING)

    page = administrator.get(replace_address(hearing)).content.decode()
    response = send(administrator, hearing, b"another")
    told = administrator.get(response["Location"]).content.decode()  # type: ignore[index]

    assert f"run {run.pk} is transcribing" in page and 'type="file"' not in page
    assert "Cancel it first" in told
    assert "Replace the recording…" not in told
    assert Run.objects.get() == run


def test_who_may_edit_or_delete_alone_may_not_replace(hearing: Hearing) -> None:
    clerk = staff_with("view_hearing", "change_hearing")

    shown = clerk.get(f"{LIST}{hearing.pk}/change/").content.decode()

    assert "Replace the recording…" not in shown
    assert clerk.get(replace_address(hearing)).status_code == 403
    assert send(clerk, hearing, b"another").status_code == 403  # type: ignore[attr-defined]
    assert clerk.post(delete_address(hearing), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [hearing.pk], "post": "yes"}
    clerk.post(LIST, chosen)
    assert Hearing.objects.get().recording_name == "hearing.mp3"


def test_visitors_are_asked_to_sign_in(client: Client, reader: Client, hearing: Hearing) -> None:
    for visitor in (client, reader):
        for address in (replace_address(hearing), delete_address(hearing)):
            for method in ("get", "post"):
                assert getattr(visitor, method)(address).status_code == 302
    assert Hearing.objects.exists()


def test_a_hearing_that_is_gone_answers_404(administrator: Client) -> None:
    assert administrator.get(f"{LIST}999/replace/").status_code == 404


# ── What a script is answered ────────────────────────────────────────────────────────────────────


def by_script(client: Client, content: bytes, **values: str) -> object:
    sent = description(**values) | {"upload": SimpleUploadedFile("a.mp3", content)}
    return client.post(ADD, sent, headers={HEADER: "1"})


def test_a_script_is_told_where_to_go(administrator: Client, recordings: Path) -> None:
    answer = by_script(administrator, b"sound")

    pk = Hearing.objects.get().pk
    assert answer.json() == {"location": f"{LIST}{pk}/change/"}  # type: ignore[attr-defined]


def test_the_note_of_a_script_shows_why_the_file_was_not_taken(
    administrator: Client, recordings: Path
) -> None:
    by_script(administrator, b"sound", title="The first")

    answer = by_script(administrator, b"sound", title="The second")
    note = answer.json()["note"]  # type: ignore[attr-defined]
    page = administrator.post(ADD, description(title="The second") | {"upload_note": note})

    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "This recording is already filed as" in page.content.decode()
    assert "Choose the recording" not in page.content.decode()
    assert Hearing.objects.count() == 1


@pytest.mark.parametrize("note", ["", "made up", "eyJmdWxsIjoieCJ9:1abc:def"])
def test_a_note_that_is_not_ours_is_no_note(note: str, administrator: Client) -> None:
    page = administrator.post(ADD, description() | {"upload_note": note}).content.decode()

    assert "Choose the recording of the hearing." in page
