"""A stretch and a sound track: chosen in the admin, and told on the pages."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from hearings import tracks
from hearings.models import CheckStatus, Hearing, RecordingAnalysis
from hearings.tracks import AudioStream
from tests.factories import make_chunk, make_hearing, make_run, make_segments
from tests.web.admin_kit import change_address, description
from transcription.models import ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

STREAMS = (
    AudioStream(0, "aac", 48_000, 2, "eng", "Floor"),
    AudioStream(1, "aac", 48_000, 1, "fra", "<b>Interpreter</b>"),
)


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> None:
    """Have the embedded engine find files where its model would be."""
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    settings.WHISPER_MODEL = str(tmp_path)
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"


def start_address(hearing: Hearing) -> str:
    return f"/admin/hearings/hearing/transcribe/?hearing={hearing.pk}"


def two_streams(**values: Any) -> Hearing:
    """Return a hearing whose second stream is louder, and was heard."""
    found = tracks.choices(STREAMS, levels={0: -40.0, 1: -20.0})
    hearing = make_hearing(tracks=[choice.to_json() for choice in found], **values)
    RecordingAnalysis.objects.update(track="2")
    return Hearing.objects.get(pk=hearing.pk)


def test_the_form_starts_a_run_of_the_stretch(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=1_800_000)

    administrator.post(
        start_address(hearing), {"engine": "whisper", "begin": "10:00", "end": "0:20:00"}
    )

    run = Run.objects.get()
    assert (run.from_ms, run.to_ms) == (600_000, 1_200_000)
    assert run.chunks.order_by("start_ms")[0].start_ms == 600_000
    page = administrator.get(f"/admin/transcription/run/{run.pk}/change/").content.decode()
    assert "Only 10:00 to 20:00" in page


def test_the_estimate_follows_the_stretch(administrator: Client) -> None:
    hearing = make_hearing(duration_ms=1_800_000)

    sent = {"engine": "whisper", "begin": "60", "end": "90", "estimate": "1"}
    page = administrator.post(start_address(hearing), sent).content.decode()

    assert "1 chunk, 1 call" in page
    assert 'value="60"' in page and 'value="90"' in page
    assert "<details open>" in page
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        ("ten", "", "“ten” is not a time in a recording; write seconds"),
        ("2:00", "1:00", "It ends before it begins. Give an end that is later."),
        ("", "0", "It ends before it begins."),
        ("40:00", "", "so 00:40:00 is beyond its end"),
    ],
)
def test_a_wrong_stretch_starts_nothing_and_says_why(
    administrator: Client, begin: str, end: str, sentence: str
) -> None:
    hearing = make_hearing(duration_ms=1_800_000)

    sent = {"engine": "whisper", "begin": begin, "end": end}
    page = administrator.post(start_address(hearing), sent, follow=True).content.decode()

    assert sentence in page
    assert not Run.objects.exists()


def test_several_hearings_have_no_stretch(administrator: Client) -> None:
    one, other = make_hearing(), make_hearing(recording_sha256="1" * 64, title="Another")

    page = administrator.get(f"{start_address(one)}&hearing={other.pk}").content.decode()

    assert 'name="begin"' not in page


def test_the_page_says_of_what_stretch_the_text_is(staff: Client) -> None:
    speech = [[0, 300_000], [600_000, 601_000]]
    hearing = make_hearing(duration_ms=1_800_000, is_published=True, speech=speech)
    part = make_run(hearing, status=RunStatus.COMPLETE, from_ms=600_000, to_ms=1_200_000)
    make_chunk(part, 60, status=ChunkStatus.DONE)
    make_segments(part, "Only this.")
    part.segments.update(start_ms=600_000, end_ms=601_000)

    for client in (staff, Client()):
        page = client.get(hearing.get_absolute_url()).content.decode()
        assert "Transcribed from 00:10:00 to 00:20:00 only." in page
        assert "not asked for" in page
        assert "is missing" not in page and "are missing" not in page
    assert "Transcribed in part" in staff.get("/").content.decode()


def test_a_newer_stretch_can_be_reached_by_staff_alone(staff: Client) -> None:
    hearing = make_hearing(is_published=True)
    make_segments(make_run(hearing, status=RunStatus.COMPLETE), "All of it.")
    part = make_run(hearing, status=RunStatus.COMPLETE, from_ms=0, to_ms=9_000)
    make_segments(part, "A part.")
    address = hearing.get_absolute_url()

    page = staff.get(address).content.decode()
    asked = staff.get(f"{address}?run={part.pk}").content.decode()

    assert "All of it." in page and f'href="{address}?run={part.pk}"' in page
    assert "A part." in asked and f"This is run {part.pk}." in asked
    assert f"transcript.txt?run={part.pk}" in asked
    text = staff.get(f"{address}transcript.txt?run={part.pk}").content.decode()
    assert "A part." in text
    public = Client().get(f"{address}?run={part.pk}").content.decode()
    assert "All of it." in public and "run=" not in public


@pytest.mark.parametrize("number", ["0", "999", "x", "9" * 40, "1 or 1", "²"])
def test_a_run_that_is_not_the_hearings_is_not_there(staff: Client, number: str) -> None:
    hearing = make_hearing()
    make_run(hearing)
    other = make_hearing(recording_sha256="1" * 64, title="Another")
    elsewhere = make_run(other, status=RunStatus.COMPLETE)

    for asked in (number, str(elsewhere.pk)):
        page = staff.get(hearing.get_absolute_url(), {"run": asked})
        assert page.status_code == 404


def test_a_sound_track_is_chosen_on_the_hearings_page(administrator: Client) -> None:
    hearing = two_streams()
    page = administrator.get(change_address(hearing.pk)).content.decode()

    administrator.post(change_address(hearing.pk), description(sound="1", title="A new title"))

    assert "The loudest: audio stream 2 (French, " in page and "(proposed)" in page
    assert "audio stream 1 (English, “Floor”, AAC, 48 kHz stereo), on average −40 dBFS" in page
    assert "&lt;b&gt;Interpreter" in page and "<b>Interpreter" not in page
    assert "It is kept for good." in page  # as of recordings with one sound
    hearing.refresh_from_db()
    assert (hearing.track, hearing.check_status) == ("1", CheckStatus.CHECKING)
    assert hearing.title == "A new title"


def test_without_a_choice_there_is_nothing_to_choose(administrator: Client) -> None:
    hearing = make_hearing(tracks=[tracks.choices(STREAMS[1:])[0].to_json()])

    assert 'name="sound"' not in administrator.get(change_address(hearing.pk)).content.decode()
    administrator.post(change_address(hearing.pk), description(sound="7"))

    hearing.refresh_from_db()
    assert (hearing.track, hearing.check_status) == ("", CheckStatus.ACCEPTED)


def test_a_track_that_is_not_offered_is_refused(administrator: Client) -> None:
    hearing = two_streams()

    page = administrator.post(change_address(hearing.pk), description(sound="7"))

    assert "7 is not one of the available choices" in page.content.decode()
    hearing.refresh_from_db()
    assert (hearing.track, hearing.check_status) == ("", CheckStatus.ACCEPTED)


def test_while_a_run_is_under_way_the_track_stays(administrator: Client) -> None:
    hearing = two_streams()
    run = make_run(hearing, track="2")

    page = administrator.post(change_address(hearing.pk), description(sound="1"), follow=True)

    assert f"The sound track stays as it is: run {run.pk} is transcribing" in page.content.decode()
    hearing.refresh_from_db()
    assert (hearing.track, hearing.check_status) == ("", CheckStatus.ACCEPTED)


def test_who_may_only_look_is_told_the_track_and_chooses_none(staff: Client) -> None:
    hearing = two_streams()
    clerk = User.objects.get(username="clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="view_hearing"))

    page = staff.get(change_address(hearing.pk)).content.decode()
    assert "audio stream 2 (French, " in page and 'name="sound"' not in page
    assert staff.post(change_address(hearing.pk), description(sound="1")).status_code == 403
    hearing.refresh_from_db()
    assert hearing.track == ""


def test_the_start_says_which_sound_is_heard(administrator: Client) -> None:
    page = administrator.get(start_address(two_streams())).content.decode()

    assert "Heard is audio stream 2 (French, " in page
    assert "#id_sound" in page


def test_a_transcript_of_another_sound_says_so_to_staff(staff: Client) -> None:
    hearing = two_streams(is_published=True)
    make_segments(make_run(hearing, status=RunStatus.COMPLETE, track="1"), "Good morning.")
    told = "This is a transcript of audio stream 1 (English, "

    assert told in staff.get(hearing.get_absolute_url()).content.decode()
    public = Client().get(hearing.get_absolute_url()).content.decode()
    assert "Good morning." in public and told not in public
