"""A hearing's page: what it is, its transcript, and where it stands."""

from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from hearings.models import CheckStatus, Committee, Hearing, ValidationFinding, Witness
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from transcription.models import ChunkStatus, Run, RunStatus, Segment

pytestmark = pytest.mark.django_db


def page(client: Client, hearing: Hearing) -> str:
    response = client.get(hearing.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def transcribed(*sentences: str, status: RunStatus = RunStatus.COMPLETE, **values: Any) -> Run:
    """Return a run over a published hearing of a minute, its one chunk done."""
    run = make_run(make_hearing(is_published=True, **values), status=status)
    make_chunk(run, end_ms=60_000, status=ChunkStatus.DONE)
    make_segments(run, *sentences)
    return run


def test_the_hearing_is_described(client: Client) -> None:
    hearing = make_hearing(
        is_published=True,
        committee=Committee.objects.create(code="SSCM", name="Committee on Commerce"),
        subcommittee="Subcommittee on Weather",
        location="Russell 253",
        description="On storms.\n\nAnd floods.",
    )
    Witness.objects.create(hearing=hearing, name="Ada Rain", title="Chief", organisation="NWS")
    Witness.objects.create(hearing=hearing, name="Bo Hail")

    shown = page(client, hearing)

    assert "<title>Oversight of the Weather Service · Senate Audio</title>" in shown
    for text in (
        "Committee on Commerce",
        "Subcommittee on Weather",
        "Thursday, March 12, 2026",
        "Russell 253",
        "<p>On storms.</p>\n\n<p>And floods.</p>",
        "<b>Ada Rain</b>, Chief, NWS",
        "<b>Bo Hail</b>",
        "1:00",
    ):
        assert text in shown


def test_a_hearing_of_which_little_is_known_has_a_page_too(client: Client) -> None:
    hearing = make_hearing(title="ש" * 300, is_published=True)

    shown = page(client, hearing)

    assert f'<h1 dir="auto">{"ש" * 300}</h1>' in shown
    assert "Witnesses" not in shown and "None" not in shown


def test_each_sentence_is_a_link_to_its_own_second(client: Client) -> None:
    run = transcribed("Good morning.", "Be seated.")
    Segment.objects.filter(run=run, index=1).update(start_ms=3_240, end_ms=4_000)

    shown = page(client, run.hearing)

    assert '<a id="t=0" href="#t=0" data-end="0.4" title="0:00">Good morning.</a>' in shown
    assert '<a id="t=3.24" href="#t=3.24" data-end="4" title="0:03">Be seated.</a>' in shown
    assert '<time class="clock">0:03</time>' in shown


def test_what_was_said_is_never_taken_for_markup(client: Client) -> None:
    run = transcribed("He wrote <script>alert(1)</script> & left.", title="<b>Bold</b>")
    run.segments.update(speaker="<i>Chair</i>")

    shown = page(client, run.hearing)

    assert "He wrote &lt;script&gt;alert(1)&lt;/script&gt; &amp; left." in shown
    assert "&lt;i&gt;Chair&lt;/i&gt;" in shown
    assert "&lt;b&gt;Bold&lt;/b&gt;" in shown
    assert "<script>" not in shown and "<i>" not in shown


def test_a_speaker_is_named_where_the_speaker_changes(client: Client) -> None:
    run = transcribed("One.", "Two.", "Three.")
    run.segments.filter(index__lt=2).update(speaker="Chair")
    run.segments.filter(index=2).update(speaker="Witness")

    shown = page(client, run.hearing)

    assert shown.count('<p class="speaker" dir="auto">Chair</p>') == 1
    assert shown.count('<p class="speaker" dir="auto">Witness</p>') == 1


def test_a_gap_is_marked_with_its_stretch_and_reason(staff: Client) -> None:
    run = transcribed("Good morning.", status=RunStatus.INCOMPLETE, duration_ms=90_000)
    make_chunk(
        run,
        1,
        start_ms=55_000,
        end_ms=85_000,
        status=ChunkStatus.FAILED,
        error="The engine's answer was <empty>.",
        finished_at=NOW,
    )

    shown = page(staff, run.hearing)

    assert "<b>Missing 1:00–1:25:</b> The engine&#x27;s answer was &lt;empty&gt;." in shown
    assert "Transcribed with gaps" in shown


def test_a_long_silence_is_marked(client: Client) -> None:
    run = transcribed("Good morning.", speech=[[0, 43_000]])

    assert "[No speech, 0:17]" in page(client, run.hearing)


def test_a_run_without_a_word_says_so(client: Client) -> None:
    run = transcribed(speech=[[0, 60_000]])

    assert "The run found no words in this recording." in page(client, run.hearing)


def test_the_newest_run_with_text_is_shown(client: Client) -> None:
    run = transcribed("The old text.")
    newer = make_run(run.hearing, status=RunStatus.COMPLETE)
    make_segments(newer, "The new text.")
    make_run(run.hearing, status=RunStatus.FAILED)

    shown = page(client, run.hearing)

    assert "The new text." in shown
    assert "The old text." not in shown


def test_player_and_downloads_are_plain_links(client: Client) -> None:
    run = transcribed("Good morning.")

    shown = page(client, run.hearing)

    address = run.hearing.get_absolute_url()
    assert f'src="{address}recording"' in shown
    assert f'href="{address}transcript.txt"' in shown
    assert f'href="{address}transcript.json"' in shown


def test_no_script_or_style_stands_in_the_page_or_comes_from_elsewhere(client: Client) -> None:
    run = transcribed("Good morning.")
    make_run(run.hearing)

    shown = page(client, run.hearing)

    assert "<style" not in shown and " style=" not in shown and " onclick=" not in shown
    assert shown.count("<script") == shown.count('<script src="/static/') == 2
    assert "https://" not in shown
    assert finders.find("django_htmx/htmx-2.min.js")
    assert finders.find("transcript.js") and finders.find("site.css")


def test_before_a_run_the_page_says_so(client: Client) -> None:
    shown = page(client, make_hearing(is_published=True))

    assert "Not transcribed yet" in shown
    assert "<audio" in shown
    assert "transcript.txt" not in shown


def test_a_refusal_is_explained_to_staff_only(client: Client, staff: Client) -> None:
    hearing = make_hearing(is_published=True, check_status=CheckStatus.REFUSED, duration_ms=None)
    ValidationFinding.objects.create(
        hearing=hearing,
        code="no-audio",
        severity=ValidationFinding.Severity.ERROR,
        message="The file has no audio.",
        advice="Upload the recording itself.",
        measured="0 streams",
        needed="1 stream",
    )

    told = page(staff, hearing)

    for text in ("The file has no audio.", "Upload the recording itself.", "0 streams", "1 stream"):
        assert text in told
        assert text not in page(client, hearing)
    assert "Refused" in page(client, hearing)
    assert "<audio" not in told


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        (RunStatus.FAILED, "The transcription failed"),
        (RunStatus.CANCELLED, "The transcription was cancelled"),
    ],
)
def test_how_a_run_ended_without_text_is_told_and_why_to_staff(
    client: Client, staff: Client, status: RunStatus, heading: str
) -> None:
    run = make_run(make_hearing(is_published=True), status=status, reason="The model is missing.")

    assert heading in page(client, run.hearing)
    assert "The model is missing." not in page(client, run.hearing)
    assert "The model is missing." in page(staff, run.hearing)


def test_a_failure_after_a_text_is_told_to_staff_only(client: Client, staff: Client) -> None:
    run = transcribed("Good morning.")
    make_run(run.hearing, status=RunStatus.FAILED, reason="The disk is full.")

    assert "The transcription failed" not in page(client, run.hearing)
    assert "The text below is of an earlier run." in page(staff, run.hearing)
    assert "Good morning." in page(staff, run.hearing)


def test_an_unknown_hearing_leads_back_to_the_list(client: Client) -> None:
    response = client.get("/hearings/nosuch/")

    assert response.status_code == 404
    assert "There is no such hearing." in response.content.decode()
    assert '<a href="/">All hearings</a>' in response.content.decode()


def test_an_unknown_address_says_nothing_of_the_machinery(client: Client) -> None:
    response = client.get("/no/such/page")

    assert response.status_code == 404
    assert "There is no page at this address." in response.content.decode()


def test_a_fault_of_ours_is_told_without_asking_the_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert "The fault is on our side" in response.content.decode()


def test_five_thousand_sentences_cost_no_more_queries_than_one(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    run = transcribed(duration_ms=20_000_000)
    Segment.objects.bulk_create(
        Segment(
            run=run, index=i, start_ms=i * 4_000, end_ms=i * 4_000 + 3_900, text=f"Sentence {i}."
        )
        for i in range(5_000)
    )

    with django_assert_max_num_queries(10):
        shown = page(staff, run.hearing)

    assert shown.count("<a id=") == 5_000
