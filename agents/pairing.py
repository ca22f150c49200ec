"""Two players meet: where each of them sits, sides swapped, and what every match was worth.

All seats of a side are held by one agent. In a title for one seat both play the same episodes, each alone, and the higher
score has won.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.contract import Game
from .match import Match, Outcome
from .seats import Agent, agent_named


@dataclass(frozen=True)
class Player:
    """Who plays a role. `make(seed)` gives an agent that remembers no match before."""

    name: str
    role: str
    make: Callable[[int], Agent]


@dataclass(frozen=True)
class Meeting:
    """Matches of two players. points (n,): 1, 0.5 or 0 to the first; scores (n, 2) float32: of the first and of the other."""

    points: NDArray[np.float64]
    scores: NDArray[np.float32]


Places = tuple[list[int], list[int]]  # the seats of one, those of the other


def bot_player(game: Game, level: str, role: str) -> Player:
    """A scripted player of the title, or chance."""
    return Player(level, role, lambda seed: agent_named(level, game, seed=seed))


def places(game: Game, one: str, other: str, seats: int) -> list[Places]:
    """For every side that plays the role `one`: its seats, and those of the role `other` in other teams, if there are any."""
    teams = game.spec.teams
    pairs = []
    for side in game.spec.sides(one, seats):
        others = [seat for part in game.spec.sides(other, seats) for seat in part if teams[seat] != teams[side[0]]]
        pairs += [(side, others)] if others else []
    return pairs


def can_meet(game: Game, one: str, other: str, seats: int) -> bool:
    """Whether two roles can be compared: by a match, or alone in the same episodes."""
    return one == other if seats == 1 else bool(places(game, one, other, seats))


def meet(game: Game, one: Player, other: Player, *, matches: int, seed: int, seats: int) -> Meeting:
    """Seeded matches, every side in turn. Raises UserError for players of whom nobody could win against the other."""
    if not can_meet(game, one.role, other.role, seats):
        raise UserError(f"in {game.name} a {one.role} does not play against a {other.role}; let other roles meet.")
    if seats == 1:
        return _alone(game, one, other, matches, seed)
    points, scores = [], []
    pairs = places(game, one.role, other.role, seats)
    for index, (mine, theirs) in enumerate(pairs[:matches]):
        agents = _seated(game, (mine, one.make(seed)), (theirs, other.make(seed + 1)), seats, seed)
        number = len(range(index, matches, len(pairs)))
        outcome = Match(game, agents, num_games=number, seed=seed + index).play()
        points.append(outcome.points(mine[0]))
        scores.append(outcome.scores[:, [mine[0], theirs[0]]])
    return Meeting(np.concatenate(points), np.concatenate(scores))


def _seated(
    game: Game, one: tuple[list[int], Agent], other: tuple[list[int], Agent], seats: int, seed: int
) -> list[Agent]:
    """An agent for every seat; the hardest bot where neither of the two sits."""
    held = {seat: agent for places_of, agent in (one, other) for seat in places_of}
    return [held.get(seat) or agent_named(game.hardest, game, seed=seed + seat) for seat in range(seats)]


def _alone(game: Game, one: Player, other: Player, matches: int, seed: int) -> Meeting:
    first, second = (_played(game, player.make(seed + at), matches, seed) for at, player in enumerate((one, other)))
    scores = np.stack([first.scores[:, 0], second.scores[:, 0]], axis=1)
    return Meeting((np.sign(scores[:, 0] - scores[:, 1]) + 1.0) / 2.0, scores)


def _played(game: Game, agent: Agent, matches: int, seed: int) -> Outcome:
    return Match(game, [agent], num_games=matches, seed=seed).play()
