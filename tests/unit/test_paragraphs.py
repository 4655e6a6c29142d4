"""How a transcript is laid out for reading."""

import pytest

from hearings.spans import Span
from transcription.coverage import Coverage, Missing
from transcription.paragraphs import Block, Doubtful, Line, Paragraph, blocks, summary, voice

EARLY = ("It stops early.",)


def line(
    start_ms: int, end_ms: int, speaker: str | None = None, doubts: tuple[str, ...] = ()
) -> Line:
    return Line(start_ms, end_ms, f"At {start_ms}.", speaker, doubts)


def coverage(*, silence: tuple[Span, ...] = (), missing: tuple[Missing, ...] = ()) -> Coverage:
    return Coverage(
        duration_ms=400_000, speech=(), transcribed=(), silence=silence, missing=missing
    )


def laid_out(*lines: Line, of: Coverage | None = None) -> list[Block]:
    return list(blocks(lines, of or coverage()))


def test_without_a_line_nothing_is_shown() -> None:
    assert laid_out() == []


def test_sentences_that_follow_each_other_share_a_paragraph() -> None:
    first, second = line(0, 1_000), line(3_000, 4_000)

    assert laid_out(first, second) == [Paragraph((first, second))]


def test_a_pause_of_more_than_two_seconds_begins_a_paragraph() -> None:
    first, second = line(0, 1_000), line(3_001, 4_000)

    assert laid_out(first, second) == [Paragraph((first,)), Paragraph((second,))]


def test_another_speaker_begins_a_paragraph() -> None:
    chair, witness = line(0, 1_000, "Chair"), line(1_100, 2_000, "Witness")

    assert laid_out(chair, witness) == [
        Paragraph((chair,), "Chair"),
        Paragraph((witness,), "Witness"),
    ]
    assert [
        block.speaker for block in laid_out(chair, witness) if isinstance(block, Paragraph)
    ] == [
        "Chair",
        "Witness",
    ]


def test_a_paragraph_ends_after_six_sentences() -> None:
    lines = [line(i * 1_000, i * 1_000 + 900) for i in range(13)]

    lengths = [len(block.lines) for block in laid_out(*lines) if isinstance(block, Paragraph)]

    assert lengths == [6, 6, 1]


def test_a_gap_stands_between_its_neighbours_however_short_it_is() -> None:
    first, second = line(0, 1_000), line(2_500, 3_000)
    gap = Missing(Span(1_000, 2_500), "no answer")

    assert laid_out(second, first, of=coverage(missing=(gap,))) == [
        Paragraph((first,)),
        gap,
        Paragraph((second,)),
    ]


def test_a_silence_of_ten_seconds_and_more_is_marked() -> None:
    first, second = line(17_000, 18_000), line(27_999, 34_000)
    silence = (Span(0, 17_000), Span(18_000, 27_999), Span(34_000, 60_000))

    assert laid_out(first, second, of=coverage(silence=silence)) == [
        Span(0, 17_000),
        Paragraph((first,)),
        Paragraph((second,)),
        Span(34_000, 60_000),
    ]


def test_words_heard_in_a_silence_shorten_its_mark() -> None:
    heard = line(5_000, 6_000)

    assert laid_out(heard, of=coverage(silence=(Span(0, 30_000),))) == [
        Paragraph((heard,)),
        Span(6_000, 30_000),
    ]


def test_no_line_is_lost_or_doubled() -> None:
    lines = [line(i * 1_700, i * 1_700 + 1_000 + i % 3 * 200, f"{i % 5 > 2}") for i in range(200)]
    gap = Missing(Span(50_100, 50_200), "no answer")

    shown = laid_out(*lines, of=coverage(missing=(gap,), silence=(Span(340_000, 400_000),)))

    paragraphs = [block for block in shown if isinstance(block, Paragraph)]
    assert [each for paragraph in paragraphs for each in paragraph.lines] == lines


def test_a_speaker_is_named_only_where_it_changes_and_when_it_ends() -> None:
    lines = [
        line(0, 1_000, "1·A"),
        line(9_000, 10_000, "1·A"),
        line(20_000, 21_000, "2·A"),
        line(30_000, 31_000),
        line(40_000, 41_000, ""),
    ]

    headings = [block.heading for block in laid_out(*lines) if isinstance(block, Paragraph)]

    assert headings == ["Voice A (part 1)", "", "Voice A (part 2)", "Speaker not known", ""]


def test_a_gap_does_not_hide_that_the_speaker_changed() -> None:
    gap = Missing(Span(1_000, 9_000), "no answer")
    lines = (line(0, 1_000, "1·A"), line(9_000, 9_500, "2·A"))

    shown = laid_out(*lines, of=coverage(missing=(gap,)))

    assert [block.heading for block in shown if isinstance(block, Paragraph)] == [
        "Voice A (part 1)",
        "Voice A (part 2)",
    ]


@pytest.mark.parametrize(
    ("speaker", "named"),
    [
        ("3·A", "Voice A (part 3)"),
        ("12·AB", "Voice AB (part 12)"),
        ("3·Dr. Roe", "Dr. Roe (part 3)"),
        ("1·12", "Voice 12 (part 1)"),
        ("11·2", "Voice 2 (part 11)"),
        ("3··", "Voice · (part 3)"),
        ("3·", "3·"),
        ("3A", "Voice A (part 3)"),
        ("Chair", "Chair"),
        ("7", "7"),
        ("", "Speaker not known"),
        (None, "Speaker not known"),
    ],
)
def test_a_voice_is_named_with_the_part_that_it_was_heard_in(
    speaker: str | None, named: str
) -> None:
    assert voice(speaker) == named


def test_doubtful_sentences_share_a_passage_and_no_other_sentence_is_in_it() -> None:
    before, after = line(0, 1_000), line(3_000, 4_000)
    first, second = line(1_000, 2_000, None, EARLY), line(2_000, 3_000, None, EARLY)

    shown = laid_out(before, first, second, after)

    assert shown == [
        Paragraph((before,)),
        Doubtful((Paragraph((first, second)),), EARLY),
        Paragraph((after,)),
    ]


def test_a_passage_of_other_doubts_is_another_one() -> None:
    first, second = line(0, 1_000, None, EARLY), line(1_000, 2_000, None, ("A loop.",))

    kinds = [block.doubts for block in laid_out(first, second) if isinstance(block, Doubtful)]

    assert kinds == [EARLY, ("A loop.",)]


def test_a_silence_is_in_a_passage_only_between_its_words() -> None:
    first, second = line(0, 1_000, None, EARLY), line(20_000, 21_000, None, EARLY)
    inside, behind = Span(1_000, 20_000), Span(21_000, 60_000)

    shown = laid_out(first, second, of=coverage(silence=(inside, behind)))

    assert shown == [Doubtful((Paragraph((first,)), inside, Paragraph((second,))), EARLY), behind]


def test_a_gap_ends_a_passage() -> None:
    first, second = line(0, 1_000, None, EARLY), line(9_000, 10_000, None, EARLY)
    gap = Missing(Span(1_000, 9_000), "no answer")

    shown = laid_out(first, second, of=coverage(missing=(gap,)))

    assert shown == [
        Doubtful((Paragraph((first,)),), EARLY),
        gap,
        Doubtful((Paragraph((second,)),), EARLY),
    ]


@pytest.mark.parametrize(
    ("doubtful", "missing", "told"),
    [
        (0, 0, ""),
        (1, 0, "1 passage is doubtful"),
        (0, 1, "1 stretch is missing"),
        (2, 1, "2 passages are doubtful, 1 stretch is missing"),
        (1, 2, "1 passage is doubtful, 2 stretches are missing"),
    ],
)
def test_the_summary_counts_what_to_take_with_care(doubtful: int, missing: int, told: str) -> None:
    shown: list[Block] = [Paragraph((line(0, 1_000),)), Span(1_000, 20_000)]
    shown += [Doubtful((Paragraph((line(0, 1_000),)),), EARLY)] * doubtful
    shown += [Missing(Span(0, 1_000), "no answer")] * missing

    assert summary(shown) == told
