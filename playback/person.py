"""People as agents: somebody at the keyboard, and somebody who may take over an agent's seat at any time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..agents.seats import Agent
from ..games.batch import Batch, Rows
from ..games.contract import Game
from .keyboard import Bindings, Keyboard

AWAY_SECONDS = 3.0  # after which an agent takes its seat back


class PersonAgent:
    """Acts in every tick with the keys that are held. Keys mean field directions: right is right in every seat."""

    def __init__(self, keyboard: Keyboard, bindings: Bindings, name: str = "You") -> None:
        self.name, self._keyboard, self._bindings = name, keyboard, bindings

    def period(self, game: Game) -> int:
        return 1

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        """UserError is never raised: whatever the keys say, a legal action is taken."""
        self._batch, self._rows, self._seat = batch, (games, seats), int(seats[0])
        spec = batch.game.spec
        count = len(spec.actions_of(spec.roles[self._seat]))
        idle = [action for action in range(count) if action not in self._bindings.chords.values()]
        self._idle = idle[0] if idle else None  # a title without an idle action keeps its course, as Snake does
        self._last = idle[0] if idle else 0

    @property
    def is_active(self) -> bool:
        return self._bindings.action(self._keyboard.held()) is not None

    def decide(self, actions: NDArray[np.int32]) -> None:
        rest = self._last if self._idle is None else self._idle
        pressed = self._bindings.actions(self._keyboard.held()) or [rest]
        spec = self._batch.game.spec
        mask = self._batch.masks(*self._rows)[0]
        choices = [spec.field_action(self._seat, action) for action in (*pressed, self._last, rest)]
        chosen = next((action for action in choices if mask[action]), int(mask.argmax()))
        self._last = spec.field_action(self._seat, chosen)
        actions[self._rows] = chosen


class Takeover:
    """An agent that yields its seat to a person who touches a key, and comes back when the keys have been still for a while.

    The agent looks on meanwhile, so its memory and its stack of frames stay right.
    """

    def __init__(self, agent: Agent, person: PersonAgent) -> None:
        self.agent, self.person, self.name = agent, person, agent.name
        self._left = 0  # ticks until the agent comes back

    @property
    def is_taken(self) -> bool:
        return self._left > 0

    def period(self, game: Game) -> int:
        return 1

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._batch, self._rows, self._left, self.name = batch, (games, seats), 0, self.agent.name
        self._ticks, self._period = 0, self.agent.period(batch.game)
        self._agents_choice = np.zeros((batch.num_games, batch.seats), np.int32)
        self.agent.sit(batch, games, seats)
        self.person.sit(batch, games, seats)

    def decide(self, actions: NDArray[np.int32]) -> None:
        if self._ticks % self._period == 0:
            self.agent.decide(self._agents_choice)
        self._ticks += 1
        spec = self._batch.game.spec
        self._left = round(AWAY_SECONDS * spec.tick_rate) if self.person.is_active else max(0, self._left - 1)
        self.name = self.person.name if self.is_taken else self.agent.name
        if self.is_taken:
            self.person.decide(actions)
        else:
            actions[self._rows] = self._agents_choice[self._rows]
