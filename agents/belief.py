"""What is believed of a person's rating, on a grid: a Bayesian filter over results, margins, and a person who improves.

How a match went is a difference of two performances (Thurstone 1927): margin / scale is normal, of deviation 1, around the
difference of the ratings; the chance that it is above 0 is Elo's curve. The scale of a title's margins is unknown, and so is
how fast this person improves: both are part of the grid, and what is believed of the rating is the sum over them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .rating_fit import SCALE
from .ratings import Rating

Floats = NDArray[np.float64]

CELLS = 121  # of the grid of ratings
BEYOND = 250.0  # points by which the grid is wider than the ladder, on either side, at least
PACES = np.array([0.0, 5.0, 10.0])  # points that a person gains from match to match
USUAL = np.array([0.8, 0.1, 0.1])  # how many people are thought to gain so much
FICKLE = 1 / 40  # of the people change their pace between two matches: who has learnt it all stays where they are
UNREST = 15.0  # points: deviation of what else changes from match to match
SCALES = np.geomspace(0.45, 1.6, 6)  # of margins, in root mean squares of those seen
MARGIN_COUNTS = 0.75  # the margin's share of a match's evidence; the rest is that of winning or losing alone
PROBIT = SCALE * 1.702  # points: a normal curve of this deviation is Elo's, to within a hundredth


class Belief:
    """A person who may be anywhere on a ladder from `low` to `high` points, or a little beyond, match by match."""

    def __init__(self, low: float, high: float) -> None:
        beyond = max(BEYOND, (high - low) / 5)
        self._ratings = np.linspace(low - beyond, high + beyond, CELLS)
        outside = np.maximum(np.maximum(low - self._ratings, self._ratings - high), 0.0)
        prior = np.exp(-0.5 * (outside / (beyond / 2)) ** 2)
        self._chances: Floats = USUAL[:, None, None] * np.ones((len(SCALES), 1)) * prior  # (paces, scales, ratings)
        self._chances /= self._chances.sum()
        self._moves = np.stack([_move(self._ratings, pace) for pace in PACES])
        self._squares, self._margins = 0.0, 0

    @property
    def rating(self) -> Rating:
        """The mean and the deviation."""
        chances = self._chances.sum(axis=(0, 1))
        mean = float(chances @ self._ratings)
        return Rating(mean, math.sqrt(max(float(chances @ (self._ratings - mean) ** 2), 1.0)))

    def add(self, opponent: float, points: float, margin: float = 0.0) -> None:
        """A match against an opponent of this rating: 1 for a win, 0.5 for a draw, 0 for a loss, and by how much.

        The margin is in the title's own scores, 0 where it is not known. Raises UserError for what cannot be.
        """
        check_result(opponent, points, margin)
        ahead = (self._ratings - opponent) / SCALE
        told = -points * np.logaddexp(0.0, -ahead) - (1.0 - points) * np.logaddexp(0.0, ahead)
        evidence = np.broadcast_to(told, (len(SCALES), CELLS))
        if margin or (points == 0.5 and self._margins):
            evidence = (1.0 - MARGIN_COUNTS) * evidence + MARGIN_COUNTS * self._of_margin(margin, opponent)
        chances = self._chances * np.exp(evidence - evidence.max())
        self._chances = self._later(chances / chances.sum())

    def _of_margin(self, margin: float, opponent: float) -> Floats:
        """(scales, ratings) log-likelihoods."""
        self._squares, self._margins = self._squares + margin * margin, self._margins + 1
        scales = SCALES[:, None] * math.sqrt(self._squares / self._margins)
        off = margin / scales - (self._ratings - opponent) / PROBIT
        return np.asarray(-0.5 * off * off - np.log(scales))

    def _later(self, chances: Floats) -> Floats:
        """The same person one match later."""
        moved = np.matmul(chances, self._moves)
        return (1.0 - FICKLE) * moved + FICKLE * USUAL[:, None, None] * moved.sum(axis=0)


def _move(ratings: Floats, pace: float) -> Floats:
    """(from, to): where a person of each rating is one match later; the ends of the grid hold who would leave it."""
    step = np.exp(-0.5 * ((ratings[None, :] - ratings[:, None] - pace) / UNREST) ** 2)
    return np.asarray(step / step.sum(axis=1, keepdims=True))


def check_result(opponent: float, points: float, margin: float) -> None:
    """Raises UserError where a match cannot have gone so."""
    if points not in (0, 0.5, 1):
        raise UserError(f"a match is worth 1, 0.5 or 0 points; got {points}.")
    if not (math.isfinite(opponent) and math.isfinite(margin)):
        raise UserError(f"an opponent's rating and a margin are numbers; got {opponent} and {margin}.")
    if margin and (points == 0.5 or (margin > 0) != (points == 1)):
        raise UserError(f"who has {points} points cannot have a margin of {margin:g}; give own score minus theirs.")
