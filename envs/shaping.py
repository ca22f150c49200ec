"""Rewards shaped by how well the learners stand, and what others perceive, which helps to tell it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..games.batch import Batch, Rows
from ..games.snapshot import State

Potential = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Others:
    """What the seats of other teams perceive in the games of some (game, seat) rows."""

    def __init__(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._batch, self._games = batch, games
        teams = np.array(batch.game.spec.teams[: batch.seats])
        table = {seat: np.flatnonzero(teams != teams[seat]).astype(np.int32) for seat in np.unique(seats)}
        self._seats = np.array([table[seat] for seat in seats]).T  # (others, rows)

    def features(self) -> NDArray[np.float32]:
        """(rows, k): their features now, one seat after another; k is 0 where nobody else plays."""
        seen = [features_of(self._batch, self._games, np.ascontiguousarray(seats)) for seats in self._seats]
        return np.concatenate(seen, 1) if seen else np.zeros((len(self._games), 0), np.float32)


class Shaper:
    """Potential-based shaping (Ng et al. 1999) over the learners' features and those of others."""

    weight = 1.0

    def __init__(self, batch: Batch, games: Rows, seats: Rows, potential: Potential, gamma: float) -> None:
        self._batch, self._games, self._seats = batch, games, seats
        self._others, self._potential, self._gamma = Others(batch, games, seats), potential, gamma

    def start(self) -> None:
        self._value = self._now()

    def state(self) -> State:
        return {"value": self._value.copy()}

    def set_state(self, state: State) -> None:
        self._value = state["value"].copy()

    def bonus(self, ended: NDArray[np.bool_]) -> NDArray[np.float32]:
        """gamma * value(now) - value(before), (rows,) float32, with nothing to hope for after the end."""
        before, self._value = self._value, self._now()
        return (self.weight * (self._gamma * np.where(ended, 0.0, self._value) - before)).astype(np.float32)

    def _now(self) -> NDArray[np.float32]:
        own = features_of(self._batch, self._games, self._seats)
        return np.asarray(self._potential(np.concatenate([own, self._others.features()], 1)), np.float32)


def features_of(batch: Batch, games: Rows, seats: Rows) -> NDArray[np.float32]:
    """(rows, n): the title's features of (game, seat) rows that are all of one role."""
    out = np.zeros((len(games), len(batch.game.spec.features_of(batch.game.spec.roles[seats[0]]))), np.float32)
    batch.see_features(games, seats, out)
    return out
