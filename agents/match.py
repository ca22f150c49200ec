"""A match: a game and one agent for every seat. Plays any number of them at once, without a window.

Every game is played once, from its own seed, so all games that still run are at the same tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.batch import Batch
from ..games.contract import Game
from .seats import Agent


@dataclass(frozen=True)
class Outcome:
    """How n matches ended. scores (n, seats) float32; ticks (n,); seeds (n,) uint64; event_counts (n, events)."""

    game: Game
    scores: NDArray[np.float32]
    ticks: NDArray[np.int32]
    seeds: NDArray[np.uint64]
    event_counts: NDArray[np.int32]

    def points(self, seat: int) -> NDArray[np.float64]:
        """(n,) what a match was worth to a seat: 1 a win, one half a draw, 0 a loss."""
        return (np.sign(self.scores[:, seat]) + 1.0) / 2.0


class Match:
    """`num_games` matches with the same agents. `agents[i]` sits in seat i; one agent may hold several seats of a role."""

    def __init__(
        self, game: Game, agents: Sequence[Agent], *, num_games: int = 1, seed: int = 0, threads: int = 1
    ) -> None:
        if len(agents) not in game.spec.seat_counts:
            raise UserError(
                f"{game.name} is played with {' or '.join(map(str, game.spec.seat_counts))} seats; got {len(agents)} agents."
            )
        self.game, self.agents = game, list(agents)
        self.batch = Batch(game, num_games, seats=len(agents), threads=threads)
        self.actions = np.zeros((num_games, len(agents)), np.int32)
        self._stride = gcd(*(agent.period(game) for agent in agents))
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Begins anew, with episodes that follow from `seed`."""
        self.batch.reset(seed)
        self._take_seats()

    def reset_to(self, seeds: NDArray[np.uint64]) -> None:
        """Begins anew with exactly these episodes, (n,) uint64."""
        self.batch.reset_to(seeds)
        self._take_seats()

    def _take_seats(self) -> None:
        self.tick = 0
        for agent in dict.fromkeys(self.agents):
            seats = [seat for seat, holder in enumerate(self.agents) if holder is agent]
            roles = sorted({self.game.spec.roles[seat] for seat in seats})
            if len(roles) > 1:
                raise UserError(
                    f"one agent plays one role; {agent.name} sits as {' and '.join(roles)}, so use one for each."
                )
            games, places = np.meshgrid(np.arange(self.batch.num_games), seats, indexing="ij")
            agent.sit(self.batch, games.ravel().astype(np.int32), places.ravel().astype(np.int32))

    def replace(self, seat: int, agent: Agent) -> None:
        """Puts another agent into a seat of a match that is under way."""
        self.agents[seat] = agent
        self._stride = gcd(*(each.period(self.game) for each in self.agents))
        games = np.arange(self.batch.num_games, dtype=np.int32)
        agent.sit(self.batch, games, np.full_like(games, seat))

    @property
    def running(self) -> bool:
        return bool(self.batch.running.any())

    def advance(self, ticks: int | None = None) -> None:
        """Plays on by some ticks (default: as many as pass between decisions); who is due decides first."""
        ticks = ticks or self._stride
        for agent in dict.fromkeys(self.agents):
            if self.tick % agent.period(self.game) == 0:
                agent.decide(self.actions)
        self.batch.step(self.actions, ticks, deciding=self._bound())
        self.tick += ticks

    def _bound(self) -> list[int]:
        """The seats that decide now, and must do so by the mask; who may act in every tick holds what others have decided."""
        usual, periods = self.game.spec.decision_ticks, [agent.period(self.game) for agent in self.agents]
        return [seat for seat, period in enumerate(periods) if period % usual == 0 and self.tick % period == 0]

    def play(self) -> Outcome:
        """Plays every match to its end."""
        while self.running:
            self.advance()
        return self.outcome()

    def outcome(self) -> Outcome:
        batch = self.batch
        return Outcome(
            self.game, batch.returns.copy(), batch.states["tick"].copy(), batch.seeds.copy(), batch.event_counts.copy()
        )


def duel(
    game: Game, one: Agent, other: Agent, *, num_games: int = 100, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Plays a two-seat title with sides swapped half-way: what each match was worth to `one`, and its scores, (n,) both."""
    first = Match(game, [one, other], num_games=(num_games + 1) // 2, seed=seed).play()
    if num_games < 2:
        return first.points(0), first.scores[:, 0]
    second = Match(game, [other, one], num_games=num_games // 2, seed=seed + 1).play()
    return np.concatenate([first.points(0), second.points(1)]), np.concatenate(
        [first.scores[:, 0], second.scores[:, 1]]
    )
