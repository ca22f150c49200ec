"""Somebody who shows what it would do in the learners' place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..agents.seats import Agent, Weighs
from ..games.batch import Batch, Rows
from ..games.snapshot import State
from .seating import remembering


class Teacher:
    """An agent that watches the learners' rows of a batch and never acts."""

    def __init__(self, agent: Agent, batch: Batch, games: Rows, seats: Rows) -> None:
        self._agent, self._batch, self._games, self._seats = agent, batch, games, seats
        self._choices = np.zeros((batch.num_games, batch.seats), np.int32)
        spec = batch.game.spec
        self._certain = np.eye(len(spec.actions_of(spec.roles[seats[0]])), dtype=np.float32)

    def sit(self) -> None:
        """Begins to watch, when all episodes begin."""
        self._agent.sit(self._batch, self._games, self._seats)

    def show(self) -> NDArray[np.float32]:
        """(rows, actions): how likely it would now take which action; to be asked once for every decision, because it remembers
        what it saw. A policy tells what it makes of each, so that the learner need not guess at a coin's toss; others are certain.
        """
        if isinstance(self._agent, Weighs) and self._agent.weighs:
            return self._agent.chances()
        self._agent.decide(self._choices)
        return self._certain[self._choices[self._games, self._seats]]

    def state(self) -> State:
        """A snapshot of what it remembers."""
        return remembering(self._agent).state()

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot, instead of `sit`."""
        self.sit()
        remembering(self._agent).set_state(state)
