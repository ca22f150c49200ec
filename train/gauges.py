"""How strong players under handicaps are: points against the bots and each other, or mean scores where one plays alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..agents.handicap import Handicap
from ..agents.match import Match
from ..agents.policy_agent import PolicyAgent
from ..agents.policy_file import PolicyFile
from ..agents.seats import Agent, agent_named
from ..games.contract import Game
from .evaluation import Estimate, mean_interval, play_sides, seated
from .points import Result, fit_points

HARDEST = 1500.0  # points of the strongest bot, from which all others follow


@dataclass(frozen=True)
class Player:
    """A policy under a handicap, `severity` far along its way from full strength (0) to the weakest (1)."""

    policy: PolicyFile = field(compare=False)
    file: str  # as in a ladder: empty for the policy whose ladder it is
    severity: float
    handicap: Handicap


class Gauge(Protocol):
    """Measures players; what it has measured before counts on."""

    unit: str

    def measure(self, players: Sequence[Player], matches: int) -> None:
        """Plays `matches` more of every player against every bot, and of every two neighbours in the list."""

    def ratings(self) -> dict[Any, Estimate]:
        """Of all players so far, and of the bots and `random` by name."""


@dataclass
class Setting:
    """Where it is measured: a title, the role and the number of seats, and the seed that all matches follow from."""

    game: Game
    role: str
    seats: int
    seed: int

    def __post_init__(self) -> None:
        self.sides = self.game.spec.sides(self.role, self.seats)
        self.bots = ["random", *self.game.bots]
        self.is_symmetric = len(self.sides) == 2 and sum(map(len, self.sides)) == self.seats

    def next_seed(self) -> int:
        self.seed += 1000
        return self.seed

    def agent(self, players: Sequence[Player], each: int) -> PolicyAgent:
        """One agent for the players of one file, `each` games of every player in order."""
        return PolicyAgent(
            players[0].policy,
            handicap=[player.handicap for player in players for _ in range(each)],
            seed=self.next_seed(),
        )

    def against(self, players: Sequence[Player], bot: str, matches: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Points and scores, (players, matches) both, of players of one file; a bot sits in all other seats."""
        each = -(-matches // len(self.sides))
        points, scores = [], []
        for side in self.sides:
            agent = self.agent(players, each)
            agents = seated(self.game, agent, bot, side=side, seats=self.seats, seed=self.seed)
            outcome = Match(self.game, agents, num_games=each * len(players), seed=self.seed).play()
            points.append(outcome.points(side[0]).reshape(len(players), each))
            scores.append(outcome.scores[:, side[0]].reshape(len(players), each))
        return np.concatenate(points, axis=1), np.concatenate(scores, axis=1)

    def between(self, ones: Sequence[Player], others: Sequence[Player], matches: int) -> NDArray[Any]:
        """(pairs, matches) what each match was worth to the first of a pair; ones are of one file, others of one file."""
        each, points = -(-matches // 2), []
        for turn in (0, 1):
            pair: list[Agent] = [self.agent(ones, each), self.agent(others, each)]
            sides = self.sides if turn == 0 else self.sides[::-1]
            seats = [pair[0] if seat in sides[0] else pair[1] for seat in range(self.seats)]
            outcome = Match(self.game, seats, num_games=each * len(ones), seed=self.seed).play()
            points.append(outcome.points(sides[0][0]).reshape(len(ones), each))
        return np.concatenate(points, axis=1)


def by_file(players: Sequence[Player]) -> list[list[Player]]:
    """The players of each file together.

    >>> by_file([])
    []
    """
    files = dict.fromkeys(player.file for player in players)
    return [[player for player in players if player.file == file] for file in files]


class PointsGauge:
    """Points, the strongest bot's being 1500: a joint fit of all matches, bots among each other included.

    `anchors` are points of bots, by name, that are known from elsewhere and stay.
    """

    unit = "points"

    def __init__(self, setting: Setting, matches: int, anchors: Mapping[str, float]) -> None:
        self._setting, self._results = setting, list[Result]()
        self._anchors = {setting.bots[-1]: HARDEST, **anchors}
        if setting.is_symmetric:
            game, sizes = setting.game, {"role": setting.role, "seats": setting.seats}
            for one, other in combinations(setting.bots, 2):
                seed = setting.next_seed()
                agent = agent_named(one, game, seed=seed)
                points, _ = play_sides(game, agent, other, matches=matches, seed=seed, **sizes)  # type: ignore[arg-type]
                self._results.append(Result(one, other, float(points.sum()), len(points)))

    def measure(self, players: Sequence[Player], matches: int) -> None:
        for group in by_file(players):
            for bot in self._setting.bots:
                points, _ = self._setting.against(group, bot, matches)
                self._results += _results(group, [bot] * len(group), points)
        if self._setting.is_symmetric:
            pairs = list(pairwise(players))
            for files in dict.fromkeys((one.file, other.file) for one, other in pairs):
                ones, others = zip(*[pair for pair in pairs if (pair[0].file, pair[1].file) == files], strict=True)
                self._results += _results(ones, others, self._setting.between(ones, others, matches))

    def ratings(self) -> dict[Any, Estimate]:
        """What the bots are worth follows from each other and the policy; with snapshots of other habits it does not change."""
        own = [result for result in self._results if not _is_snapshot(result.one) and not _is_snapshot(result.other)]
        rated = fit_points(own, self._anchors)
        if len(own) == len(self._results):
            return rated
        bots = {bot: rated[bot] for bot in self._setting.bots if bot in rated}
        return {**fit_points(self._results, {bot: each.mean for bot, each in bots.items()}), **bots}


def _is_snapshot(who: Any) -> bool:
    return isinstance(who, Player) and bool(who.file)


def _results(ones: Sequence[Any], others: Sequence[Any], points: NDArray[Any]) -> list[Result]:
    totals = points.sum(axis=1)
    return [Result(a, b, float(won), points.shape[1]) for a, b, won in zip(ones, others, totals, strict=True)]


class ScoreGauge:
    """Mean scores, in titles that are played alone."""

    unit = "score"

    def __init__(self, setting: Setting, matches: int) -> None:
        self._setting, self._scores = setting, dict[Any, NDArray[Any]]()
        for bot in setting.bots:
            agent = agent_named(bot, setting.game, seed=setting.seed)
            outcome = Match(setting.game, [agent], num_games=matches, seed=setting.next_seed()).play()
            self._scores[bot] = outcome.scores[:, 0]

    def measure(self, players: Sequence[Player], matches: int) -> None:
        for group in by_file(players):
            _, scores = self._setting.against(group, "", matches)
            for player, more in zip(group, scores, strict=True):
                self._scores[player] = np.concatenate([self._scores.get(player, np.zeros(0)), more])

    def ratings(self) -> dict[Any, Estimate]:
        return {who: mean_interval(scores) for who, scores in self._scores.items()}


def gauge_for(setting: Setting, matches: int, anchors: Mapping[str, float]) -> Gauge:
    """Points where somebody plays against others, else scores; the bots are measured at once, `matches` of each."""
    return ScoreGauge(setting, matches) if setting.seats == 1 else PointsGauge(setting, matches, anchors)
