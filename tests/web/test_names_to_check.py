"""Names that may be misspelt: staff are shown them, the public reads the text as it is."""

import pytest
from django.test import Client

from tests.factories import make_chunk, make_hearing, make_run
from tests.web.admin_kit import run_address
from transcription.models import ChunkStatus, Run, RunStatus, Segment

pytestmark = pytest.mark.django_db

REASON = "After “Senator” it sounds like Chuck Grassley."
MARKED = 'Thank you, Senator <span class="proposed" title="Grassley?">Grassi</span>.</a>'


def found(word: int, stands: str, proposed: str) -> dict[str, object]:
    return {"word": word, "stands": stands, "proposed": proposed, "reason": REASON}


@pytest.fixture
def run() -> Run:
    run = make_run(make_hearing(title="Session", is_published=True), status=RunStatus.COMPLETE)
    make_chunk(run, end_ms=60_000, status=ChunkStatus.DONE)
    segment(run, 0, "Good morning.")
    segment(run, 1, "Thank you, Senator Grassi.", corrections=[found(3, "Grassi", "Grassley")])
    return run


def segment(run: Run, index: int, text: str, **values: object) -> None:
    start_ms = index * 5_000
    Segment.objects.create(
        run=run, index=index, start_ms=start_ms, end_ms=start_ms + 4_000, text=text, **values
    )


def page(client: Client, address: str = "/hearings/session/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_staff_see_the_word_marked_and_below_it_what_it_may_be(staff: Client, run: Run) -> None:
    shown = page(staff, run.hearing.get_absolute_url())

    assert MARKED in shown
    assert "<summary>1 name to check</summary>" in shown
    assert f"0:05 “Grassi”: perhaps <b>Grassley</b>. {REASON}" in shown
    assert "1 name may be misspelt" in shown


def test_the_public_reads_the_text_as_it_is(client: Client, reader: Client, run: Run) -> None:
    for stranger in (client, reader):
        shown = page(stranger)

        assert "Thank you, Senator Grassi.</a>" in shown
        assert "Grassley" not in shown and "proposed" not in shown and "to check" not in shown
        assert "Grassley" not in stranger.get("/hearings/session/transcript.json").content.decode()


def test_names_in_a_doubtful_passage_are_counted_and_marked_too(staff: Client, run: Run) -> None:
    proposals = [found(0, "Cornett", "Cornyn"), found(2, "Grassi", "Grassley")]
    segment(run, 2, "Cornett, and Grassi’s bill.", flags=["A doubt."], corrections=proposals)

    shown = page(staff)

    assert "3 names may be misspelt" in shown
    assert 'title="Cornyn?">Cornett</span>, and <span class="proposed"' in shown
    assert 'title="Grassley?">Grassi</span>’s bill.</a>' in shown


def test_proposals_are_never_taken_for_markup(staff: Client, run: Run) -> None:
    segment(run, 2, "Mr. <b>x</b>", corrections=[found(1, "<b>x</b>", '"><i>')])

    shown = page(staff)

    assert 'title="&quot;&gt;&lt;i&gt;?">&lt;b&gt;x&lt;/b&gt;</span>' in shown
    assert "<i>" not in shown


def test_a_proposal_for_a_word_that_is_not_there_marks_nothing(staff: Client, run: Run) -> None:
    segment(run, 2, "All is well.", corrections=[found(1, "Grassi", "Grassley")])

    assert "All is well.</a>" in page(staff)


def test_the_runs_page_says_how_many_there_are(administrator: Client, run: Run) -> None:
    assert "1 name may be misspelt" in page(administrator, run_address(run.pk))

    run.segments.update(corrections=[])

    assert "misspelt" not in page(administrator, run_address(run.pk))


def test_an_older_transcript_without_proposals_looks_as_it_did(staff: Client, run: Run) -> None:
    run.segments.update(corrections=[])

    shown = page(staff)

    assert "Thank you, Senator Grassi.</a>" in shown and "misspelt" not in shown
