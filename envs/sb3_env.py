"""Many games as a Stable-Baselines3 `VecEnv`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ..games.contract import Game
from ..games.observation import ObsSpec
from .arena import Arena, Ended, Potential
from .gym_env import episode_info
from .options import game_of, metadata_of, obs_of, render_mode_of
from .rendering import Renderer
from .seating import Opponent
from .spaces import action_space, observation_space


class SB3VecEnv(VecEnv):
    """`num_envs` learners; the options are those of `GameVectorEnv`.

    At an end `infos[i]` holds what SB3 expects (`episode`, `terminal_observation`, `TimeLimit.truncated`) with the title's
    `score`, `perf` and `events`. Environments that go on share one empty dict. Observations stay intact for one more step,
    because SB3 stores them one step late.
    """

    def __init__(
        self,
        game: Game | str | Path,
        num_envs: int = 1,
        *,
        obs: str | ObsSpec = "features",
        stack: int = 0,
        size: tuple[int, int] = (64, 64),
        opponent: Opponent | Mapping[str, float] = "hard",
        seat: int | str = 0,
        seats: int | None = None,
        render_mode: str | None = None,
        potential: Potential | None = None,
        gamma: float = 0.99,
        max_ticks: int = 0,
        illegal: str = "replace",
        threads: int = 1,
    ) -> None:
        self.game, self.render_mode = game_of(game), render_mode_of(render_mode)
        self.arena = Arena(
            self.game, num_envs, obs=obs_of(obs, stack, size), opponent=opponent, seat=seat, seats=seats, threads=threads,
            max_ticks=max_ticks, potential=potential, gamma=gamma, illegal=illegal,
        )  # fmt: skip
        self.metadata = metadata_of(self.game)
        self._renderer = Renderer(self.arena.batch, self.render_mode)
        self._started = time.time()
        self._quiet: dict[str, Any] = {}
        super().__init__(
            num_envs,
            observation_space(self.game, self.arena.role, self.arena.obs_spec),
            action_space(self.game, self.arena.role),
        )

    def reset(self) -> Any:
        seeds = [seed for seed in self._seeds if seed is not None]
        self.arena.reset(seeds[0] if seeds else int(np.random.default_rng().integers(2**63)))
        self._reset_seeds()
        self.reset_infos = [self._quiet] * self.num_envs
        return self.arena.obs

    def step_async(self, actions: NDArray[Any]) -> None:
        self._pending = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        ended = self.arena.step(self._pending)
        infos = [self._quiet] * self.num_envs
        if ended is not None:
            for index, row in enumerate(ended.rows):
                infos[row] = self._final_info(ended, index, row)
        return self.arena.obs, self.arena.rewards, self.arena.terminated | self.arena.truncated, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """(num_envs, actions) bool: 1 where an action is legal."""
        return self.arena.masks().astype(bool)

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        return [self._renderer.render()]

    def render(self, mode: str | None = None) -> NDArray[np.uint8] | None:
        """A picture of the first game."""
        return self._renderer.render()

    def close(self) -> None:
        self._renderer.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """sb3-contrib asks for `action_masks` this way; one row for each environment is returned."""
        result = getattr(self, method_name)(*args, **kwargs)
        rows = list(self._get_indices(indices))
        return [result[row] for row in rows] if method_name == "action_masks" else [result] * len(rows)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        from stable_baselines3.common.monitor import Monitor

        # episodes are reported in infos as Monitor does it, so nobody needs to wrap us in one
        return [wrapper_class is Monitor] * len(list(self._get_indices(indices)))

    def _final_info(self, ended: Ended, index: int, row: int) -> dict[str, Any]:
        facts, final = episode_info(self.arena, ended, index), ended.final_obs
        return {
            **facts,
            "episode": {"r": facts["score"], "l": facts["length"], "t": time.time() - self._started},
            "terminal_observation": {k: v[index] for k, v in final.items()}
            if isinstance(final, dict)
            else final[index],
            "TimeLimit.truncated": bool(self.arena.truncated[row] and not self.arena.terminated[row]),
        }
