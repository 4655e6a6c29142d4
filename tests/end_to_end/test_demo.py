"""``manage.py demo``: what a newcomer runs first."""

from pathlib import Path

import pytest

from tests.end_to_end.world import World, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.model]


def test_the_sample_is_heard_with_its_witnesses_known_and_a_second_demo_hears_nothing_anew(
    world: World, model: Path
) -> None:
    """Whatever became of the first that was begun."""
    with world.start("demo", WHISPER_MODEL=str(model)) as command:
        wait_until(lambda: world.count("transcription_run") == 1)
        command.kill()
    ends = []
    for _ in range(2):
        with world.start("demo", WHISPER_MODEL=str(model)) as command:
            ends.append(command.finished(within_seconds=300))

    assert [end.code for end in ends] == [0, 0], [end.err for end in ends]
    assert all("Word error rate" in end.out for end in ends)
    assert "No witness is listed" not in ends[0].err
    assert world.count("hearings_witness") == 2
    assert world.count("hearings_hearing", "is_published and description <> ''") == 1
    assert world.count("transcription_run", "status = 'complete'") == 1
    missing = "code = 'witnesses_missing'"
    assert world.count("hearings_validationfinding", missing) == 0
    assert world.count("transcription_acceptedfinding", missing) == 0
