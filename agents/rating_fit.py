"""Ratings of a whole table of results at once: the Bradley-Terry model (Bradley and Terry 1952), a draw as half a win.

Rated match by match, as Elo and Weng-Lin do, a player that is far from where it started overshoots, and the order of the
matches stays in the result. The most probable ratings of all results together depend on nothing but their sums.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SCALE = 400 / math.log(10)  # points in which the odds grow by e: 400 points are ten to one
ZERO = 1500.0  # points of a title's hardest bot, and the middle of what is thought of a player before its first match
DOUBT = 800.0  # the standard deviation of that thought, which keeps who wins every match at finite points
STEPS, LONGEST_STEP, CLOSE = 500, 200.0, 1e-7  # of Newton's method, in points


def fit(points: Floats, matches: Floats, fixed: Floats) -> tuple[Floats, Floats]:
    """The most probable ratings and their standard deviations (Laplace's approximation), both (n,), in points.

    points (n, n) is what row i got out of its matches against column j, matches (n, n) their number; fixed (n,) are the
    ratings that are known and stay, NaN where one is looked for.

    >>> won = np.array([[0.0, 100.0], [10.0, 0.0]])
    >>> ratings, deviations = fit(won, won + won.T, np.array([np.nan, 1500.0]))
    >>> ratings.round().tolist(), deviations.round().tolist()
    ([1898.0, 1500.0], [57.0, 0.0])
    """
    free = np.flatnonzero(np.isnan(fixed))
    ratings, deviations = np.where(np.isnan(fixed), ZERO, fixed), np.zeros(len(fixed))
    if not len(free):
        return ratings, deviations
    for _ in range(STEPS):
        slope, curvature = _slope(ratings, points, matches)
        slope = slope[free] - (ratings[free] - ZERO) / DOUBT**2
        information = curvature[np.ix_(free, free)] + np.eye(len(free)) / DOUBT**2
        step = np.linalg.solve(information, slope)
        longest = float(np.abs(step).max())
        ratings[free] += step * min(1.0, LONGEST_STEP / max(longest, CLOSE))
        if longest < CLOSE:
            break
    deviations[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return ratings, deviations


def _slope(ratings: Floats, points: Floats, matches: Floats) -> tuple[Floats, Floats]:
    """Of the log-likelihood: its slope (n,), and how it curves, negated, (n, n)."""
    chances = 1.0 / (1.0 + 10.0 ** ((ratings[None, :] - ratings[:, None]) / 400))
    slope = (points - matches * chances).sum(axis=1) / SCALE
    weights = matches * chances * (1.0 - chances) / SCALE**2
    return slope, np.diag(weights.sum(axis=1)) - weights
