"""Policies that value actions: eyes, an optional memory, fully connected layers and Q-values; and the target network beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import create_mlp
from stable_baselines3.dqn.policies import DQNPolicy
from torch import nn

from . import loops
from .crew import MOODY
from .flat_adam import FlatAdam
from .fused import run_layers
from .memory import Memory
from .networks import Eyes, Seen
from .normalize import RewardNorm, RunningNorm
from .policies import Masks, Recurrent, check_spaces, masked, memory_of

ALL = np.zeros((0, 0), bool)  # masks that forbid nothing


class QNet(nn.Module):
    """What is seen, what of it is remembered, and what each action is worth then.

    `dueling`: the worth of a state, and what each action adds to the mean of all, apart (Wang et al. 2016).
    """

    def __init__(
        self,
        eyes: Any,
        actions: int,
        net_arch: list[int],
        activation_fn: type[nn.Module],
        memory: str,
        memory_size: int,
        dueling: bool,
    ) -> None:
        super().__init__()
        self.eyes, self.dueling = eyes, dueling
        self.memory, width = memory_of(memory, eyes.features_dim, memory_size)
        self.layers = nn.Sequential(*create_mlp(width, actions + int(dueling), net_arch, activation_fn))

    def values(self, latent: torch.Tensor) -> torch.Tensor:
        """(n, width of the eyes or of the memory) -> (n, actions)."""
        out = run_layers(tuple(self.layers), latent)
        return joined(out) if self.dueling else out

    def forward(self, obs: Seen) -> torch.Tensor:
        """(n, *shape) observations -> (n, actions), without a memory."""
        return self.values(self.eyes(obs))


def joined(out: torch.Tensor) -> torch.Tensor:
    """(n, 1 + actions): the worth of a state and what each action adds -> (n, actions)."""
    advantages = out[:, 1:]
    return out[:, :1] + advantages - advantages.mean(1, keepdim=True)


class QPolicy(Recurrent, DQNPolicy):
    """`q_net` acts and learns, `q_net_target` follows it; both see through the same statistics."""

    q_net: Any  # a QNet, where Stable-Baselines3 has a class of its own
    q_net_target: Any

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Any,
        *,
        memory: str = "none",
        memory_size: int = 128,
        dueling: bool = False,
        features_extractor_class: Any = Eyes,
        optimizer_kwargs: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        check_spaces(action_space)
        self._memory_kind, self._memory_size, self._dueling = memory, memory_size, dueling
        super().__init__(
            observation_space,
            action_space,  # type: ignore[arg-type]  # it is Discrete
            lr_schedule,
            features_extractor_class=features_extractor_class,
            optimizer_kwargs=optimizer_kwargs or {"fused": True},
            **options,
        )

    def _build(self, lr_schedule: Any) -> None:
        self.q_net, self.q_net_target = self.make_q_net(), self.make_q_net()
        self.q_net_target.load_state_dict(self.q_net.state_dict())
        self.q_net_target.train(False).requires_grad_(False)
        self._share_statistics()
        self._moody = [module for module in self.q_net.modules() if isinstance(module, MOODY)]
        self.reward_norm = RewardNorm()
        optimizer: Any = self.optimizer_class
        if optimizer is torch.optim.Adam and FlatAdam.serves(self.q_net.parameters(), self.optimizer_kwargs):
            optimizer = FlatAdam
        self.optimizer = optimizer(self.q_net.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def make_q_net(self) -> Any:
        eyes = self.make_features_extractor()
        actions = int(self.action_space.n)  # type: ignore[attr-defined]  # it is Discrete
        shape = (self.net_arch, self.activation_fn, self._memory_kind, self._memory_size, self._dueling)
        return QNet(eyes, actions, *shape).to(self.device)

    def _share_statistics(self) -> None:
        if isinstance(self.q_net.eyes, Eyes):
            for name, eye in self.q_net.eyes.eyes.items():
                if isinstance(eye, RunningNorm):
                    self.q_net_target.eyes.eyes[name] = eye

    def _get_constructor_parameters(self) -> dict[str, Any]:
        told = super()._get_constructor_parameters()
        return {**told, "memory": self._memory_kind, "memory_size": self._memory_size, "dueling": self._dueling}

    def set_training_mode(self, mode: bool) -> None:
        """Concerns layers that act otherwise when they learn; ours do not, and asking all of them takes longer than to act."""
        for module in self._moody:
            module.train(mode)
        self.training = mode

    @property
    def memory(self) -> Memory | None:  # type: ignore[override]  # the network has it
        return self.q_net.memory

    def see(self, obs: Seen) -> torch.Tensor:
        return self.q_net.eyes(obs)

    def scores(self, latent: torch.Tensor) -> torch.Tensor:
        return self.q_net.values(latent)

    def choose(self, scores: torch.Tensor, deterministic: bool) -> torch.Tensor:
        """The best: chance is the learner's."""
        return scores.argmax(1)

    @property
    def eyes(self) -> Any:
        return self.q_net.eyes


def explored(best: torch.Tensor, masks: Masks, rate: float | torch.Tensor, count: int) -> torch.Tensor:
    """The best actions (n,), or at a rate, one for all or (n,), any of `count` that is legal: drawn for each row."""
    if masks is None:
        other = torch.randint(count, best.shape, device=best.device)
    else:
        other = torch.rand(masks.shape, device=best.device).masked_fill_(~masks, -1.0).argmax(1)
    return torch.where(torch.rand(best.shape, device=best.device) < rate, other, best)


def chosen(scores: torch.Tensor, masks: Masks, rate: float | torch.Tensor) -> torch.Tensor:
    """(n, actions) -> (n,): the best legal actions, or at a rate any; for a CPU in one loop."""
    if scores.device.type != "cpu":
        return explored(masked(scores, masks).argmax(1), masks, rate, scores.shape[1])
    actions, chances = np.empty(len(scores), np.int64), torch.rand(2, len(scores)).numpy()
    rates = np.asarray(rate, np.float32).reshape(-1)
    loops.choose(scores.float().numpy(), ALL if masks is None else masks.numpy(), rates, chances, actions)
    return torch.from_numpy(actions)
