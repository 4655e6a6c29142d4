"""Which sound of a recording is meant, and what the sounds that there are are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings import tracks
from hearings.tracks import AudioStream, Choice, NoSuchTrack, Track

FLOOR = AudioStream(0, "aac", 48_000, 2, "eng", "Floor")
INTERPRETER = AudioStream(1, "pcm_s16le", 44_100, 1, "fra")


@pytest.mark.parametrize(
    ("text", "track"),
    [("1", "1"), (" 2 ", "2"), ("LEFT", "left"), ("right", "right"), ("32", "32")],
)
def test_a_track_is_a_number_or_a_side(text: str, track: str) -> None:
    assert tracks.written(text) == track


@pytest.mark.parametrize("text", ["", "0", "-1", "33", "01", "²", "both", "1;left", "٢"])
def test_what_can_be_no_track_is_told_with_what_can(text: str) -> None:
    with pytest.raises(NoSuchTrack, match="an audio stream, such as 2, or left or right"):
        tracks.written(text)


def test_what_is_written_says_what_to_decode() -> None:
    decoded = [tracks.decoded(track) for track in ("", "1", "3", "left", "right")]

    assert decoded == [Track(), Track(0), Track(2), Track(0, 0), Track(0, 1)]


def test_the_only_stream_there_is_needs_no_name() -> None:
    assert tracks.chosen("1", [INTERPRETER]) == tracks.chosen("", [INTERPRETER]) == ""
    assert tracks.chosen("1", [FLOOR, INTERPRETER]) == "1"


@pytest.mark.parametrize(
    ("track", "streams", "sentence"),
    [
        ("7", [FLOOR, INTERPRETER], "has no audio stream 7. It has: audio stream 1 (English, "),
        ("left", [INTERPRETER], "has no left channel. It has: audio stream 2 (French, "),
        ("right", [AudioStream(0, "aac", 48_000, 6)], "has no right channel"),
        ("1", [], "has no audio stream 1. It has: no sound at all"),
    ],
)
def test_a_track_that_is_not_there_is_refused_with_what_there_is(
    track: str, streams: list[AudioStream], sentence: str
) -> None:
    with pytest.raises(NoSuchTrack) as error:
        tracks.chosen(track, streams)

    assert sentence in str(error.value)


def test_each_sound_is_called_by_what_the_file_says_of_it() -> None:
    names = {each.track: each.name for each in tracks.choices([FLOOR, INTERPRETER])}

    assert names == {
        "1": "audio stream 1 (English, “Floor”, AAC, 48 kHz stereo)",
        "2": "audio stream 2 (French, pcm_s16le, 44.1 kHz mono)",
        "left": "left channel of audio stream 1",
        "right": "right channel of audio stream 1",
    }


def test_levels_and_peaks_are_told_with_the_sounds_that_they_are_of() -> None:
    found = tracks.choices([FLOOR, INTERPRETER], levels={1: -20.5}, peaks=(-3.0, None))

    assert [each.level_dbfs for each in found] == [None, -20.5, -3.0, None]
    assert [Choice.from_json(each.to_json()) for each in found] == list(found)


@pytest.mark.parametrize(
    ("levels", "loudest"),
    [
        ({0: -30.0, 1: -20.0, 2: -25.0}, 1),
        ({0: -20.5, 1: -20.0}, 0),  # copies of one sound
        ({1: -60.0}, 1),
        ({}, 0),
    ],
)
def test_the_loudest_is_proposed_and_of_about_equal_ones_the_first(
    levels: dict[int, float], loudest: int
) -> None:
    assert tracks.loudest(range(3), levels) == loudest
    streams = [AudioStream(position, "aac", 48_000, 1) for position in range(3)]
    proposed = tracks.proposed(tracks.choices(streams, levels=levels))
    assert proposed is not None and proposed.track == str(loudest + 1)


def test_of_one_stream_none_is_proposed() -> None:
    assert tracks.proposed(tracks.choices([FLOOR])) is None


@given(st.text(max_size=200))
def test_what_a_file_says_of_itself_is_a_short_line(text: str) -> None:
    shown = tracks.tag(text)

    assert len(shown) <= 40
    assert shown == "" or shown.isprintable()
