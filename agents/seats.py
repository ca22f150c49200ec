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
from .card import Card
from .policy_file import PolicyFile, shipped
from .policy_file import State as Memory

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


class PolicyAgent:
    """A trained policy file. Greedy by default; a temperature above 0 samples, seeded."""

    def __init__(self, policy: PolicyFile, *, temperature: float = 0.0, seed: int = 0) -> None:
        self.policy, self.name = policy, Path(policy.path).stem
        self._temperature, self._rng = temperature, np.random.default_rng(seed)

    def period(self, game: Game) -> int:
        return self.policy.card.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._observer = Observer(
            batch, obs_of(self.policy.card, batch.game, batch.game.spec.roles[seats[0]]), games, seats
        )
        sizes = self.policy.card.recurrent
        self._memory: Memory = {name: np.zeros((len(games), *shape), np.float32) for name, shape in sizes}

    def decide(self, actions: Actions) -> None:
        self._decide(actions, slice(None), self._observer.observe())

    def decide_some(self, actions: Actions, rows: NDArray[np.intp]) -> None:
        self._decide(actions, rows, self._observer.observe_some(rows))

    def _decide(self, actions: Actions, rows: slice | NDArray[np.intp], seen: Observation) -> None:
        batch, games, seats = self._observer.batch, self._observer.games[rows], self._observer.seats[rows]
        memory = {name: values[rows] for name, values in self._memory.items()}
        for values in memory.values():
            values[batch.fresh[games]] = 0
        given, memory = self.policy.run(seen, memory)
        for name, values in memory.items():
            self._memory[name][rows] = values
        scores = np.where(batch.masks(games, seats) > 0, given, -np.inf)
        if self._temperature > 0:
            scores = scores / self._temperature + self._rng.gumbel(size=scores.shape)
        actions[games, seats] = np.argmax(scores, axis=1)

    def state(self) -> State:
        memory = {name: values.copy() for name, values in self._memory.items()}
        return {"observer": self._observer.state(), "memory": memory, "rng": self._rng.bit_generator.state}

    def set_state(self, state: State) -> None:
        self._observer.set_state(state["observer"])
        self._memory = {name: values.copy() for name, values in state["memory"].items()}
        self._rng.bit_generator.state = state["rng"]


def obs_of(card: Card, game: Game, role: str) -> ObsSpec:
    """The observation that a policy file was trained on; a UserError says why it does not fit this title and role."""
    spec = game.spec
    if (card.game, card.rules_version) != (spec.name, spec.version):
        raise UserError(
            f"this policy plays {card.game} rules version {card.rules_version}, not {spec.name} version {spec.version}; train one for it."
        )
    if card.role != role:
        raise UserError(f"this policy plays the role {card.role!r}; this seat is a {role!r}.")
    pixels = next(
        (part.frame_shape[1:] for part in card.observation.parts if card.observation.kind == "pixels"), (64, 64)
    )
    obs = ObsSpec(card.observation.kind, card.observation.stack, (pixels[0], pixels[1]))
    for part, told in zip(obs.parts, card.observation.parts, strict=True):
        shape = obs.frame_shape(game, role, part)
        if shape != told.frame_shape:
            raise UserError(
                f"this policy expects {part} frames of {told.frame_shape}; {spec.name} gives {shape}; export it anew."
            )
    return obs


def agent_named(name: str, game: Game, *, seed: int = 0) -> Agent:
    """`random`, the level of a bot, or a policy file (a path, or the name of one in the zoo)."""
    if name == "random":
        return RandomAgent(seed)
    if name in game.bots:
        return BotAgent(name)
    if name.endswith(".onnx") or name in shipped():
        return PolicyAgent(PolicyFile.load(name), seed=seed)
    known = ", ".join(["random", *game.bots, *shipped()])
    raise UserError(f"{game.name} has no opponent {name!r}; use one of {known}, or the path of an .onnx policy file.")
