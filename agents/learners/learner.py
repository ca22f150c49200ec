"""What all learners share: how they step environments, what they count, and what an exact continuation needs."""

from __future__ import annotations

import contextlib
import math
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm

from ...errors import Diverged
from .crew import Crew, crew_for
from .flat_adam import FlatAdam
from .frames import Arrays
from .memory import State, forget
from .networks import Seen, is_picture
from .policies import check_spaces
from .stepping import Split, Stepper, Tally

CHUNK, PICTURES = 4096, 512  # samples that a core learns from at a time: their layers then fit its cache
LEAST_SHARE, LEAST_PICTURES = 512, 64  # samples that are worth waking a thread for
TOO_FAR = 1e10  # a loss that has come so far does not come back


class Learner(BaseAlgorithm):
    """A mixin that goes before a Stable-Baselines3 algorithm."""

    policy: Any
    precision: str
    _state: State  # what the policy remembers in each environment

    def _setup_model(self) -> None:
        check_spaces(self.action_space)
        super()._setup_model()  # type: ignore[safe-super]  # of the algorithm after this mixin
        pictures = any(map(is_picture, self._boxes()))
        self.split, self.least_share = Split(), LEAST_PICTURES if pictures else LEAST_SHARE
        self.chunk = 0 if self.device.type != "cpu" else PICTURES if pictures else CHUNK  # 0: all at a time
        self._crew: Crew | None = None
        self._stepper: Stepper | None = None

    @property
    def stepper(self) -> Stepper:
        """Steps the environment that is set now."""
        assert self.env is not None
        if self._stepper is None or self._stepper.env is not self.env:
            self._stepper = Stepper(self.env)
            self._open()
        return self._stepper

    @property
    def tally(self) -> Tally:
        """What has happened since somebody drained it."""
        return self.stepper.tally

    @property
    def crew(self) -> Crew:
        """Who learns."""
        if self._crew is None:
            self._crew = crew_for(self.policy)
        return self._crew

    @abstractmethod
    def _open(self) -> None:
        """Takes room for the environment's samples."""

    def _setup_learn(self, *args: Any, **kwargs: Any) -> Any:
        ready = super()._setup_learn(*args, **kwargs)
        _, self._crew = self.stepper, None  # whose threads, and whose weights, may have been set anew
        return ready

    def _tensors(self, obs: Arrays | None) -> Seen:
        """An observation on the device; on a CPU it is the same memory."""
        if isinstance(obs, dict):
            return {name: torch.as_tensor(part, device=self.device) for name, part in obs.items()}
        return torch.as_tensor(obs, device=self.device)

    def _fresh_where(self, starts: torch.Tensor) -> State:
        """What is remembered, with nothing where an episode begins."""
        return forget(self._state, starts.to(self.device)) if self._state else ()

    def predict(
        self,
        observation: Any,
        state: tuple[Any, ...] | None = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, tuple[Any, ...] | None]:
        """As Stable-Baselines3's, and with masks (n, actions) of what is legal."""
        return self.policy.predict(observation, state, episode_start, deterministic, action_masks)

    # --- the device -----------------------------------------------------------------------------------------------------

    def _boxes(self) -> list[spaces.Space[Any]]:
        space = self.observation_space
        return [*space.spaces.values()] if isinstance(space, spaces.Dict) else [space]

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """bf16 where asked for, or where it pays: for pictures, on devices that have units for it."""
        wanted = self.precision == "bf16" or (
            self.precision == "auto" and any(map(is_picture, self._boxes())) and fast_bf16(self.device)
        )
        return torch.autocast(self.device.type, torch.bfloat16) if wanted else contextlib.nullcontext()

    # --- going on exactly -----------------------------------------------------------------------------------------------

    def resume_state(self) -> dict[str, Any]:
        """What an exact continuation needs beside the parameters, the environment, the generators and the replay buffer."""
        return {
            "num_timesteps": self.num_timesteps,
            "n_updates": self._n_updates,
            "episode_num": self._episode_num,
            "episode_starts": np.asarray(self._last_episode_starts, bool),
            "episodes": [[float(each["r"]), int(each["l"])] for each in self.ep_info_buffer or ()],
            "progress_remaining": self._current_progress_remaining,
        }

    def set_resume_state(self, state: Mapping[str, Any]) -> None:
        """Puts back what `resume_state` gave; the environment has been put back before."""
        _ = self.stepper
        self.num_timesteps, self._n_updates = int(state["num_timesteps"]), int(state["n_updates"])
        self._episode_num = int(state["episode_num"])
        self._last_episode_starts = np.asarray(state["episode_starts"], bool)
        episodes = [{"r": r, "l": length} for r, length in state["episodes"]]
        self.ep_info_buffer = deque(episodes, maxlen=self._stats_window_size)
        self.ep_success_buffer = deque(maxlen=self._stats_window_size)
        self._current_progress_remaining = float(state["progress_remaining"])

    def _excluded_save_params(self) -> list[str]:
        """What a saved model does without: rooms and views of the environment."""
        own = ["_stepper", "_crew", "split", "_state", "_noise", "_returns", "_last_obs", "_last_episode_starts"]
        return [*super()._excluded_save_params(), *own]


def fast_bf16(device: torch.device) -> bool:
    """Whether a device multiplies bf16 faster than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_amx_tile_supported())


def clip_norm(optimizer: torch.optim.Optimizer, limit: float) -> torch.Tensor:
    """Scales the gradients of what is learnt down to a norm, and returns what it was; in fewer steps than torch's own."""
    if isinstance(optimizer, FlatAdam):
        return optimizer.clip(limit)
    gradients = [each.grad for each in optimizer.param_groups[0]["params"] if each.grad is not None]
    norm = torch.cat([each.flatten() for each in gradients]).norm()
    torch._foreach_mul_(gradients, (limit / (norm + 1e-6)).clamp(max=1.0))
    return norm


def check_finite(values: Mapping[str, float]) -> None:
    """Raises Diverged with the name of the first number that is none any more, or lies beyond 1e10."""
    for name, value in values.items():
        if not math.isfinite(value) or abs(value) > TOO_FAR:
            raise Diverged(
                f"training broke: {name} is {value:g}; lower learning_rate or max_grad_norm, and look at train/{name} in TensorBoard."
            )
