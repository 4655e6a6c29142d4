"""Scripts without spaces between words: a letter is a word, and text is put together as it was."""

import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span
from tests.unit.answer_kit import heard, segment, word
from tests.unit.transcript_kit import transcript
from transcription.alignment import Alignment, align, confirmed
from transcription.engines.whisper import reading_of
from transcription.engines.whisper_windows import SLOT
from transcription.engines.word_odds import word_odds
from transcription.exports import FORMATS
from transcription.exports.transcript import TranscriptSegment
from transcription.names import Correction
from transcription.paragraphs import Line
from transcription.phrases import tokens_of
from transcription.plausibility import Doubt, suspicions
from transcription.sentences import MOST_WORDS, Sentence, sentences
from transcription.timing import spread
from transcription.word_search import Placing
from transcription.words import Timing, Word
from transcription.writing import is_unspaced, joined, places_in, words_in

CHINESE = "各位委员，大家好！今天开会。"
TOLD = ["各", "位", "委", "员，", "大", "家", "好！", "今", "天", "开", "会。"]
# What it is in words.
SPACED = st.text(st.characters(codec="utf-8").filter(lambda c: not is_unspaced(c)))
ANY = st.text(
    st.sampled_from("各位おガー々ไทที่นက္မ។。，「」“”（) \u3000\nAb1.-é…$") | st.characters()
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHINESE, TOLD),
        ("他说：“好。”走了", ["他", "说：", "“好。”", "走", "了"]),
        ("「今日は」、会", ["「今", "日", "は」、", "会"]),
        (
            "用AI技术，3.5%吧 yes, e-mail",
            ["用", "AI", "技", "术，", "3.5%", "吧", "yes,", "e-mail"],
        ),
        ("《ABC》很(f(x))好", ["《ABC》", "很", "(f(x))", "好"]),
        ("ที่นี่ไทยน้ำ ครับ", ["ที่", "นี่", "ไท", "ย", "น้ำ", "ค", "รั", "บ"]),
        ("မြန်မာ။", ["မြ", "န်", "မာ။"]),
        ("ស្តីខ្មែរ។", ["ស្តី", "ខ្មែ", "រ។"]),
        ("ປີໄທ", ["ປີ", "ໄທ"]),
        ("好 。你「", ["好", "。", "你", "「"]),
    ],
)
def test_each_letter_is_a_word_with_its_marks_and_punctuation(text: str, words: list[str]) -> None:
    assert words_in(text) == words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (TOLD, CHINESE),
        (["用", "AI", "技", "术。", "Yes.", "OK，", "好"], "用 AI 技术。 Yes. OK，好"),
        (["他", "说：", "“好。”", "走"], "他说：“好。”走"),
        ([], ""),
        (["so", "be", "it"], "so be it"),
    ],
)
def test_no_space_stands_between_two_letters_of_such_a_script(words: list[str], text: str) -> None:
    assert joined(words) == text


@given(SPACED)
def test_other_text_is_cut_at_its_spaces_and_joined_by_them(text: str) -> None:
    assert words_in(text) == text.split()
    assert [text[start:end] for start, end in places_in(text)] == text.split()
    assert joined(text.split()) == " ".join(text.split())


@given(ANY)
def test_whatever_is_written_nothing_is_lost_and_what_is_joined_is_joined_again(text: str) -> None:
    words = words_in(text)

    assert "".join(words) == "".join(text.split())
    assert [text[start:end] for start, end in places_in(text)] == words
    assert joined(words_in(joined(words))) == joined(words)


def test_letters_that_are_tokens_of_their_own_are_words_of_their_own() -> None:
    alone = (c for c in map(chr, range(sys.maxunicode + 1)) if tokens_of(c + c) == [c, c])

    assert [c for c in alone if not is_unspaced(c)] == []


def test_a_text_without_times_is_spread_letter_by_letter() -> None:
    words = spread(CHINESE, (Span(0, 2_000), Span(8_000, 10_000)), 10_000)

    assert [each.text for each in words] == TOLD
    assert (words[0].start_ms, words[-1].end_ms) == (0, 10_000)
    assert max(each.end_ms - each.start_ms for each in words) < 600


@pytest.mark.parametrize("pieces", [list(CHINESE), ["各位", "委员", "大家好", "今天", "开会"]])
def test_letters_take_the_times_of_the_words_that_hold_them(pieces: list[str]) -> None:
    timed = [word(at / 2, at / 2 + 0.5, text) for at, text in enumerate(pieces)]

    found = heard({"text": CHINESE, "words": timed})

    assert ([each.text for each in found.words], found.flags) == (TOLD, ())
    assert {each.timing for each in found.words} == {Timing.ENGINE}


def test_segments_in_another_order_than_their_text_hold_the_same_letters() -> None:
    found = heard(
        {
            "text": "今天开会。大家好！",
            "segments": [segment(0, 2, "大家好！"), segment(2, 4, "今天开会。")],
        }
    )

    assert found.flags == ()


def test_odds_are_told_for_each_letter() -> None:
    tokens = [{"token": text, "logprob": 0 if text == "好！" else -1} for text in ("各位", "好！")]

    assert word_odds(["各", "位", "好！"], tokens) == (0.368, 0.368, 1.0)


@dataclass
class Token:
    word: str
    start: float
    end: float
    probability: float = 0.9


@dataclass
class Heard:
    words: list[Token]
    avg_logprob: float = -0.3
    compression_ratio: float = 1.0


def test_what_whisper_tells_in_pieces_of_letters_is_words_letter_by_letter() -> None:
    at = SLOT.start_ms / 1000
    tokens = [
        Token("各位", at, at + 1),
        Token("委", at + 1, at + 1.4, 0.5),
        Token("A", at + 2, at + 3),
    ]
    tokens += [Token("I。", at + 3, at + 4, 0.7), Token(" Yes", at + 4, at + 5)]

    found = reading_of([Heard(tokens)], Span(0, 6_000)).words

    assert [(each.start_ms, each.end_ms, each.text, each.confidence) for each in found] == [
        (0, 500, "各", 0.9),
        (500, 1_000, "位", 0.9),
        (1_000, 1_400, "委", 0.5),
        (2_000, 4_000, "AI。", 0.7),
        (4_000, 5_000, "Yes", 0.9),
    ]


def said(text: str, *, each_ms: int = 200) -> list[Word]:
    """Return the words of *text*, one after another."""
    return [Word(at * each_ms, (at + 1) * each_ms, each) for at, each in enumerate(words_in(text))]


def texts_of(found: tuple[Sentence, ...]) -> list[str]:
    return [each.text for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "各位委员，大家好！|今天开会。|有异议吗？|没有。",
        "他说：“好。”|然后走了。",
        "「はい。」|会議です。",
        "မြန်မာ။|မာ။",
        "ស្តី។|រ។",
    ],
)
def test_a_sentence_ends_at_the_mark_of_its_script(text: str) -> None:
    assert texts_of(sentences(said(text.replace("|", "")))) == text.split("|")


def test_a_sentence_holds_twice_as_many_letters_as_words_and_is_cut_after_a_comma() -> None:
    text = "好" * 2 * MOST_WORDS
    assert texts_of(sentences(said(text))) == [text]

    text = "好" * 30 + "，" + "好" * 60
    assert texts_of(sentences(said(text, each_ms=100))) == ["好" * 30 + "，", "好" * 60]


def test_words_that_are_not_found_are_estimated_one_by_one() -> None:
    words = [Word(0, 1, each, timing=Timing.ESTIMATED) for each in (*TOLD, "各位委员")]

    found = align(
        words,
        speech=(Span(0, 5_000),),
        duration_ms=5_000,
        listen=lambda _, texts: [Placing(0, 0, 0.0) for _ in texts],
    )

    assert [each.text for each in found.words] == [each.text for each in words]


@pytest.mark.parametrize(("hears", "confirms"), [("各位委员", True), ("好。", False)])
def test_letters_that_are_heard_confirm_a_loss(hears: str, *, confirms: bool) -> None:
    lost = (Span(0, 2_000),)

    found = confirmed(Alignment((), lost), speech=lost, hear=lambda _: hears)

    assert found.unworded == (lost if confirms else ())


def test_a_loop_is_quoted_as_it_is_written() -> None:
    words = said("谢谢大家" * 30)

    (loop,) = [
        each
        for each in suspicions(words, speech=(Span(0, 24_000),), duration_ms=24_000, language="zh")
        if each.doubt is Doubt.LOOP
    ]

    assert "“谢谢大家”" in loop.sentence


def test_a_name_among_letters_is_shown_at_its_word() -> None:
    found = Correction(3, "Smit", "Smith", "It sounds like one.")
    line = Line(0, 1_000, "参议员 Smit，请。", None, corrections=(found,))

    assert [(piece.text, piece.correction) for piece in line.pieces] == [
        ("参议员 ", None),
        ("Smit", found),
        ("，请。", None),
    ]


def test_the_text_export_puts_no_space_between_two_sentences() -> None:
    found = sentences(said("大家好！今天开会。"))
    segments = [
        TranscriptSegment(each.start_ms, each.end_ms, each.text, None, None, (), each.words)
        for each in found
    ]

    assert "大家好！今天开会。" in FORMATS["txt"].render(transcript(*segments)).decode()
