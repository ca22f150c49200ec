"""Who learners play against while they train: shares of the rows, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tyro

from ..agents.policy_agent import PolicyAgent, obs_of
from ..agents.seats import agent_named
from ..envs.seating import LEARNER
from ..errors import UserError
from ..games.contract import Game


def parse_shares(texts: list[str]) -> dict[str, float]:
    """Reads shares as the command line gives them.

    >>> parse_shares(["learner=0.6", "hard=0.4"]), parse_shares(["hard"])
    ({'learner': 0.6, 'hard': 0.4}, {'hard': 1.0})
    """
    shares = {}
    for text in texts:
        name, _, share = text.rpartition("=") if "=" in text else (text, "", "1")
        try:
            shares[name] = float(share)
        except ValueError:
            raise UserError(f"an opponent's share is written name=number, like hard=0.5; got {text!r}.") from None
    return shares


POOL = "pool"  # members that are drawn anew for every game (see `selfplay`)

OPPONENTS_FLAG: Any = tyro.constructors.PrimitiveConstructorSpec(
    nargs="*",
    metavar="NAME=SHARE",
    instance_from_str=parse_shares,
    is_instance=lambda value: isinstance(value, dict),
    str_from_instance=lambda shares: [f"{name}={share:g}" for name, share in shares.items()],
)


def default_opponents(game: Game, seats: int) -> dict[str, float]:
    """Half self-play, where every seat has the same role; the bots share the rest, the hardest as much as all others."""
    learner = {LEARNER: 0.5} if len({*game.spec.roles}) == 1 else {}
    if not game.bots or seats < 2:
        return learner or {"random": 1.0}
    *weaker, hardest = game.bots
    return {**learner, **{name: round(0.25 / len(weaker), 4) for name in weaker}, hardest: 0.25}


def check_opponents(game: Game, opponents: Mapping[str, float], role: str, seats: int) -> None:
    """Raises UserError for a name that nobody bears, or a file that cannot play in the seats that learners of a role leave."""
    if any(not 0 <= share < float("inf") for share in opponents.values()) or not any(opponents.values()):
        raise UserError(f"shares of opponents are positive numbers; got {dict(opponents)}.")
    side = game.spec.sides(role, seats)[0]
    others = {game.spec.roles[seat] for seat in range(seats) if seat not in side}
    for name in opponents.keys() - {LEARNER, POOL}:
        for other in others or {role}:
            _check_player(name, game, other)


def check_teacher(game: Game, name: str, role: str, algorithm: str) -> None:
    """Raises UserError for a teacher that does not exist, cannot play here, or has a learner that does not imitate."""
    if "dqn" in algorithm:
        raise UserError(f"{algorithm} learns from no teacher; leave out --teacher {name}, or use ppo or recurrent-ppo.")
    _check_player(name, game, role)


def _check_player(name: str, game: Game, role: str) -> None:
    agent = agent_named(name, game)
    if isinstance(agent, PolicyAgent):
        obs_of(agent.policy.card, game, role)
