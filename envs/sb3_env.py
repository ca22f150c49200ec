"""Many games as a Stable-Baselines3 `VecEnv`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ..agents.seats import Agent
from ..errors import UserError
from ..games.contract import Game
from ..games.observation import ObsSpec
from ..games.snapshot import State
from .arena import Arena, Ended
from .gym_env import episode_info
from .options import game_of, metadata_of, obs_of, render_mode_of
from .rendering import Renderer
from .seating import Opponent, Players
from .shaping import Potential, features_of
from .spaces import action_space, observation_space


class SB3VecEnv(VecEnv):
    """`num_envs` learners; the options are those of `GameVectorEnv`, `players` and `teacher` those of `Arena`.

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
        players: Players | None = None,
        teacher: Agent | None = None,
    ) -> None:
        self.game, self.render_mode = game_of(game), render_mode_of(render_mode)
        self.arena = Arena(
            self.game, num_envs, obs=obs_of(obs, stack, size), opponent=opponent, seat=seat, seats=seats, threads=threads,
            max_ticks=max_ticks, potential=potential, gamma=gamma, illegal=illegal, players=players, teacher=teacher,
        )  # fmt: skip
        self.metadata = metadata_of(self.game)
        self._renderer = Renderer(self.arena.batch, self.render_mode)
        self._started = time.time()
        super().__init__(
            num_envs,
            observation_space(self.game, self.arena.role, self.arena.obs_spec),
            action_space(self.game, self.arena.role),
        )

    def reset(self) -> Any:
        seeds = [seed for seed in self._seeds if seed is not None]
        self.arena.reset(seeds[0] if seeds else int(np.random.default_rng().integers(2**63)))
        self._reset_seeds()
        self.reset_infos = [{}] * self.num_envs
        return self.arena.obs

    def step_async(self, actions: NDArray[Any]) -> None:
        self._pending = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        ended = self.arena.step(self._pending)
        infos = Infos(self, ended)
        return self.arena.obs, self.arena.rewards, self.arena.terminated | self.arena.truncated, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """(num_envs, actions) bool: 1 where an action is legal."""
        return self.arena.masks().astype(bool)

    def features(self) -> NDArray[np.float32]:
        """(num_envs, features): the title's features of what is observed now, whatever the observation is."""
        return features_of(self.arena.batch, self.arena.games, self.arena.seats)

    def others(self) -> NDArray[np.float32]:
        """(num_envs, k): what the seats of other teams perceive now, as features, one after another. No agent sees it in play.

        Raises UserError where nobody else plays.
        """
        seen = self.arena.others.features()
        if not seen.shape[1]:
            raise UserError(
                f"{self.game.name} is played alone, so nobody else perceives anything; leave belief_coef and asymmetric_critic out."
            )
        return seen

    def shown(self) -> NDArray[np.float32]:
        """(num_envs, actions): how likely the teacher would now take which action; to be asked once for every decision.

        Raises UserError where there is none.
        """
        if self.arena.teacher is None:
            raise UserError("nobody shows what to do; give the environment a teacher, or leave teacher_coef out.")
        return self.arena.teacher.show()

    def get_state(self) -> State:
        """A snapshot of all games, opponents and observers: nested dicts of arrays and plain values (see `games.snapshot`)."""
        return self.arena.state()

    def set_state(self, state: State) -> Any:
        """Goes on from a snapshot of an equally built environment, instead of `reset`; returns the observations at that moment.

        Raises UserError where the snapshot does not fit.
        """
        self.arena.set_state(state)
        self.reset_infos = [{}] * self.num_envs
        return self.arena.obs

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

    def final_info(self, ended: Ended, index: int) -> dict[str, Any]:
        """What SB3 expects of the episode at this place of `ended`."""
        facts, final = episode_info(self.arena, ended, index), ended.final_obs
        return {
            **facts,
            "episode": {"r": facts["score"], "l": facts["length"], "t": time.time() - self._started},
            "terminal_observation": {k: v[index] for k, v in final.items()}
            if isinstance(final, dict)
            else final[index],
            "TimeLimit.truncated": bool(ended.cut[index]),
        }


class Infos(list[dict[str, Any]]):
    """The infos of one step, (num_envs,), made when they are first looked at; `ended` holds the same in arrays."""

    def __init__(self, env: SB3VecEnv, ended: Ended | None) -> None:
        super().__init__([{}] * env.num_envs)
        self.ended = ended
        self._env, self._waiting = env, ended is not None

    def __getitem__(self, index: Any) -> Any:
        self._fill()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._fill()
        return super().__iter__()

    def _fill(self) -> None:
        if self._waiting and self.ended is not None:
            self._waiting = False
            for index, row in enumerate(self.ended.rows):
                self[row] = self._env.final_info(self.ended, index)
