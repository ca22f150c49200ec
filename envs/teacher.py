"""Somebody who shows what it would do in the learners' place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..agents.seats import Agent
from ..games.batch import Batch, Rows
from ..games.snapshot import State
from .seating import remembering


class Teacher:
    """An agent that watches the learners' rows of a batch and never acts."""

    def __init__(self, agent: Agent, batch: Batch, games: Rows, seats: Rows) -> None:
        self._agent, self._batch, self._games, self._seats = agent, batch, games, seats
        self._choices = np.zeros((batch.num_games, batch.seats), np.int32)

    def sit(self) -> None:
        """Begins to watch, when all episodes begin."""
        self._agent.sit(self._batch, self._games, self._seats)

    def show(self) -> NDArray[np.int32]:
        """(rows,): what it would do now. To be asked once for every decision, because it remembers what it saw."""
        self._agent.decide(self._choices)
        return self._choices[self._games, self._seats]

    def state(self) -> State:
        """A snapshot of what it remembers."""
        return remembering(self._agent).state()

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot, instead of `sit`."""
        self.sit()
        remembering(self._agent).set_state(state)
