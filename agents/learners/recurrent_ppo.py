"""PPO with an LSTM or a GRU: whole sequences of each environment are learnt from, with resets wherever an episode begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from .memory import State
from .policies import ActorCritic
from .ppo import PPO
from .rollout import Minibatch

SEQUENCES = 64  # that a CPU learns from at a time: what their memory keeps for the gradient then fits its cache


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
        super()._begin_rollout()
        self._first_state: State = tuple(part.clone() for part in self._state)

    def _minibatches(self) -> Iterator[torch.Tensor]:
        """(T, rows) each: all steps of some environments."""
        steps = torch.arange(self.n_steps, device=self.device)[:, None] * self.n_envs
        for rows in torch.randperm(self.n_envs, device=self.device).split(max(1, self.batch_size // self.n_steps)):
            yield steps + rows

    def _piece(self) -> int:
        return SEQUENCES if self.chunk else 0

    def _remembered(self, policy: ActorCritic, seen: torch.Tensor, batch: Minibatch) -> torch.Tensor:
        rows = batch.index[0]
        state, starts = tuple(part[rows] for part in self._first_state), self.rollout_buffer.starts[:, rows]
        assert policy.memory is not None
        return policy.memory.unroll(seen.unflatten(0, batch.index.shape), state, starts).flatten(0, 1)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_first_state"]
