"""Steps any Stable-Baselines3 `VecEnv` for a learner; ours without any Python for each environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env import VecEnv

from ...envs.sb3_env import Infos, SB3VecEnv
from ...errors import UserError
from .frames import Arrays


@dataclass(frozen=True)
class Step:
    """What one step of n environments gave. Episodes that end begin anew at once, and `obs` is their first observation.

    `cut` (k,): rows whose episode was ended by the clock alone, and `cut_obs` (k, *shape), what they saw last: the value of
    that has to be added to their reward (Pardo et al. 2018).
    """

    obs: Arrays
    rewards: NDArray[np.float32]
    dones: NDArray[np.bool_]
    infos: list[dict[str, Any]]
    cut: NDArray[np.intp]
    cut_obs: Arrays | None


class Stepper:
    """A VecEnv, its masks, and what its episodes amount to."""

    def __init__(self, env: VecEnv) -> None:
        self.env, self.tally = env, Tally()
        own: Any = env if isinstance(env, SB3VecEnv) else None
        self.masked = own.game.legal is not None if own else is_masking_supported(env)
        self._own_masks = own.action_masks if own else None
        self._own_features = own.features if own else None
        self._own_others = own.others if own else None
        self._own_shown = own.shown if own else None
        self.stack = own.arena.obs_spec.stack if own else 1

    def masks(self) -> NDArray[np.bool_] | None:
        """(n, actions) bool, true where an action is legal; None where all always are."""
        if not self.masked:
            return None
        return self._own_masks() if self._own_masks else np.asarray(get_action_masks(self.env), bool)

    def features(self) -> NDArray[np.float32]:
        """(n, features) of a title, whatever is observed of it. UserError: the environment is none of ours."""
        if self._own_features is None:
            raise UserError(
                "only npckit's own SB3VecEnv tells a title's features beside pictures; leave feature_coef out."
            )
        return self._own_features()

    def others(self) -> NDArray[np.float32]:
        """(n, k): what seats of other teams perceive. UserError: there are none, or the environment is none of ours."""
        if self._own_others is None:
            raise UserError(
                "only npckit's own SB3VecEnv tells what others perceive; leave belief_coef and asymmetric_critic out."
            )
        return self._own_others()

    def shown(self) -> NDArray[np.float32]:
        """(n, actions): how likely a teacher would take which action. UserError: there is none, or the environment is none of ours."""
        if self._own_shown is None:
            raise UserError("only npckit's own SB3VecEnv has a teacher; leave teacher_coef out.")
        return self._own_shown()

    def step(self, actions: NDArray[Any]) -> Step:
        """One decision in every environment, (n,) int."""
        obs: Any
        obs, rewards, dones, infos = self.env.step(actions)
        if isinstance(infos, Infos):
            cut, cut_obs = self._read(infos)
        else:
            cut, cut_obs = self._gather(infos, dones)
        return Step(obs, rewards, dones, infos, cut, cut_obs)

    def _read(self, infos: Infos) -> tuple[NDArray[np.intp], Arrays | None]:
        ended = infos.ended
        if ended is None:
            return _NOBODY, None
        self.tally.add(len(ended.rows), ended.event_counts.sum(0, dtype=np.int64))
        keep = max(0, len(ended.rows) - 100)  # SB3 reports the last hundred
        self.finished = [
            {"r": float(r), "l": int(n)} for r, n in zip(ended.scores[keep:], ended.lengths[keep:], strict=True)
        ]
        if not ended.cut.any():
            return _NOBODY, None
        final = ended.final_obs
        seen = {k: v[ended.cut] for k, v in final.items()} if isinstance(final, dict) else final[ended.cut]
        return ended.rows[ended.cut], seen

    def _gather(self, infos: list[dict[str, Any]], dones: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Arrays | None]:
        over = np.flatnonzero(dones)
        self.tally.add(len(over), None)
        self.finished = [infos[row]["episode"] for row in over if "episode" in infos[row]]
        cut = [row for row in over if infos[row].get("TimeLimit.truncated") and "terminal_observation" in infos[row]]
        if not cut:
            return _NOBODY, None
        final = [infos[row]["terminal_observation"] for row in cut]
        seen: Any = (
            {k: np.stack([each[k] for each in final]) for k in final[0]}
            if isinstance(final[0], dict)
            else np.stack(final)
        )
        return np.array(cut, np.intp), seen

    def drain_finished(self) -> list[dict[str, Any]]:
        """Return and length of the episodes that ended in the last step, as SB3's `ep_info_buffer` holds them."""
        finished, self.finished = self.finished, []
        return finished

    finished: list[dict[str, Any]] = []  # noqa: RUF012  # replaced, never changed in place


_NOBODY = np.zeros(0, np.intp)


@dataclass
class Tally:
    """What has happened since it was last drained.

    Episodes that ended, their events (events,), and how often each action was chosen (actions,).
    """

    episodes: int = 0
    event_counts: NDArray[np.int64] | None = None
    actions: NDArray[np.int64] | None = None

    def add(self, episodes: int, event_counts: NDArray[np.int64] | None) -> None:
        self.episodes += episodes
        if event_counts is not None:
            self.event_counts = event_counts if self.event_counts is None else self.event_counts + event_counts

    def add_actions(self, counts: NDArray[np.int64]) -> None:
        self.actions = counts if self.actions is None else self.actions + counts

    def drain(self) -> Tally:
        """A copy; this one starts anew."""
        told = deepcopy(self)
        self.episodes, self.event_counts, self.actions = 0, None, None
        return told


class Split(dict[str, float]):
    """Seconds spent so far in `simulate`, `infer` and `learn`."""

    def __init__(self) -> None:
        super().__init__(simulate=0.0, infer=0.0, learn=0.0)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self[part] += time.perf_counter() - start
