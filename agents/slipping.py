"""A scripted player whose hand slips: now and then it does something else for a while. Stepping stones between a title's bots."""

from __future__ import annotations

import numpy as np

from ..games.batch import Batch, Rows
from ..games.contract import Game
from ..games.snapshot import State
from .seats import Actions, BotAgent

HOLD_SECONDS = 0.25  # for which a slip lasts: single decisions that go astray average out


class SlippingAgent:
    """The bot of a level that acts by chance for a share of the time, 0 to 1, a quarter of a second each time; legally, and seeded."""

    def __init__(self, level: str, share: float, *, seed: int = 0) -> None:
        self.name, self._share, self._bot = f"{level}~{share:g}", share, BotAgent(level)
        self._rng = np.random.default_rng(seed)

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._bot.sit(batch, games, seats)
        self._batch, self._games, self._seats = batch, games, seats
        self._left, self._action = np.zeros(
            (2, len(games)), np.int64
        )  # decisions of the slip that are left, and what is done
        spec = batch.game.spec
        self._length = max(1, round(HOLD_SECONDS * spec.tick_rate / spec.decision_ticks))

    def decide(self, actions: Actions) -> None:
        self._bot.decide(actions)
        masks = self._batch.masks(self._games, self._seats)
        chance = self._share / (
            self._length - self._share * (self._length - 1)
        )  # to begin one, so that the share comes out
        begins = (self._left == 0) & (self._rng.random(len(masks)) < chance)
        wild = np.argmax(self._rng.random(masks.shape) * masks, axis=1)
        self._left[begins], self._action[begins] = self._length, wild[begins]
        legal = masks[np.arange(len(masks)), self._action] > 0
        slips = self._left > 0
        chosen = np.where(legal, self._action, wild)
        actions[self._games[slips], self._seats[slips]] = chosen[slips]
        self._left[slips] -= 1

    def state(self) -> State:
        return {
            "bot": self._bot.state(), "left": self._left.copy(), "action": self._action.copy(), "rng": self._rng.bit_generator.state,
        }  # fmt: skip

    def set_state(self, state: State) -> None:
        self._bot.set_state(state["bot"])
        self._left, self._action = state["left"].copy(), state["action"].copy()
        self._rng.bit_generator.state = state["rng"]
