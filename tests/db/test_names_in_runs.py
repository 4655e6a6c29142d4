"""What becomes of names when a run concludes: proposed, flagged, and never changed."""

import json
from typing import Any

import pytest

from hearings.models import Committee, Member, Witness
from tests.factories import NOW, make_chunk, make_hearing, make_run, words_of
from transcription.concluding import conclude
from transcription.exports import FORMATS
from transcription.models import Attempt, Chunk, ChunkStatus, Run, Segment
from transcription.transcripts import transcript_of

pytestmark = pytest.mark.django_db

HEARD = "Order. Thank you, Senator Grassi. Dr. Halverson, please. Senator Grassley’s time."
UNHEARD = "“Cornyn” was given as a hint and is hardly heard here."


@pytest.fixture
def run() -> Run:
    committee = Committee.objects.create(code="SSJU", name="Committee on the Judiciary")
    for name in ("Chuck Grassley", "John Cornyn"):
        Member.objects.create(committee=committee, name=name)
    hearing = make_hearing(committee=committee, duration_ms=20_000)
    Witness.objects.create(hearing=hearing, name="Dr. Ingrid Halvorsen")
    return make_run(hearing, keywords=["Chuck Grassley", "John Cornyn"])


def heard(
    run: Run, index: int, text: str, *, told: list[str] | None = None, **sure: float | None
) -> Chunk:
    """Return a finished chunk of *text*; *sure* gives words another confidence than 0.9."""
    words = [word.to_json() for word in words_of(text, start_ms=index * 10_000)]
    for word in words:
        word["confidence"] = sure.get(word["text"].strip("."), 0.9)
    chunk = make_chunk(run, index, status=ChunkStatus.DONE, result=words)
    answered(chunk, told or [])
    return chunk


def answered(chunk: Chunk, told: list[str], **values: Any) -> None:
    facts = {"status": Attempt.Status.OK, "claim": chunk.claims, "holder": "h"} | values
    Attempt.objects.create(
        chunk=chunk,
        audio_ms=1,
        audio_bytes=1,
        started_at=NOW,
        finished_at=NOW,
        keywords=told,
        **facts,
    )


def concluded(run: Run) -> list[Segment]:
    assert conclude(run, now=NOW)
    return list(run.segments.order_by("index"))


def test_misspelt_names_are_proposed_with_their_sentence_and_nothing_is_changed(run: Run) -> None:
    heard(run, 0, HEARD)

    segments = concluded(run)

    assert " ".join(segment.text for segment in segments) == HEARD
    found = [[(c["word"], c["stands"], c["proposed"]) for c in s.corrections] for s in segments]
    assert found == [[], [(3, "Grassi", "Grassley")], [(1, "Halverson", "Halvorsen")], []]
    assert all(segment.flags == [] for segment in segments)


def test_staff_get_the_proposals_in_the_json_and_the_public_gets_none(run: Run) -> None:
    heard(run, 0, HEARD)
    concluded(run)

    def written(*, for_public: bool) -> Any:
        content = FORMATS["json"].render(transcript_of(run, for_public=for_public))
        return [segment["corrections"] for segment in json.loads(content)["segments"]]

    (proposal,) = written(for_public=False)[1]
    assert {name: proposal[name] for name in ("word", "stands", "proposed")} == {
        "word": 3,
        "stands": "Grassi",
        "proposed": "Grassley",
    }
    assert "Chuck Grassley" in proposal["reason"]
    assert written(for_public=True) == [[], [], [], []]


def test_a_hint_that_is_hardly_heard_flags_its_sentence(run: Run) -> None:
    heard(run, 0, "Good morning. Senator Cornyn.", told=["John Cornyn"], Cornyn=0.05)

    assert [segment.flags for segment in concluded(run)] == [[], [UNHEARD]]


@pytest.mark.parametrize(
    ("told", "chance"), [([], 0.05), (["John Cornyn"], 0.9), (["John Cornyn"], None)]
)
def test_a_name_that_was_no_hint_or_is_heard_or_of_which_nothing_is_known_flags_nothing(
    run: Run, told: list[str], chance: float | None
) -> None:
    heard(run, 0, "Senator Cornyn.", told=told, Cornyn=chance)

    assert [segment.flags for segment in concluded(run)] == [[]]


def test_each_chunk_counts_what_it_was_told_itself_last(run: Run) -> None:
    heard(run, 0, "Senator Cornyn.", told=["John Cornyn"], Cornyn=0.05)
    other = heard(run, 1, "Senator Cornyn.", told=["John Cornyn"], Cornyn=0.05)
    answered(other, [], claim=1, status=Attempt.Status.REUSED)

    assert [segment.flags for segment in concluded(run)] == [[UNHEARD], []]


def test_words_of_a_doubtful_answer_count_what_that_was_told(run: Run) -> None:
    """Halves that failed show what the whole had said."""
    whole = heard(run, 0, "Senator Cornyn.", told=["John Cornyn"], Cornyn=0.05)
    Chunk.objects.filter(pk=whole.pk).update(status=ChunkStatus.SUPERSEDED, doubts=["A doubt."])
    make_chunk(
        run,
        2,
        generation=1,
        start_ms=0,
        end_ms=10_000,
        parent=whole,
        status=ChunkStatus.FAILED,
        finished_at=NOW,
    )
    heard(run, 1, "Good morning.")

    assert concluded(run)[0].flags == ["A doubt.", UNHEARD]


def test_a_hearing_without_a_roster_has_its_text_as_ever() -> None:
    run = make_run(make_hearing(duration_ms=10_000))
    heard(run, 0, HEARD)

    assert [segment.corrections for segment in concluded(run)] == [[], [], [], []]
