"""The torch-free core under every environment: a batch of games, learners in some seats, opponents in the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.policy_agent import PolicyAgent
from ..agents.seats import Agent, Watches, legal_actions
from ..errors import UserError
from ..games.batch import Batch
from ..games.contract import Game
from ..games.observation import Observation, Observer, ObsSpec
from ..games.rng import mix
from ..games.snapshot import State, copied, restore
from .seating import Opponent, Players, remembering, seat_players
from .shaping import Others, Potential, Shaper
from .teacher import Teacher

_KEPT = ("rewards", "terminated", "truncated", "_lengths")


@dataclass(frozen=True)
class Ended:
    """The learners' rows whose episode ended in a step, (k,) int; their last observation, score, decisions and event counts.

    `cut` (k,) bool: the time was up, while the game went on.
    """

    rows: NDArray[np.intp]
    final_obs: Observation
    scores: NDArray[np.float32]
    lengths: NDArray[np.int32]
    event_counts: NDArray[np.int32]
    cut: NDArray[np.bool_]


class Arena:
    """`num_rows` learners. After `reset` and `step`, `obs` holds (rows, ...) arrays that stay intact for one more step.

    `illegal`: what becomes of an action that the title's mask forbids: "replace" puts the first legal one in its place, because
    stock learners know no masks; "refuse" raises a UserError. `potential` shapes the reward (Ng et al. 1999): it maps features
    (rows, n), followed by those that seats of other teams perceive, to values whose discounted change is added. `players`: who
    bears a name of `opponent` that is no bot's and no file's; called with the role of the seats. `teacher`: an agent that shows
    what it would do in the learners' place.
    """

    def __init__(
        self,
        game: Game,
        num_rows: int,
        *,
        obs: ObsSpec,
        opponent: Opponent | Mapping[str, float] = "hard",
        seat: int | str = 0,
        seats: int | None = None,
        threads: int = 1,
        max_ticks: int = 0,
        potential: Potential | None = None,
        gamma: float = 0.99,
        fresh_arrays: bool = False,
        autoreset: str = "same",
        illegal: str = "replace",
        players: Players | None = None,
        teacher: Agent | None = None,
    ) -> None:
        seating = seat_players(game, num_rows, opponent, obs=obs, seat=seat, seats=seats, players=players)
        self.game, self.num_rows, self.obs_spec, self._autoreset = game, num_rows, obs, autoreset
        self.batch = Batch(game, seating.num_games, seats=seating.seats, threads=threads, max_ticks=max_ticks)
        self.games, self.seats = seating.learners
        self.role = game.spec.roles[self.seats[0]]
        self.opponents = seating.opponents
        for agent in [teacher, *(agent for agent, _, _ in self.opponents)]:
            if isinstance(agent, PolicyAgent):
                agent.keep_to_decisions()
        self.teacher = Teacher(teacher, self.batch, self.games, self.seats) if teacher else None
        self.observer = Observer(self.batch, obs, self.games, self.seats, fresh_arrays=fresh_arrays)
        self._place = (self.games * seating.seats + self.seats).astype(
            np.intp
        )  # of each row in a flat (games, seats) array
        self._actions = np.zeros((seating.num_games, seating.seats), np.int32)
        self._lengths = np.zeros(seating.num_games, np.int32)
        if illegal not in ("replace", "refuse"):
            raise UserError(f"illegal is 'replace' or 'refuse'; got {illegal!r}.")
        self._replaces = illegal == "replace" and game.legal is not None
        self.others = Others(self.batch, self.games, self.seats)
        self.shaper = Shaper(self.batch, self.games, self.seats, potential, gamma) if potential else None
        self.rewards = np.zeros(num_rows, np.float32)
        self.terminated, self.truncated = np.zeros(num_rows, bool), np.zeros(num_rows, bool)

    def reset(self, seed: int | NDArray[np.uint64]) -> None:
        """Starts all episodes; everything that follows is a function of `seed` (one, or one for each row) and the actions."""
        if isinstance(seed, np.ndarray):
            self.batch.reset_to(mix(seed[np.unique(self.games, return_index=True)[1]]))
        else:
            self.batch.reset(seed)
        for agent, games, seats in self.opponents:
            agent.sit(self.batch, games, seats)
        if self.teacher:
            self.teacher.sit()
        self._lengths[:] = 0
        self.obs = self.observer.observe()
        if self.shaper:
            self.shaper.start()

    def step(self, actions: NDArray[Any]) -> Ended | None:
        """One decision of every learner, (rows,). Fills `rewards`, `terminated`, `truncated` and `obs`; returns what ended.

        autoreset "same": games that end begin anew at once, and `obs` is their first observation; "next": they begin anew in
        the following step, whose actions they ignore; "off": they stand still until `reset`.
        """
        batch, moving = self.batch, self.batch.running.copy()
        self._actions.reshape(-1)[self._place] = self._row_of(actions)
        for agent, _, _ in self.opponents:
            agent.decide(self._actions)
        batch.step(self._actions)
        self._lengths += moving
        self.rewards = batch.rewards.reshape(-1)[self._place]
        self.terminated, self.truncated = batch.terminated[self.games], batch.truncated[self.games]
        if self.shaper:
            self.rewards += self.shaper.bonus(self.terminated | self.truncated) * moving[self.games]
        over = moving & ~batch.running
        ended = self._collect(over)
        self._restart({"same": over, "next": ~moving}.get(self._autoreset))
        self.obs = self.observer.observe()
        return ended

    def _restart(self, where: NDArray[np.bool_] | None) -> None:
        if where is None or not where.any():
            return
        self._lengths[where] = 0
        self.batch.restart(where)
        if self.shaper:
            self.shaper.start()

    def state(self) -> State:
        """A snapshot of the games, the opponents and all observers. UserError: an opponent's memory cannot be saved."""
        return {
            **copied(self, _KEPT),
            "batch": self.batch.state(),
            "observer": self.observer.state(),
            "opponents": [remembering(agent).state() for agent, _, _ in self.opponents],
            "shaper": self.shaper.state() if self.shaper else {},
            "teacher": self.teacher.state() if self.teacher else {},
        }

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot of an equally built arena, instead of `reset`. UserError: it does not fit."""
        restore(self, _KEPT, state)
        self.batch.set_state(state["batch"])
        self.observer.set_state(state["observer"])
        self.obs = self.observer.seen()
        for (agent, games, seats), memory in zip(self.opponents, state["opponents"], strict=True):
            agent.sit(self.batch, games, seats)
            remembering(agent).set_state(memory)
        if self.teacher:
            self.teacher.set_state(state["teacher"])
        if self.shaper:
            self.shaper.set_state(state["shaper"])

    def masks(self) -> NDArray[np.uint8]:
        """(rows, actions) uint8: 1 where an action is legal."""
        return self.observer.masks()

    def _row_of(self, actions: NDArray[Any]) -> NDArray[Any]:
        actions = np.asarray(actions)
        if actions.shape != (self.num_rows,) or actions.dtype.kind not in "iu":
            raise UserError(
                f"actions are {self.num_rows} integers, one for each row; got {actions.shape} {actions.dtype}."
            )
        return legal_actions(actions, self.masks()) if self._replaces else actions

    def _collect(self, over: NDArray[np.bool_]) -> Ended | None:
        if not over.any():
            return None
        for agent, _, _ in self.opponents:
            if isinstance(agent, Watches):
                agent.ended(over)
        rows = np.flatnonzero(over[self.games])
        games = self.games[rows]
        scores = self.batch.returns.reshape(-1)[self._place[rows]]
        cut = self.batch.truncated[games] & ~self.batch.terminated[games]
        return Ended(rows, self.observer.peek(rows), scores, self._lengths[games], self.batch.event_counts[games], cut)
