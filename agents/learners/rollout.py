"""A rollout on the learner's device: n environments for T steps, and the advantages of what was done in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from .frames import FrameStore
from .networks import Seen


@dataclass(frozen=True)
class Minibatch:
    """Samples to learn from, (k,) each; `index` counts through (T, n), flattened."""

    index: torch.Tensor
    actions: torch.Tensor
    log_probs: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor
    masks: torch.Tensor | None  # (k, actions) bool

    def part(self, which: slice) -> Minibatch:
        masks = None if self.masks is None else self.masks[which]
        index, actions, log_probs, advantages, returns = (
            part[which] for part in (self.index, self.actions, self.log_probs, self.advantages, self.returns)
        )
        return Minibatch(index, actions, log_probs, advantages, returns, masks)


class Rollout:
    """Tensors (T, n): `actions` int64, `log_probs`, `values`, `rewards`, `advantages`, `returns` float32, `starts` bool.

    It stands where Stable-Baselines3 has its `RolloutBuffer`, and is made as that is. Room is taken by `open`.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Discrete,
        device: torch.device | str = "cpu",
        gae_lambda: float = 0.95,
        gamma: float = 0.99,
        n_envs: int = 1,
    ) -> None:
        self.buffer_size, self.n_envs, self.device = buffer_size, n_envs, torch.device(device)
        self.gae_lambda, self.gamma = gae_lambda, gamma
        self.observation_space, self.action_count = observation_space, int(action_space.n)
        self._base = 0

    def open(self, stack: int, *, masked: bool) -> None:
        """Takes the room; `stack` frames make an observation, `masked` where actions may be illegal."""
        shape = self.buffer_size, self.n_envs
        self.frames = FrameStore(self.observation_space, stack, shape[0] + stack - 1, shape[1], self.device)
        self.actions = torch.zeros(shape, dtype=torch.int64, device=self.device)
        self.log_probs, self.values, self.rewards, self.advantages, self.returns = torch.zeros(
            5, *shape, device=self.device
        )
        self.starts = torch.zeros(shape, dtype=torch.bool, device=self.device)
        room = (*shape, self.action_count)
        self.masks = torch.ones(room, dtype=torch.bool, device=self.device) if masked else None

    def reset(self) -> None:
        """The next rollout begins; the last frames of the old one stay, because stacks reach back to them."""
        if hasattr(self, "frames"):
            self._base = (self._base + self.buffer_size) % self.frames.capacity

    def slot(self, step: int) -> int:
        """Where the frames of a step lie."""
        return (self._base + step) % self.frames.capacity

    def observations(self, index: torch.Tensor) -> Seen:
        """What was seen in some samples."""
        return self.frames.read((index + self._base * self.n_envs) % (self.frames.capacity * self.n_envs))

    def finish(self, last_values: torch.Tensor, dones: torch.Tensor) -> None:
        """Advantages (Schulman et al. 2016) and returns; `last_values`, `dones` (n,) are those after the last step."""
        after, gain = last_values * ~dones, torch.zeros_like(last_values)
        goes_on = (~self.starts).float()
        for step in range(self.buffer_size - 1, -1, -1):
            alive = goes_on[step + 1] if step + 1 < self.buffer_size else (~dones).float()
            gain = gain * alive * (self.gamma * self.gae_lambda)
            gain = gain + self.rewards[step] + self.gamma * after * alive - self.values[step]
            self.advantages[step] = gain
            after = self.values[step]
        torch.add(self.advantages, self.values, out=self.returns)

    def explained_variance(self) -> float:
        """1 where values foretell returns, 0 where they are as good as a constant, below where they are worse."""
        spread = self.returns.var()
        return float(1 - (self.returns - self.values).var() / spread) if spread > 0 else float(np.nan)

    def pick(self, index: torch.Tensor) -> Minibatch:
        """The samples of an index (k,), with everything but what was seen."""
        actions, log_probs, advantages, returns = (
            part.flatten()[index] for part in (self.actions, self.log_probs, self.advantages, self.returns)
        )
        masks = None if self.masks is None else self.masks.flatten(0, 1)[index]
        return Minibatch(index, actions, log_probs, advantages, returns, masks)
