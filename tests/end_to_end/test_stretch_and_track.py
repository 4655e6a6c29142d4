"""The command with a stretch and a track: real files, processes, and a server."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Cut, Served, ffmpeg
from tests.end_to_end.test_transcribe_hearing import assert_keeps_the_contract
from tests.sound import SAMPLE

pytestmark = pytest.mark.processes
AS_JSON = ("--format", "json")


@pytest.fixture(scope="module")
def floor_and_interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_streams(tmp_path_factory.mktemp("tracks"), seconds=20)


def two_streams(folder: Path, *, seconds: int) -> Path:
    """Give a file of two streams: the sample's start, softer, and a later part of it."""
    path = folder / "hearing.mka"
    parts = [("-ss", str(start), "-t", str(seconds), "-i", str(SAMPLE)) for start in (5, 120)]
    maps = ("-map", "0", "-map", "1", "-filter:a:0", "volume=-12dB", "-c:a", "flac")
    ffmpeg(*parts[0], *parts[1], *maps, str(path))
    return path


def test_a_stretch_is_complete_and_goes_on_with_its_run(served: Served, cut: Cut) -> None:
    stretch = ("--from", "0:20", "--to", "40")
    done = served.world.transcribe(cut(start=30, seconds=60), *stretch, *AS_JSON)
    before = len(served.api.arrivals)
    again = served.world.transcribe(cut(start=30, seconds=60), *stretch, *AS_JSON)

    assert done.code == again.code == 0, done.err
    assert_keeps_the_contract(done.transcript)
    run = done.transcript["run"]
    assert (run["status"], run["from"], run["to"]) == ("complete", 20.0, 40.0)
    assert done.transcript["segments"]
    for segment in done.transcript["segments"]:
        assert 20 <= segment["start"] < segment["end"] <= 40
    missing = done.transcript["coverage"]["missing"]
    assert [(gap["start"], gap["reason"]) for gap in missing] == [
        (0.0, "Not asked for."),
        (40.0, "Not asked for."),
    ]
    assert run["billed_seconds"] <= 20
    assert again.transcript["run"]["id"] == run["id"]
    assert len(served.api.arrivals) == before
    other = served.world.transcribe(cut(start=30, seconds=60), *AS_JSON)
    assert other.transcript["run"]["id"] != run["id"]
    assert other.transcript["run"]["from"] is None


def test_the_loudest_stream_is_heard_and_another_one_where_it_is_asked_for(
    served: Served, tmp_path: Path
) -> None:
    both = two_streams(tmp_path, seconds=21)  # no other test has it filed
    loudest = served.world.transcribe(both, *AS_JSON)
    first = served.world.transcribe(both, "--track", "1", *AS_JSON)
    kept = served.world.transcribe(both, *AS_JSON)
    back = served.world.transcribe(both, "--track", "2", *AS_JSON)

    assert [done.code for done in (loudest, first, kept, back)] == [0, 0, 0, 0], first.err
    assert "The loudest is heard: audio stream 2 (FLAC, " in loudest.err
    assert [done.transcript["run"]["track"] for done in (loudest, first, kept, back)] == [
        *("2", "1", "1", "2")
    ]
    assert loudest.words != first.words == kept.words
    assert back.transcript["run"]["id"] == loudest.transcript["run"]["id"]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (("--track", "7"), "The recording has no audio stream 7. It has: audio stream 1 (FLAC, "),
        (("--track", "middle"), "an audio stream, such as 2, or left or right"),
        (("--track", "left"), "The recording has no left channel."),
        (("--from", "soon"), "write seconds, such as 90, or 1:30, or 0:01:30"),
        (("--from", "10", "--to", "5"), "--to is not after --from."),
        (("--from", "10:00"), "00:10:00 is beyond its end"),
    ],
)
@pytest.mark.parametrize("command", ["transcribe_hearing", "validate_hearing"])
def test_what_is_not_there_is_wrong_usage_with_a_sentence(
    served: Served,
    floor_and_interpreter: Path,
    command: str,
    wish: tuple[str, ...],
    sentence: str,
) -> None:
    with served.world.start(command, str(floor_and_interpreter), *wish) as process:
        done = process.finished()

    assert (done.code, done.out) == (2, "")
    assert sentence in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_before_the_start_the_stretch_and_the_track_are_judged(
    served: Served, floor_and_interpreter: Path
) -> None:
    wishes = ("--track", "1", "--from", "5", "--to", "10")
    with served.world.start("validate_hearing", str(floor_and_interpreter), *wishes) as process:
        done = process.finished()

    assert done.code == 0, done.err
    assert "several sound tracks" not in done.out
    assert "1 chunk, 1 call" in done.out
