"""A pool of opponents: bots, policy files and snapshots of the learner, of whom one is drawn for every game that begins.

Each member decides for all of its games in one call. How the learner fares against each is followed, and decides who is drawn
when sampling is "pfsp": prioritised fictitious self-play (Vinyals et al. 2019), hard opponents more often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.batch import Batch, Rows
from ..games.contract import Game
from ..games.snapshot import State, overwrite
from .seats import Actions, Partial

MEMORY = 200  # games that a win rate looks back on, about
SURE = 50  # games after which it counts
FALL = 0.15  # of a win rate from its best that is a thing forgotten
FLOOR = 0.05  # of the draws, shared out evenly, so that nobody is lost sight of


@dataclass
class Form:
    """How the learner fares against one member: points of its last games, older ones counting less and less."""

    points: float = 0.0
    games: float = 0.0  # as far as they count
    played: int = 0
    best: float = 0.0

    def add(self, points: float) -> None:
        """One game: 1 won, one half drawn, 0 lost."""
        keep = 1 - 1 / MEMORY
        self.points, self.games, self.played = keep * self.points + points, keep * self.games + 1, self.played + 1
        if self.games >= SURE:
            self.best = max(self.best, self.rate)

    @property
    def rate(self) -> float:
        """The win rate, drawn to one half by a game or two that were never played.

        >>> Form().rate, Form(points=8.0, games=8.0).rate
        (0.5, 0.9)
        """
        return (self.points + 1) / (self.games + 2)

    @property
    def fallen(self) -> float:
        """How far it is below its best."""
        return max(self.best - self.rate, 0.0)


def uniform(forms: list[Form]) -> NDArray[np.float64]:
    return np.ones(len(forms))


def recent(forms: list[Form]) -> NDArray[np.float64]:
    """The newest as often as it is old in members: 1, 2, 3, ..."""
    return np.arange(1.0, len(forms) + 1)


def prioritized(forms: list[Form]) -> NDArray[np.float64]:
    """(1 - win rate) squared."""
    return np.array([(1 - form.rate) ** 2 for form in forms])


SAMPLING: Mapping[str, Callable[[list[Form]], NDArray[np.float64]]] = {
    "uniform": uniform,
    "recent": recent,
    "pfsp": prioritized,
}


class Pool:
    """An agent whose games are played by its members, one drawn for each game as it begins. `forms` tells of each, oldest first.

    `member` makes the agent that a name stands for.
    """

    name = "pool"

    def __init__(self, member: Callable[[str], Partial], *, sampling: str = "pfsp", seed: int = 0) -> None:
        if sampling not in SAMPLING:
            raise UserError(f"there is no sampling {sampling!r}; choose one of {', '.join(SAMPLING)}.")
        self._member, self._weigh = member, SAMPLING[sampling]
        self._rng = np.random.default_rng(seed)
        self._agents: list[Partial] = []
        self._batch: Batch | None = None
        self.forms: dict[str, Form] = {}

    def add(self, name: str) -> None:
        """A new member; games that begin later may be its own. Raises UserError where it cannot play here."""
        agent = self._member(name)
        if self._batch is not None:
            agent.sit(self._batch, self._games, self._seats)
        self._agents.append(agent)
        self.forms[name] = Form()

    def shares(self) -> NDArray[np.float64]:
        """(members,) how likely each is drawn."""
        if not self._agents:
            raise UserError("the pool of opponents is empty; give it members, or let it take snapshots of the learner.")
        weights = self._weigh(list(self.forms.values()))
        even = np.full(len(weights), 1 / len(weights))
        return FLOOR * even + (1 - FLOOR) * (weights / weights.sum() if weights.sum() > 0 else even)

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._batch, self._games, self._seats = batch, games, seats
        self._own, self._first = np.unique(games, return_index=True)
        self._owner = np.zeros(batch.num_games, np.int32)  # of each game: a place among the members
        for agent in self._agents:
            agent.sit(batch, games, seats)

    def decide(self, actions: Actions) -> None:
        assert self._batch is not None
        begun = self._own[self._batch.fresh[self._own]]
        if len(begun):
            self._owner[begun] = self._rng.choice(len(self._agents), len(begun), p=self.shares())
        owners = self._owner[self._games]
        for place in np.unique(owners):
            self._agents[place].decide_some(actions, np.flatnonzero(owners == place))

    def ended(self, over: NDArray[np.bool_]) -> None:
        """Counts how the learner fared; a game's first seat of ours speaks for all of them."""
        assert self._batch is not None
        forms = list(self.forms.values())
        ours = np.sign(self._batch.returns[self._own, self._seats[self._first]])
        for place in np.flatnonzero(over[self._own]):
            forms[self._owner[self._own[place]]].add(float(1 - ours[place]) / 2)

    def state(self) -> State:
        """Members, how the learner fares, who plays which game, what they remember, and the draws to come."""
        return {
            "forms": {name: asdict(form) for name, form in self.forms.items()},
            "owner": self._owner.copy(),
            "memories": [agent.state() for agent in self._agents],
            "rng": self._rng.bit_generator.state,
        }

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot; members that came after the beginning are made anew by their names."""
        for name, form in state["forms"].items():
            if name not in self.forms:
                self.add(name)
            self.forms[name] = Form(**form)
        overwrite(self._owner, state["owner"], "owner")
        for agent, memory in zip(self._agents, state["memories"], strict=True):
            agent.set_state(memory)
        self._rng.bit_generator.state = state["rng"]
