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
        self._batch, self._games, self._seats = (
            batch,
            np.ascontiguousarray(games, np.int32),
            np.ascontiguousarray(seats, np.int32),
        )
        spec, role = batch.game.spec, batch.game.spec.roles[seats[0]]
        width = len(spec.features_of(role))
        self._memories = np.zeros(len(games), batch.game.memory)
        self._seen, self._exact = np.zeros(width, np.float32), np.zeros(width, np.float64)
        self._mask = np.zeros(len(spec.actions_of(role)), np.uint8)
        self._decide = program_of(batch.game, mode).driver("bots", bot)

    def act(self, actions: NDArray[np.int32]) -> None:
        """Fills this bot's places in actions (n, seats); a fresh episode begins with a fresh memory."""
        fresh = self._batch.fresh[self._games]
        if fresh.any():
            self._memories[fresh] = np.zeros((), self._memories.dtype)
            salt = (self._seats[fresh].astype(np.uint64) + np.uint64(1)) * _SALT
            self._memories["rng"][fresh] = mix(self._batch.seeds[self._games[fresh]] ^ salt)
        self._decide(
            self._batch.states,
            self._batch.running,
            self._games,
            self._seats,
            self._memories,
            self._seen,
            self._exact,
            self._mask,
            actions,
        )
