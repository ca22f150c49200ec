"""Who holds which seat: learners get rows, opponents get the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.seats import Agent, CallableAgent, Remembers, agent_named
from ..errors import UserError
from ..games.batch import Rows
from ..games.contract import Game
from ..games.observation import Observation, ObsSpec

LEARNER = "learner"
Opponent = str | Agent | Callable[[Observation], Any]
Players = Mapping[str, Callable[[str], Agent]]  # who is meant by a name: a role -> an agent for its seats


@dataclass(frozen=True)
class Seating:
    """Rows of the learners, and of each opponent; rows are pairs of (r,) int32 arrays that name games and seats."""

    num_games: int
    seats: int
    learners: tuple[Rows, Rows]
    opponents: tuple[tuple[Agent, Rows, Rows], ...]


def seat_players(
    game: Game,
    num_rows: int,
    opponent: Opponent | Mapping[str, float],
    *,
    obs: ObsSpec,
    seat: int | str = 0,
    seats: int | None = None,
    seed: int = 0,
    players: Players | None = None,
) -> Seating:
    """Seats `num_rows` learners against an opponent, or against several in shares of the rows.

    `seat` is the learner's (a number or a name), or "alternate" to take turns among the seats of the first role. A role's
    name means that its seats in a team learn together, in all its teams in turn. The opponent "learner" means that every
    seat learns. Where several learn, a game gives a row for each.
    """
    count = game.spec.seat_count(seats or 0)
    own = _own_seats(game, seat, count)
    shares = dict(opponent) if isinstance(opponent, Mapping) else {_key(opponent): 1.0}
    _check_rows(game, num_rows, shares, len(own[0]), count)
    tables = [
        _table(rows, name, own, count) for name, rows in _split(num_rows, shares, len(own[0]), count).items() if rows
    ]
    learns = np.concatenate([table for _, table in tables])
    owner = np.concatenate([np.full(len(table), index) for index, (_, table) in enumerate(tables)])
    taken = []
    for index, (name, _) in enumerate(tables):
        games, places = np.nonzero(~learns & (owner == index)[:, None])
        for role, *rows in _by_role(game, games, places):
            known = (players or {}).get(name)
            taken.append((known(role) if known else _agent(game, name, opponent, obs, seed), rows[0], rows[1]))
    games, places = np.nonzero(learns)
    return Seating(len(learns), count, (games.astype(np.int32), places.astype(np.int32)), tuple(taken))


def remembering(agent: Agent) -> Remembers:
    """The agent itself. UserError: what it remembers cannot be saved."""
    if not isinstance(agent, Remembers):
        raise UserError(f"what {agent.name} remembers cannot be saved; give it the methods state and set_state.")
    return agent


def _key(opponent: Any) -> str:
    return opponent if isinstance(opponent, str) else getattr(opponent, "name", "callable")


def _agent(game: Game, name: str, opponent: Any, obs: ObsSpec, seed: int) -> Agent:
    if isinstance(opponent, (str, Mapping)):
        return agent_named(name, game, seed=seed)
    if hasattr(opponent, "decide"):
        return opponent
    if callable(opponent):
        return CallableAgent(opponent, obs)
    raise UserError(f"an opponent is a bot's name, an .onnx file, 'learner', a function or an agent; got {opponent!r}.")


def _own_seats(game: Game, seat: int | str, count: int) -> list[list[int]]:
    """The seats that learn together in a game, in turn."""
    if seat == "alternate":
        return [[place] for place in range(count) if game.spec.roles[place] == game.spec.roles[0]]
    if seat in game.spec.roles:
        return game.spec.sides(str(seat), count)
    return [[game.spec.seat_index(seat)]]


def _check_rows(game: Game, num_rows: int, shares: Mapping[str, float], own: int, seats: int) -> None:
    if LEARNER in shares and len({*game.spec.roles[:seats]}) > 1:
        raise UserError(f"{game.name} has several roles; one learner cannot hold them all: name a bot as the opponent.")
    together = seats if set(shares) == {LEARNER} else own
    if num_rows % together:
        raise UserError(
            f"{together} seats of a game learn: the number of environments must be a multiple of {together}; got {num_rows}."
        )


def _split(num_rows: int, shares: Mapping[str, float], own: int, seats: int) -> dict[str, int]:
    """Rows for each opponent, in whole games; the last one takes what is left."""
    if any(share < 0 for share in shares.values()) or sum(shares.values()) <= 0:
        raise UserError(f"shares of opponents are positive numbers; got {dict(shares)}.")
    rows = {name: int(num_rows * share / sum(shares.values())) for name, share in shares.items()}
    rows = {name: count - count % (seats if name == LEARNER else own) for name, count in rows.items()}
    last = [name for name in rows if name != LEARNER][-1:] or [LEARNER]
    rows[last[0]] += num_rows - sum(rows.values())
    return rows


def _table(rows: int, name: str, own: list[list[int]], seats: int) -> tuple[str, NDArray[np.bool_]]:
    """(games, seats): which seats learn, for the share of one opponent."""
    if name == LEARNER:
        return name, np.ones((rows // seats, seats), bool)
    table = np.zeros((rows // len(own[0]), seats), bool)
    for game in range(len(table)):
        table[game, own[game % len(own)]] = True
    return name, table


def _by_role(game: Game, games: NDArray[Any], places: NDArray[Any]) -> Iterator[tuple[str, Rows, Rows]]:
    roles = np.array(game.spec.roles)[places]
    for role in dict.fromkeys(roles):
        yield str(role), games[roles == role].astype(np.int32), places[roles == role].astype(np.int32)
