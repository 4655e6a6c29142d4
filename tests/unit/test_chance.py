"""How far a figure of the bench may be chance."""

import numpy as np

from bench.chance import BLOCK_WORDS, estimate, points_between, points_near

WORDS = 50 * BLOCK_WORDS


def compared(ours: list[int], theirs: list[int]) -> np.ndarray:
    """Return what is counted of two runs of which each errs at these words."""
    counted = np.zeros((WORDS, 3))
    counted[ours, 0] = counted[theirs, 1] = counted[:, 2] = 1
    return counted


def test_runs_with_the_same_errors_surely_do_not_differ() -> None:
    found = estimate(compared([3, 70], [3, 70]), points_between)

    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_difference_in_every_sentence_is_no_chance() -> None:
    found = estimate(compared(list(range(0, WORDS, BLOCK_WORDS)), []), points_between)

    assert found.value == found.low == found.high == 100 / BLOCK_WORDS


def test_a_difference_of_a_few_words_may_be_chance() -> None:
    found = estimate(compared([10, 400], [900]), points_between)

    assert found.value == 100 / WORDS
    assert found.low < 0 < found.value < found.high


def test_errors_near_are_measured_against_the_words_there() -> None:
    counted = np.zeros((WORDS, 4))
    counted[:, 1] = np.arange(WORDS) % 10 == 0
    counted[:, 3] = 1 - counted[:, 1]
    counted[:, 0] = np.arange(WORDS) % BLOCK_WORDS == 0

    found = estimate(counted, points_near)

    assert found.value == found.low == found.high == 50
