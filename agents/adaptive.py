"""An opponent that adapts: rates the person who plays, and sets a policy's ladder so that they win as often as is wished.

    rival = Adaptive(ladder_of(npc.policy))       # or Adaptive(..., win_chance=0.6, results=remembered)
    npc = npc.at_rating(rival.opponent)
    ...                                           # a match is played
    rival.record(points=1, margin=3)              # the person has won it by 3
    npc = npc.at_rating(rival.opponent)           # whom they meet next

Needs NumPy alone. The strength changes between matches, never within one, and in steps that nobody sees: see `Adaptive.opponent`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UserError
from .belief import Belief, check_result
from .ladder import Ladder, Level
from .rating_fit import SCALE
from .ratings import Rating

WIN_CHANCES = (0.05, 0.95)  # what may be wished for
LONGEST_STEP = 1 / 6  # of the ladder, from one match to the next
SHORTEST_STEP = 30.0  # points: so far it may always go


@dataclass(frozen=True)
class Result:
    """A match of the person: the opponent's rating, 1, 0.5 or 0 for a win, a draw or a loss, and own score minus theirs.

    A margin of 0 in a match that was won or lost is one that is not known. Raises UserError for what cannot be.
    """

    opponent: float
    points: float
    margin: float = 0.0

    def __post_init__(self) -> None:
        check_result(self.opponent, self.points, self.margin)


class Adaptive:
    """Whom a person meets next, on one ladder. `results` are earlier matches, in order; without any, the middle of the ladder.

    Raises UserError: the ladder's ratings are mean scores, of a title that is played alone, or no such chance can be wished for.
    """

    def __init__(self, ladder: Ladder, *, win_chance: float = 0.5, results: Iterable[Result] = ()) -> None:
        least, most = WIN_CHANCES
        if not least <= win_chance <= most:
            raise UserError(f"a chance to win of {least:g} to {most:g} can be wished for; got {win_chance:g}.")
        if ladder.unit != "points":
            raise UserError("this ladder tells scores, of a title that is played alone; nobody adapts there.")
        self.ladder, self.win_chance = ladder, win_chance
        self._low, self._high = ladder.points[0], ladder.points[-1]
        self._belief = Belief(self._low, self._high)
        self._last = (self._low + self._high) / 2
        self._has_played = False
        for result in results:
            self._take(result)

    @property
    def rating(self) -> Rating:
        """The person's, as far as it is known."""
        return self._belief.rating

    @property
    def opponent(self) -> float:
        """The rating of whom they meet next.

        It is as far below the person's as the win chance asks, within the ladder. From match to match it moves by a sixth of
        the ladder at most, and by no more than the rating's own deviation once that is known better.
        """
        if not self._has_played:
            return self._last
        rating = self.rating
        step = max(SHORTEST_STEP, min(rating.deviation, LONGEST_STEP * (self._high - self._low)))
        aim = rating.points - advantage(self.win_chance)
        return self._within(max(self._last - step, min(self._last + step, aim)))

    @property
    def level(self) -> Level:
        """The same as a step of the ladder, with its file and handicap."""
        return self.ladder.at_rating(self.opponent)

    def record(self, points: float, margin: float = 0.0) -> Result:
        """A match against `level` is over: 1 for a win, 0.5 for a draw, 0 for a loss of the person, and own score minus theirs."""
        result = Result(self.level.rating[0], points, margin)
        self._take(result)
        return result

    def _take(self, result: Result) -> None:
        self._belief.add(result.opponent, result.points, result.margin)
        self._last, self._has_played = self._within(result.opponent), True

    def _within(self, points: float) -> float:
        return max(self._low, min(self._high, points))


def advantage(win_chance: float) -> float:
    """By how many points one is ahead of whom one beats so often.

    >>> round(advantage(10 / 11)), advantage(0.5)
    (400, 0.0)
    """
    return SCALE * math.log(win_chance / (1.0 - win_chance))
