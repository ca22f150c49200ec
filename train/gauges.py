"""How strong players under handicaps are: points against the bots and each other, or mean scores where one plays alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..agents.anchors import anchors_of
from ..agents.handicap import Handicap
from ..agents.match import Match
from ..agents.policy_agent import PolicyAgent
from ..agents.policy_file import PolicyFile
from ..agents.ratings import Rating, Ratings
from ..agents.seats import Agent, agent_named
from ..games.contract import Game
from .evaluation import Estimate, mean_interval, seated


@dataclass(frozen=True)
class Player:
    """A policy under a handicap, `severity` far along its way from full strength (0) to the weakest (1)."""

    policy: PolicyFile = field(compare=False)
    file: str  # as in a ladder: empty for the policy whose ladder it is
    severity: float
    handicap: Handicap

    @property
    def name(self) -> str:
        """In a table of ratings; no bot is called so.

        >>> Player(None, "young.onnx", 0.25, Handicap()).name  # type: ignore[arg-type]
        'young.onnx 0.25'
        """
        return f"{self.file} {self.severity!r}"


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

    @property
    def role_of_opponents(self) -> str:
        """What those play who do not play on the first side of the role."""
        spec, first = self.game.spec, self.sides[0]
        others = (place for place in range(self.seats) if spec.teams[place] != spec.teams[first[0]])
        return spec.roles[next(others, first[0])]

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
    """Points on the title's own scale: its bots are where its anchors say, and all matches are fitted together."""

    unit = "points"

    def __init__(self, setting: Setting) -> None:
        self._setting, self._players = setting, dict[Player, None]()
        self._anchors = anchors_of(setting.game, setting.role_of_opponents, setting.seats)
        self._ratings = Ratings(self._anchors)

    def measure(self, players: Sequence[Player], matches: int) -> None:
        self._players |= dict.fromkeys(players)
        for group in by_file(players):
            for bot in self._setting.bots:
                points, _ = self._setting.against(group, bot, matches)
                self._record(group, [bot] * len(group), points)
        if self._setting.is_symmetric:
            pairs = list(pairwise(players))
            for files in dict.fromkeys((one.file, other.file) for one, other in pairs):
                ones, others = zip(*[pair for pair in pairs if (pair[0].file, pair[1].file) == files], strict=True)
                points = self._setting.between(ones, others, matches)
                self._record(ones, [other.name for other in others], points)

    def ratings(self) -> dict[Any, Estimate]:
        rated: dict[Any, Estimate] = {bot: _estimate(rating) for bot, rating in self._anchors.items()}
        return rated | {player: _estimate(self._ratings.rating(player.name)) for player in self._players}

    def _record(self, ones: Sequence[Player], others: Sequence[str], points: NDArray[Any]) -> None:
        for one, other, won in zip(ones, others, points, strict=True):
            self._ratings.record_sum(one.name, other, len(won), float(won.sum()))


def _estimate(rating: Rating) -> Estimate:
    return Estimate(rating.points, rating.low, rating.high)


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


def gauge_for(setting: Setting, matches: int) -> Gauge:
    """Points where somebody plays against others, else scores, `matches` of each bot at once."""
    return ScoreGauge(setting, matches) if setting.seats == 1 else PointsGauge(setting)
