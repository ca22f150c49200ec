"""PPO with an LSTM or a GRU: whole sequences of each environment are learnt from, with resets wherever an episode begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from .memory import State
from .networks import shifted
from .ppo import PPO
from .rollout import Minibatch


class RecurrentPPO(PPO):
    """As `PPO`; `policy_kwargs` has `memory` ("lstm" or "gru", the first by default) and `memory_size`.

    A minibatch is all T steps of some environments, at least `batch_size` // T of them. Gradients reach back to the beginning
    of the rollout, or of the episode; what was remembered before is what it was when the rollout was made. Actor and critic
    share the memory: rewards are normalised unless told otherwise, because large returns would drown the actor's gradient.
    """

    def __init__(
        self,
        policy: Any,
        env: Any,
        *,
        normalize_reward: bool = True,
        policy_kwargs: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        kwargs = {"memory": "lstm", **(policy_kwargs or {})}
        super().__init__(policy, env, normalize_reward=normalize_reward, policy_kwargs=kwargs, **options)

    def _begin_rollout(self) -> None:
        self._first_state: State = tuple(part.clone() for part in self._state)

    def _minibatches(self) -> Iterator[torch.Tensor]:
        steps = torch.arange(self.n_steps, device=self.device)[:, None] * self.n_envs
        for rows in torch.randperm(self.n_envs, device=self.device).split(max(1, self.batch_size // self.n_steps)):
            yield (steps + rows).flatten()

    def _chunks(self, batch: Minibatch) -> Iterator[Minibatch]:
        """Sequences stay whole."""
        yield batch

    def _latents(self, batch: Minibatch) -> torch.Tensor:
        rows = batch.index[: len(batch.index) // self.n_steps] % self.n_envs
        obs = self.rollout_buffer.observations(batch.index)
        seen = self.policy.see(shifted(obs, self.shift))
        memory = self.policy.memory
        assert memory is not None
        state = tuple(part[rows] for part in self._first_state)
        starts = self.rollout_buffer.starts[:, rows]
        out = memory.unroll(seen.view(self.n_steps, len(rows), -1), state, starts)
        return out.flatten(0, 1)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_first_state"]
