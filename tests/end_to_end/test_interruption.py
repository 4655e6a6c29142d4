from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import Cut, Served
from tests.end_to_end.world import Command, World, all_end, wait_until
from tests.fake_api import FakeApi

pytestmark = pytest.mark.processes

AS_JSON = ("--format", "json", "--chunk-seconds", "10")


@pytest.fixture(scope="module")
def undisturbed(shared: Served, cut: Cut) -> list[str]:
    """Give the words of a run that nobody disturbed, in a world of its own."""
    done = shared.world.transcribe(cut(seconds=60), *AS_JSON)
    assert done.code == 0, done.err
    return done.words


def begun(world: World, api: FakeApi, cut: Cut, *, finished: int = 2) -> Command:
    """Start the command and return it when so many chunks are done and the others are held."""
    api.hold(after=finished)
    command = world.start("transcribe_hearing", str(cut(seconds=60)), *AS_JSON)
    api.wait_for(finished + 3)
    wait_until(lambda: world.chunks_done() == finished)
    return command


def kill_the_command(command: Command) -> None:
    command.kill()


def kill_all_workers_first(command: Command) -> None:
    _, *workers = command.family()
    for process in workers:
        process.kill()
    command.kill()


@pytest.mark.parametrize("kill", [kill_the_command, kill_all_workers_first])
def test_killed_in_the_middle_the_same_command_goes_on(
    world: World, api: FakeApi, cut: Cut, undisturbed: list[str], kill: Callable[[Command], None]
) -> None:
    with begun(world, api, cut) as command:
        family = command.family()
        kill(command)
        assert all_end(family)
    finished = api.heard[:2]
    api.let_go()

    done = world.transcribe(cut(seconds=60), *AS_JSON)

    assert done.code == 0, done.err
    assert done.words == undisturbed
    assert [api.heard.count(sha256) for sha256 in finished] == [1, 1]
    assert world.count("hearings_hearing") == world.count("transcription_run") == 1
    assert world.count("transcription_attempt", "status = 'lost'") == 3


def test_with_its_cluster_killed_the_command_starts_another(
    world: World, api: FakeApi, cut: Cut, undisturbed: list[str]
) -> None:
    with begun(world, api, cut) as command:
        _, *workers = command.family()
        for process in workers:
            process.kill()
        assert all_end(workers)
        api.let_go()
        done = command.finished()

    assert done.code == 0, done.err
    assert done.words == undisturbed


def test_ctrl_c_lets_the_calls_under_way_end_and_the_same_command_goes_on(
    world: World, api: FakeApi, cut: Cut, undisturbed: list[str]
) -> None:
    with begun(world, api, cut) as command:
        family = command.family()
        command.interrupt()
        command.wait_for_message("Stopping after the chunks under way")
        api.let_go()
        stopped = command.finished()
        assert all_end(family)

    assert stopped.code == 130
    assert stopped.out == ""
    assert "The same command goes on" in stopped.err
    assert world.chunks_done() == len(api.heard)
    done = world.transcribe(cut(seconds=60), *AS_JSON)
    assert done.code == 0, done.err
    assert done.words == undisturbed
    assert len(api.heard) == len(set(api.heard))


def test_ctrl_c_twice_stops_at_once_without_a_traceback(
    world: World, api: FakeApi, cut: Cut
) -> None:
    with begun(world, api, cut) as command:
        family = command.family()
        command.interrupt()
        command.wait_for_message("Stopping after the chunks under way")
        command.interrupt()
        stopped = command.finished()
        assert all_end(family)

    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    assert world.chunks_done() == 2


def test_where_a_cluster_lives_ctrl_c_only_detaches(
    world: World, api: FakeApi, cut: Cut, undisturbed: list[str]
) -> None:
    with world.workers():
        with begun(world, api, cut) as command:
            assert len(command.family()) == 1
            command.interrupt()
            detached = command.finished()
        assert detached.code == 130
        assert "Detached" in detached.err
        assert "cancel" in detached.err
        api.let_go()
        wait_until(lambda: world.count("transcription_run", "status = 'complete'") == 1)
        done = world.transcribe(cut(seconds=60), *AS_JSON)

    assert done.code == 0, done.err
    assert done.words == undisturbed
    assert len(api.heard) == len(set(api.heard))


def test_two_clusters_at_work_on_two_hearings_keep_the_limit(
    world: World, api: FakeApi, cut: Cut
) -> None:
    api.delay_seconds = 0.1
    api.hold()
    limit = {"MAX_CONCURRENT_CHUNKS": "2"}
    with world.workers(**limit), world.workers(**limit):
        first = world.start("transcribe_hearing", str(cut(seconds=60)), *AS_JSON, **limit)
        second = world.start(
            "transcribe_hearing", str(cut(start=60, seconds=60)), *AS_JSON, **limit
        )
        with first, second:
            api.wait_for(2)
            api.let_go()
            ends = [first.finished(), second.finished()]

    assert [end.code for end in ends] == [0, 0], [end.err for end in ends]
    assert api.most_at_once == 2
    assert len(api.heard) == len(set(api.heard)) == world.count("transcription_chunk")
