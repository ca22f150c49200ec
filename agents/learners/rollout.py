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
    """Samples to learn from.

    `index` counts through (T, n), flattened: (k,), or (T, rows) where sequences stay whole. `scale`: mean and deviation of the
    advantages of all, which every part of them is normalised by. `moves` (2, *index): how pictures are moved. `share`: what
    part of the whole they are.
    """

    index: torch.Tensor
    scale: tuple[torch.Tensor, torch.Tensor] | None = None
    moves: torch.Tensor | None = None
    share: float = 1.0

    def parts(self, count: int) -> list[Minibatch]:
        """As many parts, as equal as can be, along the last axis."""
        return self._cut(-(-self.index.shape[-1] // count))

    def pieces(self, size: int) -> list[Minibatch]:
        """Parts of up to so many columns."""
        return self._cut(size)

    def _cut(self, size: int) -> list[Minibatch]:
        indices = self.index.split(size, -1)
        moves = [None] * len(indices) if self.moves is None else self.moves.split(size, -1)
        whole = self.index.shape[-1]
        return [
            Minibatch(index, self.scale, move, self.share * index.shape[-1] / whole)
            for index, move in zip(indices, moves, strict=True)
        ]


@dataclass(frozen=True)
class Facts:
    """What a rollout knows of some samples, (k,) each; `masks` (k, actions) bool, `features` and `others` (k, m), `shown` (k, actions)."""

    actions: torch.Tensor
    log_probs: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor
    masks: torch.Tensor | None
    features: torch.Tensor | None
    others: torch.Tensor | None
    shown: torch.Tensor | None


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

    def open(self, stack: int, *, masked: bool, features: int = 0, others: int = 0, shown: bool = False) -> None:
        """Takes the room; `stack` frames make an observation, `masked` where actions may be illegal; so many features are kept, of
        the learner's own and of others, and what a teacher showed."""
        shape = self.buffer_size, self.n_envs
        self.frames = FrameStore(self.observation_space, stack, shape[0] + stack - 1, shape[1], self.device)
        self.actions = torch.zeros(shape, dtype=torch.int64, device=self.device)
        self.log_probs, self.values, self.rewards, self.advantages, self.returns = torch.zeros(
            5, *shape, device=self.device
        )
        self.starts = torch.zeros(shape, dtype=torch.bool, device=self.device)
        room = (*shape, self.action_count)
        self._logits, self._latents = torch.zeros(room, device=self.device), torch.zeros(0)
        self.masks = torch.ones(room, dtype=torch.bool, device=self.device) if masked else None
        self.features = torch.zeros(*shape, features, device=self.device) if features else None
        self.others = torch.zeros(*shape, others, device=self.device) if others else None
        self.shown = torch.zeros(room, device=self.device) if shown else None

    def reset(self) -> None:
        """The next rollout begins; the last frames of the old one stay, because stacks reach back to them."""
        if hasattr(self, "frames"):
            self._base = (self._base + self.buffer_size) % self.frames.capacity

    def slot(self, step: int) -> int:
        """Where the frames of a step lie."""
        return (self._base + step) % self.frames.capacity

    def note(self, step: int, latent: torch.Tensor, logits: torch.Tensor) -> None:
        """What the heads got in a step, (n, width), and what the actor's made of it, (n, actions)."""
        shape = *self.actions.shape, latent.shape[1]
        if self._latents.shape != shape:
            self._latents = torch.zeros(shape, device=self.device)
        self._latents[step], self._logits[step] = latent, logits

    def steps(self, parts: int) -> list[slice]:
        """All steps, in so many parts."""
        size = -(-self.buffer_size // parts)
        return [slice(first, first + size) for first in range(0, self.buffer_size, size)]

    @torch.no_grad()
    def judge(self, policy: Any, steps: slice) -> None:
        """Fills in what is not asked for while the games are played: values of what was seen, log-probabilities of what was done."""
        others = None if self.others is None else self.others[steps].flatten(0, 1)
        self.values[steps] = policy.values(self._latents[steps].flatten(0, 1), others).view_as(self.values[steps])
        every = torch.log_softmax(self._logits[steps], 2)
        self.log_probs[steps] = every.gather(2, self.actions[steps][..., None])[..., 0]

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

    def pick(self, batch: Minibatch) -> Facts:
        """Everything but what was seen, with advantages that are normalised."""
        index = batch.index.flatten()
        actions, log_probs, advantages, returns = (
            part.view(-1)[index] for part in (self.actions, self.log_probs, self.advantages, self.returns)
        )
        if batch.scale is not None:
            advantages = advantages.sub_(batch.scale[0]).div_(batch.scale[1])
        kept = (self.masks, self.features, self.others, self.shown)
        return Facts(
            actions,
            log_probs,
            advantages,
            returns,
            *(None if part is None else part.flatten(0, 1)[index] for part in kept),
        )
