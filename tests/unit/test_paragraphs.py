"""How a transcript is laid out for reading."""

from hearings.spans import Span
from transcription.coverage import Coverage, Missing
from transcription.paragraphs import Block, Line, Paragraph, blocks


def line(start_ms: int, end_ms: int, speaker: str | None = None) -> Line:
    return Line(start_ms, end_ms, f"At {start_ms}.", speaker)


def coverage(*, silence: tuple[Span, ...] = (), missing: tuple[Missing, ...] = ()) -> Coverage:
    return Coverage(speech=(), transcribed=(), silence=silence, missing=missing)


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

    assert laid_out(chair, witness) == [Paragraph((chair,)), Paragraph((witness,))]
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


def test_a_silence_of_more_than_fifteen_seconds_is_marked() -> None:
    first, second = line(17_000, 18_000), line(33_000, 34_000)
    silence = (Span(0, 17_000), Span(18_000, 33_000), Span(34_000, 60_000))

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
