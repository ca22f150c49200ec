"""One game as a PettingZoo `ParallelEnv`: an agent for every seat."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pettingzoo import ParallelEnv

from ..agents.seats import legal_actions
from ..errors import UserError
from ..games.batch import Batch
from ..games.contract import Game
from ..games.observation import Observer, ObsSpec
from .options import game_of, metadata_of, obs_of, render_mode_of
from .rendering import Renderer
from .spaces import action_space, observation_space


def parallel_env(game: Game | str | Path, **options: Any) -> GameParallelEnv:
    """`GameParallelEnv(game, ...)`, by the name that PettingZoo's users look for."""
    return GameParallelEnv(game, **options)


class GameParallelEnv(ParallelEnv[str, Any, Any]):
    """Agents are called by their seats (`left`, `right`); every agent decides in every step.

    | option | meaning |
    |---|---|
    | obs, stack, size | as in `GameEnv` |
    | seats | how many seats are played, for titles that allow several counts |
    | max_ticks | truncates earlier than the title does |
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "npckit", "is_parallelizable": True}

    def __init__(
        self,
        game: Game | str | Path,
        *,
        obs: str | ObsSpec = "features",
        stack: int = 0,
        size: tuple[int, int] = (64, 64),
        seats: int | None = None,
        render_mode: str | None = None,
        max_ticks: int = 0,
    ) -> None:
        self.game, self.render_mode = game_of(game), render_mode_of(render_mode)
        spec = self.game.spec
        self.batch = Batch(self.game, 1, seats=seats, max_ticks=max_ticks)
        self.metadata = {**self.metadata, **metadata_of(self.game), "name": self.game.name}  # type: ignore[misc]
        self.possible_agents = list(spec.seat_names or [f"seat_{seat}" for seat in range(spec.max_seats)])[
            : self.batch.seats
        ]
        self.agents: list[str] = []
        obs_spec, first = obs_of(obs, stack, size), np.zeros(1, np.int32)
        roles = dict(zip(self.possible_agents, spec.roles, strict=False))
        self._observers = {
            name: Observer(self.batch, obs_spec, first, np.array([seat], np.int32), fresh_arrays=True)
            for seat, name in enumerate(self.possible_agents)
        }
        self.observation_spaces = {name: observation_space(self.game, role, obs_spec) for name, role in roles.items()}
        self.action_spaces = {name: action_space(self.game, role) for name, role in roles.items()}
        self._renderer, self._rng = Renderer(self.batch, self.render_mode), np.random.default_rng()

    def observation_space(self, agent: str) -> Any:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.batch.reset(int(self._rng.integers(2**63)))
        self.agents = self.possible_agents[:]
        return self._observe(), self._infos()

    def step(self, actions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Observations, rewards, terminations, truncations and infos, each by agent; at the end `agents` becomes empty."""
        missing = [name for name in self.agents if name not in actions]
        if missing or not self.agents:
            raise UserError(
                f"give an action for {', '.join(missing)}."
                if missing
                else "the episode is over; call reset() before step()."
            )
        chosen = np.array([actions[name] for name in self.agents])
        if self.game.legal is not None:
            masks = [self._observers[name].masks() for name in self.agents]
            chosen = np.concatenate([legal_actions(chosen[i : i + 1], mask) for i, mask in enumerate(masks)])
        self.batch.step(chosen[None])
        observations, batch = self._observe(), self.batch
        rewards = {name: float(reward) for name, reward in zip(self.agents, batch.rewards[0], strict=True)}
        terminations = dict.fromkeys(self.agents, bool(batch.terminated[0]))
        truncations = dict.fromkeys(self.agents, bool(batch.truncated[0]))
        infos = self._infos()
        if not batch.running[0]:
            self.agents = []
        if self.render_mode == "human":
            self._renderer.show()
        return observations, rewards, terminations, truncations, infos

    def render(self) -> Any:
        return self._renderer.render()

    def close(self) -> None:
        self._renderer.close()

    def _observe(self) -> dict[str, Any]:
        seen = {name: self._observers[name].observe() for name in self.agents}
        return {n: {k: v[0] for k, v in obs.items()} if isinstance(obs, dict) else obs[0] for n, obs in seen.items()}

    def _infos(self) -> dict[str, dict[str, Any]]:
        scores = self.batch.returns[0]
        infos: dict[str, dict[str, Any]] = {
            name: {"score": float(score)} for name, score in zip(self.agents, scores, strict=True)
        }
        if self.game.legal is not None:
            for name in self.agents:
                infos[name]["action_mask"] = self._observers[name].masks()[0]
        return infos
