"""What ffmpeg's lines mean, in the words of several of its versions."""

import pytest

from hearings.complaints import Complaints
from hearings.spans import Span

RATE = (
    "[Parsed_aresample_0 @ 0x5] ch:2 chl:stereo fmt:fltp r:48000Hz -> ch:1 chl:mono fmt:s16 r:1Hz"
)
SILENCE = "[Parsed_aresample_0 @ 0x5] [SWR @ 0x6] adding {} audio samples of silence"
DROP = "[Parsed_aresample_0 @ 0x5] [SWR @ 0x6] discarding {} audio samples"


def after(*notes: tuple[int, str]) -> Complaints:
    """Return what is known after these lines, each with its position in milliseconds."""
    complaints = Complaints()
    complaints.note(RATE, position_ms=0)
    for position_ms, line in notes:
        complaints.note(line, position_ms=position_ms)
    return complaints


@pytest.mark.parametrize(
    "line",
    [
        "Error while decoding stream #0:0: Invalid data found when processing input",
        "[aist#0:0/mp3 @ 0x5] [dec:mp3 @ 0x6] Error submitting packet to decoder: Invalid data",
        "[ogg @ 0x56507047a980] CRC mismatch!",
        "[matroska,webm @ 0x5] File ended prematurely",
        "[matroska,webm @ 0x5] 0x00 at pos 338 (0x52) invalid as first byte of an EBML number",
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5] stream 0, offset 0x30: partial file",
        "[mpegts @ 0x5] Packet corrupt (stream = 0, dts = 900).",
    ],
)
def test_a_complaint_spoils_the_sound_about_it(line: str) -> None:
    assert after((5_000, line)).damage == (Span(5_000, 5_500),)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[mp3 @ 0x55] Estimating duration from bitrate, this may be inaccurate",
        "[mp3 @ 0x55] Skipping 0 bytes of junk at 253.",
        "    title           : Error while decoding stream #0:0",
        "                    : [x @ 0] [SWR @ 0] adding 99999999 audio samples of silence",
        "No more output streams to write to, finishing.",
    ],
)
def test_what_is_no_complaint_about_the_sound_is_passed_over(line: str) -> None:
    assert after((5_000, line)).damage == ()


def test_complaints_close_together_are_one_stretch() -> None:
    line = "Error while decoding stream #0:0: Invalid data found when processing input"

    damage = after((5_000, line), (6_000, line), (9_000, line)).damage

    assert damage == (Span(5_000, 6_500), Span(9_000, 9_500))


def test_a_gap_told_in_pieces_has_the_length_of_them_all() -> None:
    damage = after((30_000, SILENCE.format(48_000)), (30_000, SILENCE.format(96_000))).damage

    assert damage == (Span(30_000, 33_000),)


def test_gaps_apart_are_two() -> None:
    damage = after((10_000, SILENCE.format(96_000)), (50_000, SILENCE.format(48_000))).damage

    assert damage == (Span(10_000, 12_000), Span(50_000, 51_000))


def test_a_gap_too_short_to_lack_a_word_is_none() -> None:
    assert after((10_000, SILENCE.format(24_000))).damage == ()


def test_sound_that_starts_late_lacks_nothing() -> None:
    assert after((0, SILENCE.format(480_000))).damage == ()


def test_sound_dropped_at_one_place_means_that_time_runs_backwards() -> None:
    assert after(*[(10_000, DROP.format(640))] * 20).runs_backwards


def test_sound_dropped_here_and_there_keeps_a_trembling_clock_in_step() -> None:
    assert not after(*[(at * 5_000, DROP.format(640)) for at in range(20)]).runs_backwards


def test_a_track_that_is_not_there_is_noted() -> None:
    line = "Stream map '0:a:4' matches no streams."

    assert after((0, line)).no_such_track


def test_a_decoder_that_gave_up_spoiled_the_end() -> None:
    complaints = after()
    complaints.note_end(position_ms=9_000)

    assert complaints.damage == (Span(8_500, 9_000),)


def test_endless_damage_is_kept_in_bounded_memory() -> None:
    line = "Error while decoding stream #0:0: Invalid data found when processing input"

    damage = after(*[(at * 10_000, line) for at in range(5_000)]).damage

    assert len(damage) == 1_000


def test_the_loudest_moment_of_each_channel_is_read_as_it_was_told() -> None:
    told = "[Parsed_astats_0 @ 0x5] "
    lines = ("Channel: 1", "Peak level dB: -5.223312", "Channel: 2", "Peak level dB: -inf")
    again = ("Channel: 1", "Peak level dB: -7.100000")

    complaints = after(*((9_000, told + line) for line in (*lines, *again)))

    assert complaints.channel_peaks_dbfs == (-5.223312, None)
    assert complaints.damage == ()
