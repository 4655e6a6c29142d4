"""Soft sound is raised for the detector, and nothing else is touched."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hearings.levelling import AROUND_WINDOWS, MOST_DB, WANTED_DBFS, Leveller

WINDOW = 512

Windows = NDArray[np.float32]


def windows(count: int, *, dbfs: float) -> Windows:
    """Return noise of that level."""
    noise = np.random.default_rng(count).standard_normal((count, WINDOW)).astype(np.float32)
    noise /= np.sqrt(np.mean(np.square(noise), axis=1, keepdims=True))
    return noise * np.float32(10 ** (dbfs / 20))


def levelled(*pieces: Windows) -> Windows:
    leveller = Leveller()
    given = [leveller.feed(piece) for piece in pieces]
    last = leveller.close()
    assert last is not None
    return np.concatenate([*given, last])


def levels(found: Windows) -> NDArray[np.float32]:
    """Return each window's level in dBFS."""
    power: NDArray[np.float32] = np.mean(np.square(found), axis=1)
    return 10 * np.log10(power)


@pytest.mark.parametrize("dbfs", [-30.0, -22.0, -3.0])
def test_sound_of_a_usual_level_is_not_changed(dbfs: float) -> None:
    sound = windows(200, dbfs=dbfs)

    assert np.array_equal(levelled(sound), sound)


def voiced(count: int, *, dbfs: float, room_dbfs: float = -80.0) -> Windows:
    """Return sound with a pause of half a second in it, after a second of the room."""
    sound = windows(count, dbfs=dbfs)
    pauses = [*range(32), *range(count // 2, count // 2 + 16)]
    sound[pauses] = windows(len(pauses), dbfs=room_dbfs)
    return sound


@pytest.mark.parametrize("dbfs", [-40.0, -50.0, -60.0])
def test_a_soft_voice_becomes_as_loud_as_wanted(dbfs: float) -> None:
    found = levels(levelled(voiced(200, dbfs=dbfs)))

    np.testing.assert_allclose(found[40:90], WANTED_DBFS, atol=0.01)
    np.testing.assert_allclose(found[130:], WANTED_DBFS, atol=0.01)


@pytest.mark.parametrize("dbfs", [-35.0, -50.0, -75.0])
def test_a_room_in_which_nobody_speaks_is_left_as_it_is(dbfs: float) -> None:
    room = windows(2_000, dbfs=dbfs)

    np.testing.assert_allclose(levelled(room), room)


def test_sound_is_never_raised_without_end() -> None:
    found = levels(levelled(voiced(200, dbfs=-90.0, room_dbfs=-110.0)))

    assert found.max() == pytest.approx(MOST_DB - 90, abs=0.01)
    assert not levelled(np.zeros((200, WINDOW), np.float32)).any()


def test_a_softer_voice_is_a_softer_voice_still() -> None:
    before = [-29.0, -31.0, -34.0, -39.0, -41.0, -60.0, -70.0]

    after = [levels(levelled(voiced(200, dbfs=dbfs, room_dbfs=-100.0)))[60] for dbfs in before]

    assert all(b <= a + 0.01 for b, a in zip(before, after, strict=True))
    assert max(after) - WANTED_DBFS < 0.01


def test_who_speaks_softly_after_somebody_loud_is_raised_a_second_later() -> None:
    loud, soft = voiced(100, dbfs=-20.0), windows(100, dbfs=-60.0)

    found = levels(levelled(np.concatenate([loud, soft])))

    np.testing.assert_allclose(found[70:100], -20.0, atol=0.01)
    np.testing.assert_allclose(found[100 : 100 + AROUND_WINDOWS], -60.0, atol=0.01)
    np.testing.assert_allclose(found[100 + AROUND_WINDOWS :], -20.0, atol=0.01)


def test_what_hardly_stands_out_from_the_room_is_hardly_raised() -> None:
    raised = [
        levels(levelled(voiced(200, dbfs=-50.0 + db, room_dbfs=-50.0)))[60] - (-50.0 + db)
        for db in (5.0, 9.0, 14.0)
    ]

    assert raised[0] == pytest.approx(0, abs=0.1)
    assert raised[0] < raised[1] < raised[2]
    assert raised[2] == pytest.approx(WANTED_DBFS - -36.0, abs=5)


@pytest.mark.parametrize("cuts", [[17], [30, 35, 150], [31, 62, 63], list(range(16, 200))])
def test_pieces_give_the_same_as_the_whole(cuts: list[int]) -> None:
    sound = np.concatenate([voiced(120, dbfs=-55.0), windows(80, dbfs=-25.0)])

    np.testing.assert_allclose(levelled(*np.split(sound, cuts)), levelled(sound), rtol=1e-4)


def test_nothing_gives_nothing() -> None:
    assert Leveller().close() is None
