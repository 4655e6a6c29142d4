"""Landmarks: whether a jump gives the sound that was met there."""

import numpy as np
import pytest

from hearings.seeking import Landmark, Landmarks, lands
from hearings.spans import Span

PAGE = 320_000
RNG = np.random.default_rng(5)


def noise(samples: int, *, loudness: float = 3_000) -> np.ndarray:
    return (RNG.standard_normal(samples) * loudness).astype(np.int16)


@pytest.mark.parametrize(
    ("shift", "found"), [(0, True), (16, True), (-400, True), (700, True), (2_000, False)]
)
def test_a_second_is_known_again_a_few_milliseconds_off(shift: int, found: bool) -> None:
    sound = noise(48_000)
    mark = Landmark(1_000, sound[16_000:32_000])

    assert mark.is_in(sound[16_000 + shift : 32_000 + shift]) is found


def test_it_is_known_again_through_a_lossy_codec() -> None:
    sound = noise(16_000)
    assert Landmark(0, sound).is_in(sound + noise(16_000, loudness=1_500))


@pytest.mark.parametrize("other", [noise(16_000), np.zeros(16_000, np.int16), noise(0)])
def test_another_sound_or_none_is_not_taken_for_it(other: np.ndarray) -> None:
    assert not Landmark(0, noise(16_000)).is_in(other)


def test_landmarks_of_a_long_recording_are_few_spread_and_reach_its_end() -> None:
    landmarks, page = Landmarks(), noise(PAGE)
    for index in range(2_160):
        landmarks.feed(page, index * 20_000)

    chosen = landmarks.chosen(())

    assert len(landmarks._kept) <= 16
    assert len(chosen) == 3
    assert chosen[0].start_ms > 40_000_000
    assert chosen[-1].start_ms < 20_000_000


def test_the_loudest_second_of_a_page_is_kept() -> None:
    landmarks, page = Landmarks(), noise(PAGE, loudness=100)
    page[7 * 16_000 : 8 * 16_000] = noise(16_000)

    landmarks.feed(page, 40_000)

    assert [mark.span for mark in landmarks.chosen(())] == [Span(47_000, 48_000)]


@pytest.mark.parametrize("page", [np.zeros(PAGE, np.int16), noise(15_999)])
def test_silence_and_less_than_a_second_are_no_landmark(page: np.ndarray) -> None:
    landmarks = Landmarks()
    landmarks.feed(page, 0)
    assert landmarks.chosen(()) == ()


def test_nothing_is_compared_near_damage() -> None:
    landmarks = Landmarks()
    for index in range(4):
        landmarks.feed(noise(PAGE), index * 20_000)

    assert landmarks.chosen([Span(0, 80_000)]) == ()


def test_one_landmark_missed_is_enough() -> None:
    sound = noise(48_000)
    marks = [Landmark(at, sound[at * 16 :][:16_000]) for at in (0, 1_000, 2_000)]

    def jump(span: Span) -> bytes:
        return sound[span.start_ms * 16 : span.end_ms * 16].tobytes()

    assert lands(marks, jump)
    assert not lands(marks, lambda span: jump(span) if span.start_ms else b"")
