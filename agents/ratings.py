"""Ratings: how strong whoever plays a title is, in points as in chess (Elo 1978): 400 points more are ten-to-one odds.

`Ratings` rates the members of a group from the sums of their results, anchored on players whose points never move (see
`agents.anchors`). `update` rates a person, whose skill changes while one looks on, match by match from two numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UserError, missing_extra
from .rating_fit import DOUBT, SCALE, ZERO, fit

Z = 1.959964  # the normal distribution's middle 95%
CERTAIN = 1e-3  # points: the deviation of an opponent who is known


@dataclass(frozen=True)
class Rating:
    """Points, and their standard deviation."""

    points: float
    deviation: float = 0.0

    @property
    def low(self) -> float:
        """The lower end of the 95% interval."""
        return self.points - Z * self.deviation

    @property
    def high(self) -> float:
        return self.points + Z * self.deviation


UNKNOWN = Rating(ZERO, DOUBT)  # who has not played yet
NEWCOMER = Rating(ZERO, 300.0)  # where a person starts: from a wider one, `update` overshoots


def expected(one: Rating, other: Rating) -> float:
    """How much `one` gets out of a match on average: its chance to win, and half of that of a draw.

    >>> round(expected(Rating(1900), Rating(1500)), 3), expected(Rating(1500), Rating(1500))
    (0.909, 0.5)
    """
    return 1.0 / (1.0 + 10.0 ** ((other.points - one.points) / 400))


class Ratings:
    """The ratings of named members, from the results of their matches against each other and against anchors.

    An anchor keeps its points whatever it plays. The order in which results come makes no difference.
    """

    def __init__(self, anchors: Mapping[str, Rating]) -> None:
        self.anchors = dict(anchors)
        self._sums: dict[
            tuple[str, str], tuple[float, float]
        ] = {}  # pair in order of names: matches, points of the first
        self._fitted: dict[str, Rating] | None = None

    def record(self, member: str, opponent: str, points: ArrayLike) -> None:
        """Adds what each of some matches, (n,) or one, was worth to `member`: 1 a win, one half a draw, 0 a loss."""
        values = np.atleast_1d(np.asarray(points, float))
        if not np.isin(values, (0.0, 0.5, 1.0)).all():
            raise UserError(f"a match is worth 1, 0.5 or 0 points; got {values[~np.isin(values, (0.0, 0.5, 1.0))][0]}.")
        self.record_sum(member, opponent, len(values), float(values.sum()))

    def record_sum(self, member: str, opponent: str, matches: float, points: float) -> None:
        """As `record`, where it is known what so many matches were worth together."""
        if member == opponent:
            raise UserError(f"{member} cannot be rated by matches against itself; give the two names of their own.")
        pair = min(member, opponent), max(member, opponent)
        before, won = self._sums.get(pair, (0.0, 0.0))
        won += points if member < opponent else matches - points
        self._sums[pair], self._fitted = (before + matches, won), None

    def forget(self, member: str, keep: float = 0.0) -> None:
        """For a member that has changed, as a learner does: its results so far count for a share of what they did."""
        if not 0.0 <= keep <= 1.0:
            raise UserError(f"the share to keep is 0 to 1; got {keep}.")
        faded = {pair: (keep * n, keep * won) if member in pair else (n, won) for pair, (n, won) in self._sums.items()}
        self._sums, self._fitted = {pair: sums for pair, sums in faded.items() if sums[0] > 0.0}, None

    def rating(self, name: str) -> Rating:
        """Of a member or an anchor; `UNKNOWN` for who has not played."""
        return self._ratings().get(name, UNKNOWN)

    def table(self) -> dict[str, Rating]:
        """Everybody, best first."""
        return dict(sorted(self._ratings().items(), key=lambda item: (-item[1].points, item[0])))

    def _ratings(self) -> dict[str, Rating]:
        if self._fitted is None:
            self._fitted = self._fit()
        return self._fitted

    def _fit(self) -> dict[str, Rating]:
        names = sorted({*self.anchors, *(name for pair in self._sums for name in pair)})
        places = {name: place for place, name in enumerate(names)}
        points, matches = np.zeros((2, len(names), len(names)))
        for (one, other), (number, won) in sorted(self._sums.items()):
            i, j = places[one], places[other]
            points[i, j], points[j, i], matches[i, j], matches[j, i] = won, number - won, number, number
        fixed = np.array([self.anchors[name].points if name in self.anchors else np.nan for name in names])
        found = {
            name: Rating(*map(float, pair)) for name, *pair in zip(names, *fit(points, matches, fixed), strict=True)
        }
        return found | self.anchors

    def state(self) -> dict[str, Any]:
        """Plain numbers and names, for a checkpoint: [points, deviation] of each anchor; [one, other, matches, points of one]."""
        anchors = {name: [each.points, each.deviation] for name, each in self.anchors.items()}
        return {"anchors": anchors, "results": [[*pair, *sums] for pair, sums in sorted(self._sums.items())]}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint, on the anchors that it had."""
        self.anchors = {name: Rating(*pair) for name, pair in state["anchors"].items()}
        self._sums = {(one, other): (float(n), float(won)) for one, other, n, won in state["results"]}
        self._fitted = None


def update(rating: Rating, results: Iterable[tuple[Rating, float]], *, drift: float = 0.0) -> Rating:
    """A player's rating after some matches: (the opponent, 1 for a win, 0.5 for a draw, 0 for a loss) each.

    Weng and Lin 2011, algorithm 1 (Bradley-Terry), whose chance to win is Elo's own curve. `drift`: points by which skill
    may change from match to match. The opponents stay as they are. Matches of one call are taken in an order of their own,
    so theirs does not matter. UserError: openskill is missing, or points are none of these.
    """
    model = _model(drift)
    found = model.rating(mu=rating.points, sigma=max(rating.deviation, CERTAIN))
    for opponent, points in _mixed(results):
        if points not in (0.0, 0.5, 1.0):
            raise UserError(f"a match is worth 1, 0.5 or 0 points; got {points}.")
        other = model.rating(mu=opponent.points, sigma=max(opponent.deviation, CERTAIN))
        (found,), _ = model.rate([[found], [other]], ranks=[1.0 - points, points])
    return Rating(float(found.mu), float(found.sigma))


def _mixed(results: Iterable[tuple[Rating, float]]) -> list[tuple[Rating, float]]:
    """The same results in an order that depends on what they are alone, wins and losses well mixed."""
    ordered = sorted(results, key=lambda result: (result[0].points, result[0].deviation, result[1]))
    return [ordered[place] for place in np.random.default_rng(0).permutation(len(ordered))]


def _model(drift: float) -> Any:
    try:
        from openskill.models import BradleyTerryFull
    except ModuleNotFoundError as error:
        raise missing_extra("openskill", "play") from error
    return BradleyTerryFull(mu=ZERO, sigma=NEWCOMER.deviation, beta=SCALE / math.sqrt(2), kappa=1e-6, tau=drift)
