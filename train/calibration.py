"""Finds the levels of a policy: how much handicap, or which weaker snapshot of it, plays at each of ten even steps of strength.

The way down is one-dimensional: `severity` turns all handicaps up together, so that a level is slower, less exact and less
attentive at once, as a weaker person is. Strength is measured along the way, the way is inverted where the levels should
lie, and what was found is measured again, twice, with all matches counting in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..agents.handicap import Handicap
from ..agents.ladder import MOST, Ladder, Level
from ..agents.ladder import Rating as Bounds
from ..agents.match import Match
from ..agents.policy_agent import obs_of
from ..agents.policy_file import PolicyFile
from ..agents.seats import RandomAgent
from ..errors import UserError
from ..games.contract import Game
from ..games.observation import Observer
from .evaluation import Estimate
from .gauges import Gauge, Player, Setting, gauge_for

WEAKEST_SECONDS = 0.4  # of delay
WEAKEST_AIM, WEAKEST_INATTENTION = 0.3, 0.5
WEAKEST_HEAT = 0.3  # temperature, in spreads of the policy's own scores
GRID = (
    17  # severities at which the way down is measured first, closer together where it begins: little costs much there
)
LEAST_STEP = {"points": 25.0, "score": 0.02}  # between levels, however exactly they are measured
SEED = 77_000  # of the matches that the spread of scores is taken from


@dataclass(frozen=True)
class Plan:
    """What is to be found: a ladder of a policy, with the help of weaker snapshots, from so many matches a pairing."""

    game: Game
    policy: PolicyFile
    snapshots: Sequence[PolicyFile] = ()
    seats: int = 0
    matches: int = 400
    seed: int = 0


def calibrate(plan: Plan, tell: Callable[[str], None] = lambda line: None) -> Ladder:
    """Plays the matches and gives the ladder; equal plans give equal ladders. Raises UserError: the policy is too weak for one."""
    role, seats = plan.policy.card.role, plan.game.spec.seat_count(plan.seats)
    setting = Setting(plan.game, role, seats, plan.seed)
    gauge = gauge_for(setting, plan.matches)
    files = {"": plan.policy, **{policy.path.name: policy for policy in plan.snapshots}}
    ways = {name: Way(policy, name, score_spread(plan.game, policy, seats)) for name, policy in files.items()}
    for name, way in ways.items():
        tell(f"measuring the way down of {name or plan.policy.path.name}")
        way.measure(gauge, (np.linspace(0.0, 1.0, GRID) ** 2).tolist(), max(8, plan.matches // 4))
    chosen: list[Player] = []
    for turn in (1, 2):
        tell(f"measuring the levels, {turn} of 2")
        *weaker, _ = _targets(gauge, ways[""], plan)
        found = [*(_player_at(ways, points, gauge) for points in weaker), ways[""].player(0.0)]
        chosen = list(dict.fromkeys(found))
        gauge.measure(chosen, plan.matches)
        for name, way in ways.items():
            way.known += [player for player in chosen if player.file == name and player not in way.known]
    return Ladder(tuple(_levels(chosen, gauge)), gauge.unit)


class Way:
    """The way down of one file, and the players on it that have been measured."""

    def __init__(self, policy: PolicyFile, file: str, spread: float) -> None:
        self.policy, self.file, self._spread = policy, file, spread
        self.known: list[Player] = []

    def player(self, severity: float) -> Player:
        """Who plays at a severity of 0 to 1."""
        return Player(self.policy, self.file, severity, self.handicap(severity))

    def handicap(self, severity: float) -> Handicap:
        """All handicaps together, turned up so far; none at 0."""
        return Handicap(
            delay=round(min(WEAKEST_SECONDS * self.policy.card.tick_rate, 120.0) * severity, 3),
            aim_error=round(WEAKEST_AIM * severity, 4),
            inattention=round(WEAKEST_INATTENTION * severity, 4),
            temperature=round(min(WEAKEST_HEAT * self._spread, 1000.0) * severity, 4),
        )

    def measure(self, gauge: Gauge, severities: Sequence[float], matches: int) -> None:
        self.known = [self.player(severity) for severity in severities]
        gauge.measure(self.known, matches)

    def curve(self, gauge: Gauge) -> tuple[list[float], list[float]]:
        """Severities, rising, and the strengths there, which never rise."""
        known, rated = sorted(self.known, key=lambda player: player.severity), gauge.ratings()
        return [player.severity for player in known], falling([rated[player].mean for player in known])

    def severity_at(self, points: float, gauge: Gauge) -> float:
        """Where on the way this strength is met, or the nearer end."""
        severities, strengths = self.curve(gauge)
        return round(float(np.interp(points, strengths[::-1], severities[::-1])), 4)


def _targets(gauge: Gauge, way: Way, plan: Plan) -> list[float]:
    """Even steps up to full strength, from about the weakest bot; from just above chance where the policy is hardly better.

    Ten, or fewer where so many could not be told apart: a step is no smaller than the error of what will be measured.
    """
    rated, (_, strengths) = gauge.ratings(), way.curve(gauge)
    top, chance = rated[way.known[0]].mean, rated["random"].mean
    weakest = rated[next(iter(plan.game.bots), "random")].mean
    bottom = max(weakest if weakest < chance + 0.75 * (top - chance) else chance + 0.05 * (top - chance), strengths[-1])
    error = float(np.median([rated[player].high - rated[player].low for player in way.known[:GRID]])) / 4.0
    steps = int((top - bottom) / max(error, LEAST_STEP[gauge.unit]))
    if top <= bottom or steps < 1:
        raise UserError(
            f"{plan.policy.path} is hardly stronger than at its weakest, so no levels can be told apart; "
            "train it for longer, or play more --matches."
        )
    return np.linspace(bottom, top, min(steps + 1, MOST)).tolist()


def _player_at(ways: dict[str, Way], points: float, gauge: Gauge) -> Player:
    """The weakest file that is strong enough, for it needs the least handicap."""
    curves = {name: way.curve(gauge)[1] for name, way in ways.items()}
    able = [name for name, strengths in curves.items() if strengths[-1] <= points <= strengths[0]]
    way = ways[min(able, key=lambda name: curves[name][0], default="")]
    return way.player(way.severity_at(points, gauge))


def _levels(chosen: Sequence[Player], gauge: Gauge) -> list[Level]:
    """Numbered, with their ratings. Of some that came out in the wrong order, or too near each other, the strongest is kept."""
    rated = gauge.ratings()
    means = falling([rated[player].mean for player in chosen][::-1])
    kept: list[tuple[float, Player]] = []
    for mean, player in zip(means, reversed(chosen), strict=True):
        if not kept or kept[-1][0] - mean >= LEAST_STEP[gauge.unit] / 2:
            kept.append((round(mean, 2), player))
    return [
        Level(level=number, file=player.file, handicap=player.handicap, rating=_bounds(rated[player], mean))
        for number, (mean, player) in enumerate(reversed(kept), start=1)
    ]


def _bounds(estimate: Estimate, mean: float) -> Bounds:
    return mean, min(round(estimate.low, 2), mean), max(round(estimate.high, 2), mean)


def score_spread(game: Game, policy: PolicyFile, seats: int) -> float:
    """How far the best action's score lies above the mean of all, on average over positions of matches played by chance."""
    spec, role = game.spec, policy.card.role
    place = spec.sides(role, seats)[0][0]
    match = Match(game, [_chance(seat) for seat in range(seats)], num_games=32, seed=SEED)
    rows = np.arange(32, dtype=np.int32), np.full(32, place, np.int32)
    observer, spreads = Observer(match.batch, obs_of(policy.card, game, role), *rows), []
    for _ in range(40):
        scores, _ = policy.run(observer.observe())
        spreads.append(float((scores.max(axis=1) - scores.mean(axis=1)).mean()))
        match.advance(spec.decision_ticks)
    return float(np.mean(spreads))


def _chance(seat: int) -> RandomAgent:
    return RandomAgent(SEED + seat)


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
