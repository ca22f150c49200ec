"""Scripted players in the seats of a batch. They decide from features and mask alone, with a memory of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .batch import Batch, Rows
from .compiler import Mode
from .contract import Rule
from .program import program_of
from .rng import mix
from .snapshot import State, as_bytes, overwrite

_SALT = np.uint64(0x8CB92BA72F3D8DD7)  # keeps a bot's random numbers apart from the game's


class ScriptedPlayers:
    """One bot in some (game, seat) rows, all of one role: `act` writes its decisions into the actions of a step."""

    def __init__(self, batch: Batch, bot: Rule, games: Rows, seats: Rows, *, mode: Mode = "compiled") -> None:
        self._batch = batch
        self._games, self._seats = np.ascontiguousarray(games, np.int32), np.ascontiguousarray(seats, np.int32)
        spec = batch.game.spec
        shape = len(games), len(spec.features_of(spec.roles[seats[0]]))
        self._seen, self._exact = np.zeros(shape, np.float32), np.zeros(shape)
        self._memories = np.zeros(len(games), batch.game.memory)
        self._decide = program_of(batch.game, mode).driver("bots", bot)

    def state(self) -> State:
        """A snapshot of what the players remember."""
        return {"memories": as_bytes(self._memories).copy()}

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot of equal players. UserError: it does not fit."""
        overwrite(as_bytes(self._memories), state["memories"], "memories")

    def act(self, actions: NDArray[np.int32], rows: NDArray[np.intp] | None = None) -> None:
        """Fills this bot's places in actions (n, seats), or some of them; a fresh episode begins with a fresh memory."""
        if rows is None:
            self._act(self._games, self._seats, self._memories, self._seen, self._exact, actions)
            return
        memories = self._memories[rows]  # the driver wants them side by side
        self._act(
            self._games[rows], self._seats[rows], memories, self._seen[: len(rows)], self._exact[: len(rows)], actions
        )
        self._memories[rows] = memories

    def _act(self, games: Rows, seats: Rows, memories: Any, seen: Any, exact: Any, actions: NDArray[np.int32]) -> None:
        """Bots get float32 features in a float64 array, so that all ways of running them agree."""
        batch = self._batch
        fresh = batch.fresh[games]
        if fresh.any():
            memories[fresh] = np.zeros((), memories.dtype)
            salt = (seats[fresh].astype(np.uint64) + np.uint64(1)) * _SALT
            memories["rng"][fresh] = mix(batch.seeds[games[fresh]] ^ salt)

        batch.see_features(games, seats, seen)
        exact[:] = seen
        masks = batch.masks(games, seats)

        def run(lo: int, hi: int) -> None:
            part = slice(lo, hi)
            self._decide(batch.running, games[part], seats[part], memories[part], exact[part], masks[part], actions)

        batch.spread(len(games), run)
