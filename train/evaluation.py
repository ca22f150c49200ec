"""How good an agent is: seeded matches against each opponent, sides swapped, with 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..agents.match import Match
from ..agents.policy_file import PolicyFile
from ..agents.seats import Agent, PolicyAgent, agent_named
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


def seated(game: Game, agent: Agent, opponent: str, *, seat: int, seed: int) -> list[Agent]:
    """An agent in one seat and a named opponent in each of the others."""
    seats = range(game.spec.max_seats)
    return [agent if place == seat else agent_named(opponent, game, seed=seed + place) for place in seats]


def play_seats(
    game: Game, agent: Agent, opponent: str, *, matches: int, seed: int, role: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Plays from every seat of a role in turn, an opponent in all others: what each match was worth, and its score, (n,) both."""
    role = role or game.spec.roles[0]
    own = [seat for seat in range(game.spec.max_seats) if game.spec.roles[seat] == role]
    points, scores = [], []
    for index, seat in enumerate(own[:matches]):
        agents = seated(game, agent, opponent, seat=seat, seed=seed)
        count = len(range(index, matches, len(own)))
        outcome = Match(game, agents, num_games=count, seed=seed + index).play()
        points.append(outcome.points(seat))
        scores.append(outcome.scores[:, seat])
    return np.concatenate(points), np.concatenate(scores)


def measure(game: Game, agent: Agent, opponent: str, *, matches: int, seed: int, role: str | None = None) -> Figures:
    """Figures against one opponent; equal seeds give equal figures. The opponent "" means that the title is played alone."""
    points, scores = play_seats(game, agent, opponent, matches=matches, seed=seed, role=role)
    score = mean_interval(scores)
    rate = rate_interval(points) if opponent else None
    return Figures(opponent, matches, rate, score, game.spec.perf(score.mean, role=role or ""), seed)


def usual_opponents(game: Game) -> tuple[str, ...]:
    """Chance and every bot; nobody where a title has one seat."""
    return ("random", *game.bots) if game.spec.max_seats > 1 else ("",)


def evaluate(
    policy: str | Path,
    *,
    game: str | None = None,
    against: Sequence[str] = (),
    matches: int = 1000,
    seed: int = 0,
) -> list[Figures]:
    """Measures a policy file, the folder of a run, a name from the zoo, or a bot (with `game`), against each opponent.

    Raises UserError where the policy or an opponent cannot play.
    """
    if matches < 2:
        raise UserError(f"an interval needs at least 2 matches; got {matches}.")
    title, agent, role = _agent_of(str(policy), game, seed)
    opponents = list(against) or usual_opponents(title)
    for opponent in opponents:
        _ = agent_named(opponent, title) if opponent else None  # a wrong name is refused before any match
    return [measure(title, agent, opponent, matches=matches, seed=seed, role=role) for opponent in opponents]


def _agent_of(policy: str, game: str | None, seed: int) -> tuple[Game, Agent, str | None]:
    if game is not None:
        title = registry.load(game)
        if policy == "random" or policy in title.bots:
            return title, agent_named(policy, title, seed=seed), None
    if game is None and any(policy in registry.load(name).bots for name in registry.names()):
        raise UserError(f"{policy} is a bot; say of which title: --game and its name.")
    run = Run.open(policy) if (Path(policy) / "config.toml").is_file() else None
    loaded = PolicyFile.load(run.exported() if run else policy)
    title = registry.load(game or (run.config.game if run else loaded.card.game))
    return title, PolicyAgent(loaded, seed=seed), loaded.card.role
