"""How good an agent is: seeded matches against each opponent, sides swapped, with 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..agents.anchors import label, ratings_of
from ..agents.match import Match
from ..agents.ratings import Rating
from ..agents.seats import Agent, agent_named, policy_named
from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from .run_folder import Run

Z = 1.959964  # the normal distribution's middle 95%


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95% interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """Matches against one opponent. A win counts 1, a draw one half; a title for one seat has no win rate."""

    opponent: str
    matches: int
    win_rate: Estimate | None
    score: Estimate
    perf: float
    seed: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def rate_interval(points: ArrayLike) -> Estimate:
    """Mean of values in 0..1 with Wilson's interval (Wilson 1927), which stays inside 0..1.

    >>> estimate = rate_interval([1] * 9 + [0])
    >>> round(estimate.mean, 2), round(estimate.low, 2), round(estimate.high, 2)
    (0.9, 0.6, 0.98)
    """
    values = np.asarray(points, float)
    count, mean = len(values), float(values.mean())
    middle = (mean + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * math.sqrt(mean * (1 - mean) / count + Z * Z / (4 * count * count))
    return Estimate(mean, max(0.0, min(middle - half, mean)), min(1.0, max(middle + half, mean)))


def mean_interval(values: ArrayLike) -> Estimate:
    """Mean with the normal interval.

    >>> mean_interval([2.0, 2.0])
    Estimate(mean=2.0, low=2.0, high=2.0)
    """
    sample = np.asarray(values, float)
    half = Z * float(sample.std(ddof=1)) / math.sqrt(len(sample)) if len(sample) > 1 else 0.0
    return Estimate(float(sample.mean()), float(sample.mean()) - half, float(sample.mean()) + half)


def seated(game: Game, agent: Agent, opponent: str, *, side: Sequence[int], seats: int, seed: int) -> list[Agent]:
    """An agent in the seats of one side, and a named opponent in each of the others."""
    return [agent if place in side else agent_named(opponent, game, seed=seed + place) for place in range(seats)]


def play_sides(
    game: Game, agent: Agent, opponent: str, *, matches: int, seed: int, role: str = "", seats: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Plays each side of a role in turn, an opponent in all other seats: what each match was worth, and its score, (n,) both."""
    seats = game.spec.seat_count(seats)
    sides = game.spec.sides(role or game.spec.roles[0], seats)
    points, scores = [], []
    for index, side in enumerate(sides[:matches]):
        agents = seated(game, agent, opponent, side=side, seats=seats, seed=seed)
        number = len(range(index, matches, len(sides)))
        outcome = Match(game, agents, num_games=number, seed=seed + index).play()
        points.append(outcome.points(side[0]))
        scores.append(outcome.scores[:, side[0]])
    return np.concatenate(points), np.concatenate(scores)


def measure(
    game: Game, agent: Agent, opponent: str, *, matches: int, seed: int, role: str = "", seats: int = 0
) -> Figures:
    """Figures against one opponent; equal seeds give equal figures. The opponent "" means that the title is played alone."""
    points, scores = play_sides(game, agent, opponent, matches=matches, seed=seed, role=role, seats=seats)
    score = mean_interval(scores)
    rate = rate_interval(points) if opponent else None
    return Figures(opponent, matches, rate, score, game.spec.perf(score.mean, seats, role), seed)


def rated(game: Game, figures: Sequence[Figures], *, role: str = "", seats: int = 0) -> Rating | None:
    """The rating that explains matches against chance and bots best (see `agents.anchors`); None where nobody of them was met."""
    seats, ratings = game.spec.seat_count(seats), ratings_of(game, seats)
    team = game.spec.teams[game.spec.sides(role or game.spec.roles[0], seats)[0][0]]
    facing = [role for role, other in zip(game.spec.roles[:seats], game.spec.teams, strict=False) if other != team]
    known = [each for each in figures if each.win_rate is not None and each.opponent in ("random", *game.bots)]
    for each in known:
        assert each.win_rate is not None
        ratings.record_sum(" ", label(game, each.opponent, facing[0]), each.matches, each.win_rate.mean * each.matches)
    return ratings.rating(" ") if known else None


def usual_opponents(game: Game, seats: int = 0) -> tuple[str, ...]:
    """Chance and every bot; nobody where one plays alone."""
    return ("random", *game.bots) if game.spec.seat_count(seats) > 1 else ("",)


def evaluate(
    policy: str | Path,
    *,
    game: str | None = None,
    role: str = "",
    seats: int = 0,
    against: Sequence[str] = (),
    matches: int = 1000,
    seed: int = 0,
) -> list[Figures]:
    """Measures a policy file, the folder of a run, a name from the zoo (`@` and a level, if wanted) or a bot (with `game`).

    `role` is a bot's, the first of the title when empty; a policy knows its own. `seats`: as many as in training, else the
    most. Raises UserError where the policy or an opponent cannot play.
    """
    if matches < 2:
        raise UserError(f"an interval needs at least 2 matches; got {matches}.")
    title, agent, told, trained = _agent_of(str(policy), game, seed)
    seats = title.spec.seat_count(seats or trained)
    role = title.spec.role_named(told or role)
    opponents = list(against) or usual_opponents(title, seats)
    if seats == 1 and against:
        raise UserError(f"{title.name} is played alone with one seat; leave out --against, or give more --seats.")
    for opponent in opponents:
        _ = agent_named(opponent, title) if opponent else None  # a wrong name is refused before any match
    return [measure(title, agent, each, matches=matches, seed=seed, role=role, seats=seats) for each in opponents]


def _agent_of(policy: str, game: str | None, seed: int) -> tuple[Game, Agent, str, int]:
    """The title and the agent; the role and the number of seats that it was trained for, as far as known."""
    if game is not None:
        title = registry.load(game)
        if policy == "random" or policy in title.bots:
            return title, agent_named(policy, title, seed=seed), "", 0
    if game is None and any(policy in registry.load(name).bots for name in registry.names()):
        raise UserError(f"{policy} is a bot; say of which title: --game and its name.")
    run = Run.open(policy) if (Path(policy) / "config.toml").is_file() else None
    agent = policy_named(str(run.exported()) if run else policy, seed=seed)
    card = agent.policy.card
    named = game or (run.config.game if run else "")
    title = registry.load(named) if named else registry.installed(card.game)
    return title, agent, card.role, run.config.seats if run else 0
