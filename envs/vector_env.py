"""Many games as a Gymnasium `VectorEnv`, stepped in one compiled loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ..errors import UserError
from ..games.contract import Game
from ..games.observation import ObsSpec
from .arena import Arena, Ended
from .options import game_of, metadata_of, obs_of, render_mode_of
from .rendering import Renderer
from .seating import Opponent
from .shaping import Potential
from .spaces import action_space, observation_space


class GameVectorEnv(VectorEnv[Any, Any, Any]):
    """`num_envs` learners; the options are those of `GameEnv`, and:

    | option | meaning |
    |---|---|
    | opponent | also "learner": every seat learns, so that n environments are n / seats games; or shares {opponent: share} |
    | seat | also "alternate": learners take turns among the seats of their role |
    | autoreset_mode | `SAME_STEP` (the last observation is in `info["final_obs"]`) or `NEXT_STEP` |
    | copy | True: observations are new arrays; False: two buffers take turns, so one stays intact for one more step only |
    | threads | share the work among so many threads; results do not depend on it |
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
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        copy: bool = True,
        threads: int = 1,
    ) -> None:
        if num_envs < 1:
            raise UserError(f"num_envs is at least 1; got {num_envs}.")
        self.game, self.num_envs, self.render_mode = game_of(game), num_envs, render_mode_of(render_mode)
        self.autoreset_mode = _autoreset_mode(autoreset_mode)
        self.arena = Arena(
            self.game, num_envs, obs=obs_of(obs, stack, size), opponent=opponent, seat=seat, seats=seats, threads=threads,
            max_ticks=max_ticks, potential=potential, gamma=gamma, illegal=illegal, fresh_arrays=copy,
            autoreset="same" if self.autoreset_mode is AutoresetMode.SAME_STEP else "next",
        )  # fmt: skip
        self.metadata = {**metadata_of(self.game), "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = observation_space(self.game, self.arena.role, self.arena.obs_spec)
        self.single_action_space = action_space(self.game, self.arena.role)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._renderer = Renderer(self.arena.batch, self.render_mode)

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Starts all episodes from one seed, or from one for each environment. `options` is not used."""
        if seed is None or isinstance(seed, int):
            super().reset(seed=seed)
            self.arena.reset(int(self.np_random.integers(2**63)) if seed is None else seed)
        else:
            self.arena.reset(self._seeds(seed))
        return self.arena.obs, self._masks()

    def step(self, actions: NDArray[Any]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        arena = self.arena
        ended = arena.step(actions)
        info = self._masks() if ended is None else self._masks() | self._info(ended)
        return arena.obs, arena.rewards, arena.terminated, arena.truncated, info

    def render(self) -> tuple[Any, ...] | None:
        """A tuple with a picture of the first game, as Gymnasium's vector recorders expect one."""
        picture = self._renderer.render()
        return None if picture is None else (picture,)

    def close_extras(self, **kwargs: Any) -> None:
        self._renderer.close()

    def _seeds(self, seeds: Sequence[int]) -> NDArray[np.uint64]:
        if len(seeds) != self.num_envs:
            raise UserError(f"give one seed, or one for each of {self.num_envs} environments; got {len(seeds)}.")
        return np.array([seed % 2**64 for seed in seeds], np.uint64)

    def _masks(self) -> dict[str, Any]:
        return {"action_mask": self.arena.masks()} if self.game.legal is not None else {}

    def _info(self, ended: Ended) -> dict[str, Any]:
        """Gymnasium's layout: full-length arrays, each with a mask `_name` of the rows that it speaks of."""
        there = np.zeros(self.num_envs, bool)
        there[ended.rows] = True
        score = np.zeros(self.num_envs, np.float32)
        perf, length = score.copy(), np.zeros(self.num_envs, np.int32)
        score[ended.rows], length[ended.rows] = ended.scores, ended.lengths
        perf[ended.rows] = self.game.spec.perf(ended.scores, self.arena.batch.seats, self.arena.role)
        facts = {"score": score, "_score": there, "perf": perf, "_perf": there, "length": length, "_length": there}
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:
            return facts
        final = np.full(self.num_envs, None, object)
        final[ended.rows] = np.fromiter(_rows(ended.final_obs), object, len(ended.rows))
        return {"final_obs": final, "_final_obs": there, "final_info": facts, "_final_info": there}


def _rows(obs: Any) -> Iterator[Any]:
    """One observation after another."""
    if not isinstance(obs, dict):
        return iter(obs)
    return (dict(zip(obs, row, strict=True)) for row in zip(*obs.values(), strict=True))


def _autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    mode = AutoresetMode[mode.upper()] if isinstance(mode, str) and mode.upper() in AutoresetMode.__members__ else mode
    if mode not in (AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP):
        raise UserError(f"autoreset_mode is SAME_STEP or NEXT_STEP; got {mode}.")
    return AutoresetMode(mode)
