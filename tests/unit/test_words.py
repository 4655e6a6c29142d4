import json

from transcription.words import Timing, Word


def test_a_word_survives_json() -> None:
    word = Word(1_200, 1_650, "Senator,", confidence=0.83, timing=Timing.ALIGNED)

    assert Word.from_json(json.loads(json.dumps(word.to_json()))) == word


def test_a_shifted_word_differs_in_its_times_alone() -> None:
    word = Word(200, 650, "Senator,", confidence=0.83, timing=Timing.ESTIMATED)

    assert word.shifted(1_000) == Word(1_200, 1_650, "Senator,", 0.83, Timing.ESTIMATED)


def test_the_middle_of_a_word_is_a_whole_millisecond() -> None:
    assert Word(200, 651, "aye").middle_ms == 425


def test_a_speaker_is_kept_where_there_is_one() -> None:
    word = Word(1_200, 1_650, "Aye.", speaker="A")

    assert Word.from_json(json.loads(json.dumps(word.to_json()))) == word
    assert word.shifted(100).speaker == "A"


def test_a_word_without_a_speaker_is_stored_as_before() -> None:
    stored = Word(1_200, 1_650, "Aye.").to_json()

    assert "speaker" not in stored
    assert Word.from_json(stored).speaker is None
