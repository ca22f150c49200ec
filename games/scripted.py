"""Scripted players in the seats of a batch. They decide from features and mask alone, with a memory of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .batch import Batch, Rows
from .compiler import Mode
from .contract import Rule
from .program import program_of
from .rng import mix

_SALT = np.uint64(0x8CB92BA72F3D8DD7)  # keeps a bot's random numbers apart from the game's


class ScriptedPlayers:
    """One bot in some (game, seat) rows, all of one role: `act` writes its decisions into the actions of a step."""

    def __init__(self, batch: Batch, bot: Rule, games: Rows, seats: Rows, *, mode: Mode = "compiled") -> None:
        self._batch = batch
        self._games, self._seats = np.ascontiguousarray(games, np.int32), np.ascontiguousarray(seats, np.int32)
        spec, role = batch.game.spec, batch.game.spec.roles[seats[0]]
        self._features, self._actions = len(spec.features_of(role)), len(spec.actions_of(role))
        self._memories = np.zeros(len(games), batch.game.memory)
        self._decide = program_of(batch.game, mode).driver("bots", bot)

    def act(self, actions: NDArray[np.int32]) -> None:
        """Fills this bot's places in actions (n, seats); a fresh episode begins with a fresh memory."""
        batch, games, seats, memories = self._batch, self._games, self._seats, self._memories
        fresh = batch.fresh[games]
        if fresh.any():
            memories[fresh] = np.zeros((), memories.dtype)
            salt = (seats[fresh].astype(np.uint64) + np.uint64(1)) * _SALT
            memories["rng"][fresh] = mix(batch.seeds[games[fresh]] ^ salt)

        def run(lo: int, hi: int) -> None:
            seen, exact = np.zeros(self._features, np.float32), np.zeros(self._features)
            mask, part = np.zeros(self._actions, np.uint8), slice(lo, hi)
            self._decide(
                batch.states, batch.running, games[part], seats[part], memories[part], seen, exact, mask, actions
            )

        batch.spread(len(games), run)
