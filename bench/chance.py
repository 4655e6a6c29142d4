"""How far a figure may be chance: what it might have been had other sentences been said.

Blocks of neighbouring words are drawn anew, as many as there are, all runs on the same ones (the
paired bootstrap of Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance
evaluation", ICASSP 2004). Figures of plays of one recording are means: its words are said once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_WORDS = 20
# About a sentence: errors of neighbours come together.
DRAWS = 10_000
SEED = 1

Columns = NDArray[np.float64]
# Sums of what is counted at words, in the last axis what they are sums of.


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and between what it lies in 95 of 100 draws."""

    value: float
    low: float
    high: float


def estimate(counted: Columns, figure: Callable[[Columns], Columns]) -> Estimate:
    """Return *figure* of the sums of *counted* (words × columns), and how far it may be chance."""
    starts = np.arange(0, len(counted), BLOCK_WORDS)
    blocks = np.add.reduceat(counted, starts, axis=0)
    drawn = np.random.default_rng(SEED).integers(len(blocks), size=(DRAWS, len(blocks)))
    low, high = np.quantile(figure(blocks[drawn].sum(axis=1)), (0.025, 0.975))
    return Estimate(float(figure(counted.sum(axis=0))), float(low), float(high))


def points_between(counted: Columns) -> Columns:
    """Return by how many points the first column's rate is above the second's; the third: words."""
    return 100 * (counted[..., 0] - counted[..., 1]) / counted[..., 2]


def points_near(counted: Columns) -> Columns:
    """Return by how many points errors in words (first, second column) are above those elsewhere.

    The third and fourth column count elsewhere.
    """
    return 100 * (counted[..., 0] / counted[..., 1] - counted[..., 2] / counted[..., 3])
