"""What can sit in a seat: an agent watches its rows of a batch and writes actions into a step.

A row is a (game, seat) pair. `sit` gives an agent its rows when a match begins; `decide` fills their places in the actions,
seat-relative, once in every `period` ticks. A person is an agent as well (see `npckit.playback`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.batch import Batch, Rows
from ..games.contract import Game
from ..games.observation import Observation, Observer, ObsSpec
from ..games.scripted import ScriptedPlayers
from ..games.snapshot import State
from .policy_agent import PolicyAgent
from .policy_file import PolicyFile, shipped

Actions = NDArray[np.int32]


class Agent(Protocol):
    """Anything that plays."""

    name: str

    def period(self, game: Game) -> int:
        """Ticks between decisions."""

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        """Takes its rows, all of one role, in a batch whose episodes have just begun."""

    def decide(self, actions: Actions) -> None:
        """Writes this agent's choice for each of its rows into actions (n, seats)."""


@runtime_checkable
class Remembers(Protocol):
    """An agent whose memory can be saved, so that what it takes part in can be gone on with exactly."""

    def state(self) -> State:
        """A snapshot (see `games.snapshot`), once it sits."""

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot, in the same seats of an equal batch. Raises UserError where it does not fit."""


@runtime_checkable
class Partial(Agent, Remembers, Protocol):
    """An agent that can decide for some of its rows alone; it may be asked for others later, once their episodes begin anew."""

    def decide_some(self, actions: Actions, rows: NDArray[np.intp]) -> None:
        """As `decide`, for rows that are given by their places in what `sit` was given."""


@runtime_checkable
class Weighs(Protocol):
    """An agent that may tell how likely it is to take which action."""

    @property
    def weighs(self) -> bool:
        """Whether it can, once it sits."""

    def chances(self) -> NDArray[np.float32]:
        """(rows, actions); asked for instead of `decide`."""


@runtime_checkable
class Watches(Protocol):
    """An agent that wants to know how games end."""

    def ended(self, over: NDArray[np.bool_]) -> None:
        """`over` (games,): these have just ended, and their last states are still there."""


class BotAgent:
    """A scripted player of the title."""

    def __init__(self, level: str) -> None:
        self.name = level

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        bot = batch.game.bot(self.name, batch.game.spec.roles[seats[0]])
        self._players = ScriptedPlayers(batch, bot, games, seats)

    def decide(self, actions: Actions) -> None:
        self._players.act(actions)

    def decide_some(self, actions: Actions, rows: NDArray[np.intp]) -> None:
        self._players.act(actions, rows)

    def state(self) -> State:
        return self._players.state()

    def set_state(self, state: State) -> None:
        self._players.set_state(state)


class RandomAgent:
    """Chooses among the legal actions by chance: the floor that every other player is measured from."""

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._batch, self._games, self._seats = batch, games, seats

    def decide(self, actions: Actions) -> None:
        self.decide_some(actions, np.arange(len(self._games)))

    def decide_some(self, actions: Actions, rows: NDArray[np.intp]) -> None:
        games, seats = self._games[rows], self._seats[rows]
        masks = self._batch.masks(games, seats)
        actions[games, seats] = np.argmax(self._rng.random(masks.shape) * masks, axis=1)

    def state(self) -> State:
        return {"rng": self._rng.bit_generator.state}

    def set_state(self, state: State) -> None:
        self._rng.bit_generator.state = state["rng"]


class CallableAgent:
    """Any function from a batch of observations to a batch of actions; one that knows no masks gets legal ones in their place."""

    def __init__(self, function: Callable[[Observation], Any], obs: ObsSpec, name: str = "callable") -> None:
        self.name, self._function, self._obs = name, function, obs

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._observer = Observer(batch, self._obs, games, seats)

    def decide(self, actions: Actions) -> None:
        chosen = np.asarray(self._function(self._observer.observe()))
        if chosen.shape != (len(self._observer.games),):
            raise UserError(
                f"{self.name} must return one action for each of {len(self._observer.games)} rows; got {chosen.shape}."
            )
        legal = legal_actions(chosen, self._observer.masks()) if self._observer.batch.game.legal else chosen
        actions[self._observer.games, self._observer.seats] = legal

    def state(self) -> State:
        """What the function was shown; what it remembers by itself stays its own."""
        return {"observer": self._observer.state()}

    def set_state(self, state: State) -> None:
        self._observer.set_state(state["observer"])


def legal_actions(actions: NDArray[Any], masks: NDArray[np.uint8]) -> NDArray[Any]:
    """(rows,) actions, with the first legal one where a mask forbids the chosen; what is no action at all stays, to be refused.

    >>> legal_actions(np.array([1, 1, 9]), np.array([[1, 0], [1, 1], [1, 1]], np.uint8)).tolist()
    [0, 1, 9]
    """
    exists = (actions >= 0) & (actions < masks.shape[1])
    allowed = masks[np.arange(len(actions)), np.where(exists, actions, 0)]
    forbidden = np.flatnonzero(exists & (allowed == 0))
    legal = actions.copy()
    legal[forbidden] = np.argmax(masks[forbidden], axis=1)
    return legal


def agent_named(name: str, game: Game, *, seed: int = 0) -> Agent:
    """`random`, the level of a bot, or a policy: a file's path, or a name in the zoo, `@` and a level of its ladder if wanted."""
    if name == "random":
        return RandomAgent(seed)
    if name in game.bots:
        return BotAgent(name)
    if is_policy(name):
        return policy_named(name, seed=seed)
    known = ", ".join(["random", *game.bots, *shipped()])
    raise UserError(f"{game.name} has no player {name!r}; use one of {known}, or the path of an .onnx policy file.")


def is_policy(name: str) -> bool:
    """Whether a name means a policy: what it is called without its level ends in .onnx, or lies in the zoo.

    >>> is_policy("runs/a/policy.onnx@3"), is_policy("hard")
    (True, False)
    """
    file = split_level(name)[0]
    return file.endswith(".onnx") or file in shipped()


def split_level(name: str) -> tuple[str, str]:
    """A policy's name and what stands behind the last `@`, empty where there is none.

    >>> split_level("pong@4"), split_level("pong")
    (('pong', '4'), ('pong', ''))
    """
    file, _, level = name.rpartition("@") if "@" in name and not Path(name).is_file() else (name, "", "")
    return file, level


def policy_named(name: str, *, seed: int = 0) -> PolicyAgent:
    """A policy by its file's path or its name in the zoo, at full strength or, behind `@`, at a level. Raises UserError."""
    file, level = split_level(name)
    agent = PolicyAgent(PolicyFile.load(file), seed=seed)
    if file == name:
        return agent
    if not level.isdecimal():
        raise UserError(f"{name} names no level; write the number of one behind the @, like {file}@4.")
    return agent.at_level(int(level))
