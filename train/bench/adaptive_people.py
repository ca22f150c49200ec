"""Simulated people: bots, and the policy under handicaps that are not its ladder's; some learn as they play.

A person of a kind has a severity, 0 (full strength) to 1 (where the ladder begins).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...agents.handicap import LIMITS, Handicap
from ...agents.ladder import ladder_of, policy_of
from ...agents.match import Match
from ...agents.policy_agent import PolicyAgent
from ...agents.policy_file import PolicyFile
from ...agents.seats import Actions, Agent, agent_named
from ...errors import UserError
from ...games.batch import Batch, Rows
from ...games.contract import Game
from ..calibration import Way, score_spread

Floats = NDArray[np.float64]
Who = tuple[str, float]  # kind, severity
Row = TypeVar("Row")
KINDS = {  # of handicapped people: what holds them back
    "late": ("delay",),
    "inexact": ("aim_error",),
    "absent": ("inattention",),
    "whimsical": ("temperature",),
    "all of it": ("delay", "aim_error", "inattention", "temperature"),
}
TRIED = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.3, 2.0])  # shares of a ladder's whole way down
PROBES = 40  # matches of each of them against the lowest level
BOTS = 1 / 8  # of all people
LEARN, GAIN = 1 / 3, (0.1, 0.4)  # who learns, and which share of their severity they lose in the end
PRACTICE = 10.0  # matches in which what is left to learn falls to 1/e: practice is exponential (Heathcote et al. 2000)


class Troupe:
    """An agent whose rows are shared out: each member plays its own. `shares` are (agent, places among the rows)."""

    name = "troupe"

    def __init__(self, shares: Sequence[tuple[Agent, NDArray[np.intp]]]) -> None:
        self._shares = shares

    def period(self, game: Game) -> int:
        return gcd(*(agent.period(game) for agent, _ in self._shares))

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._game, self._tick = batch.game, 0
        for agent, places in self._shares:
            agent.sit(batch, games[places], seats[places])

    def decide(self, actions: Actions) -> None:
        for agent, _ in self._shares:
            if self._tick % agent.period(self._game) == 0:
                agent.decide(actions)
        self._tick += self.period(self._game)


class Arena:
    """A title for two whose shipped or named policy has a ladder. Raises UserError where it is none."""

    def __init__(self, game: Game, policy: PolicyFile, seed: int) -> None:
        self.game, self.policy, self.ladder, self._seed = game, policy, ladder_of(policy), seed
        if game.spec.seat_counts[-1] != 2 or len(game.spec.sides(policy.card.role)) != 2:
            raise UserError(f"{game.name} is not played by one against one in the same role; choose another --title.")
        self._way = Way(policy, "", score_spread(game, policy, 2))
        self._worst = dict.fromkeys(KINDS, 1.0)

    def handicap(self, who: Who) -> Handicap:
        """Of a person of one of the kinds."""
        kind, severity = who
        whole = self._way.handicap(1.0)
        share = severity * self._worst[kind]
        held = {name: min(float(getattr(whole, name)) * share, LIMITS[name][1]) for name in KINDS[kind]}
        return Handicap(**held)  # type: ignore[arg-type]  # none of them is a whole number

    def find_worst(self) -> None:
        """Makes a severity of 1 as good as the ladder's lowest level, for each kind."""
        tried = [(kind, float(share)) for kind in KINDS for share in TRIED]
        people = [who for who in tried for _ in range(PROBES)]
        points, _ = self.play(people, [self.ladder.points[0]] * len(people))
        for kind, won in zip(KINDS, points.reshape(len(KINDS), len(TRIED), PROBES).mean(axis=2), strict=True):
            falling = np.minimum.accumulate(np.concatenate([[1.0], won]))
            self._worst[kind] = float(np.interp(-0.5, -falling, np.concatenate([[0.0], TRIED])))

    def play(self, people: Sequence[Who], opponents: Sequence[float]) -> tuple[Floats, Floats]:
        """A match of each person against an opponent of a rating, all at once: (people,) points and margins."""
        self._seed += 1
        side = self._seed % 2
        agents = [self._people(people), self._opponents(opponents)]
        outcome = Match(self.game, agents if side == 0 else agents[::-1], num_games=len(people), seed=self._seed).play()
        return outcome.points(side), outcome.scores[:, side].astype(float)

    def _people(self, people: Sequence[Who]) -> Agent:
        def agent(kind: str, own: Sequence[Who]) -> Agent:
            if kind:
                return agent_named(kind, self.game, seed=self._seed)
            return PolicyAgent(self.policy, handicap=[self.handicap(who) for who in own], seed=2 * self._seed)

        return troupe(people, lambda who: "" if who[0] in KINDS else who[0], agent)

    def _opponents(self, ratings: Sequence[float]) -> Agent:
        levels = [self.ladder.at_rating(points) for points in ratings]
        return troupe(
            levels,
            lambda level: level.file,
            lambda _, own: PolicyAgent(
                policy_of(own[0], self.policy), handicap=[each.handicap for each in own], seed=2 * self._seed + 1
            ),
        )


def troupe(rows: Sequence[Row], key: Callable[[Row], str], agent: Callable[[str, Sequence[Row]], Agent]) -> Troupe:
    """One agent for all rows of a key."""
    keys = [key(row) for row in rows]
    places = {each: np.array([place for place, own in enumerate(keys) if own == each]) for each in dict.fromkeys(keys)}
    return Troupe([(agent(each, [rows[at] for at in own]), own) for each, own in places.items()])


@dataclass(frozen=True)
class Person:
    """Who plays. `gain` is the share of the severity that practice takes away."""

    kind: str
    severity: float = 0.0
    gain: float = 0.0

    def after(self, matches: int) -> Who:
        """What they are after so many matches."""
        return self.kind, self.severity * (1.0 - self.gain * (1.0 - math.exp(-matches / PRACTICE)))


def crowd(count: int, bots: Sequence[str], rng: np.random.Generator) -> list[Person]:
    """People of every kind and severity; the bots, as they are, among them."""
    people = []
    for _ in range(count):
        if bots and rng.random() < BOTS:
            people.append(Person(str(rng.choice(list(bots)))))
        else:
            gain = float(rng.uniform(*GAIN)) if rng.random() < LEARN else 0.0
            people.append(Person(str(rng.choice(list(KINDS))), float(rng.random()), gain))
    return people
