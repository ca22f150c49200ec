"""Points from who beat whom: the maximum-likelihood fit of Bradley and Terry 1952, on Elo's scale (400 points: ten wins to one)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evaluation import Estimate, Z

SCALE = 400.0 / math.log(10.0)  # points of one unit of log-odds
PRIOR = 0.1  # of a win, given to both sides of every pairing: no win rate of 0 or 1 is infinitely far
STEP = 2.0  # log-odds that one iteration moves a player at most


@dataclass(frozen=True)
class Result:
    """`games` matches between two players, of which the first has won `wins`; a draw counts half."""

    one: Hashable
    other: Hashable
    wins: float
    games: int


def fit_points(results: Sequence[Result], fixed: Mapping[Any, float]) -> dict[Any, Estimate]:
    """Points of every player with 95% intervals, those in `fixed` as they are; results are independent, draws half a win.

    >>> fit = fit_points([Result("new", "hard", 1000, 1100)], {"hard": 1500.0})
    >>> round(fit["new"].mean), fit["hard"].low
    (1900, 1500.0)
    """
    players = list(dict.fromkeys([*fixed, *(each.one for each in results), *(each.other for each in results)]))
    place = {player: index for index, player in enumerate(players)}
    one, other = (np.array([place[getattr(each, side)] for each in results], int) for side in ("one", "other"))
    wins = np.array([each.wins for each in results], float) + PRIOR
    games = np.array([each.games for each in results], float) + 2.0 * PRIOR
    strength = np.array([fixed.get(player, np.mean([*fixed.values()])) for player in players]) / SCALE
    free = np.array([player not in fixed for player in players])
    for _ in range(200):
        gradient, information = _slope(strength, one, other, wins, games)
        move = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        strength[free] += np.clip(move, -STEP, STEP)
        if np.abs(move).max(initial=0.0) < 1e-9:
            break
    error = np.zeros(len(players))
    _, information = _slope(strength, one, other, wins, games)
    error[free] = np.sqrt(np.diag(np.linalg.inv(information[np.ix_(free, free)])))
    points, half = strength * SCALE, Z * error * SCALE
    return {
        player: Estimate(float(points[at]), float(points[at] - half[at]), float(points[at] + half[at]))
        for player, at in place.items()
    }


def _slope(
    strength: NDArray[Any], one: NDArray[Any], other: NDArray[Any], wins: NDArray[Any], games: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Gradient (players,) and Fisher information (players, players) of the log-likelihood."""
    rate = 1.0 / (1.0 + np.exp(strength[other] - strength[one]))
    gradient, information = np.zeros(len(strength)), 1e-9 * np.eye(len(strength))
    np.add.at(gradient, one, wins - games * rate)
    np.add.at(gradient, other, games * rate - wins)
    weight = games * rate * (1.0 - rate)
    for a, b, sign in ((one, one, 1.0), (other, other, 1.0), (one, other, -1.0), (other, one, -1.0)):
        np.add.at(information, (a, b), sign * weight)
    return gradient, information


def falling(values: Sequence[float]) -> list[float]:
    """The nearest values that never rise: neighbours that do are pooled (Ayer et al. 1955).

    >>> falling([3.0, 1.0, 2.0, 0.0])
    [3.0, 1.5, 1.5, 0.0]
    """
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-1][0] > pools[-2][0]:
            (late, late_count), (early, early_count) = pools.pop(), pools.pop()
            count = early_count + late_count
            pools.append(((early * early_count + late * late_count) / count, count))
    return [value for value, count in pools for _ in range(count)]
