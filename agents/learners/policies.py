"""Policies: eyes, an optional memory, and heads for actions and values (actor-critic) or for Q-values."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.torch_layers import MlpExtractor
from torch import nn

from ...errors import UserError
from .fused import run_layers
from .memory import Memory, State, forget
from .networks import Eyes, Seen, parts_of
from .normalize import RewardNorm, RunningNorm

Masks = torch.Tensor | None  # (n, actions) bool, true where an action is legal; None: all are
NEVER = -1e9  # the score of an action that is not legal


def masked(scores: torch.Tensor, masks: Masks) -> torch.Tensor:
    """(n, actions) scores, out of reach where an action is not legal."""
    return scores if masks is None else scores.masked_fill(~masks, NEVER)


def gumbel(*shape: int, device: torch.device) -> torch.Tensor:
    """Noise that, added to logits, makes the greatest a draw from their softmax. By way of uniform numbers: torch draws those fastest."""
    return torch.rand(shape, device=device).log_().neg_().log_().neg_()


def sample(logits: torch.Tensor) -> torch.Tensor:
    """(n, actions) -> (n,) actions drawn by softmax of the scores."""
    return (logits + gumbel(*logits.shape, device=logits.device)).argmax(1)


class Recurrent(BasePolicy):
    """What all policies here share: raw observations, masks, and a memory that `predict` hands to and fro.

    `predict` takes (n, *shape) observations, the state that it returned before (None at first), `episode_start` (n,) bool and
    `action_masks` (n, actions) bool; a state is a tuple of (n, size) float32 arrays, None for policies without memory.
    """

    memory: Memory | None
    optimizer: torch.optim.Optimizer

    @abstractmethod
    def see(self, obs: Seen) -> torch.Tensor:
        """(n, *shape) raw observations -> (n, width)."""

    @abstractmethod
    def scores(self, latent: torch.Tensor) -> torch.Tensor:
        """(n, width of see or of the memory) -> (n, actions): logits or Q-values."""

    def think(self, seen: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """One decision of the memory, if there is one."""
        return (seen, state) if self.memory is None else self.memory.step(seen, state)

    def initial_state(self, rows: int) -> State:
        """What is remembered at the beginning: nothing."""
        return () if self.memory is None else self.memory.initial(rows)

    @property
    @abstractmethod
    def eyes(self) -> Any:
        """What the policy sees with: `Eyes`, or an extractor of Stable-Baselines3's kind."""

    @cached_property
    def normalizes(self) -> bool:
        """Whether the eyes have statistics to learn: asking is cheaper than stacking pictures that nobody needs."""
        return isinstance(self.eyes, Eyes) and any(isinstance(part, RunningNorm) for part in self.eyes.modules())

    def learn_statistics(self, obs: Seen) -> None:
        """Takes observations into the eyes' statistics, where there are any."""
        if self.normalizes:
            self.eyes.learn_statistics(obs)

    def choose(self, scores: torch.Tensor, deterministic: bool) -> torch.Tensor:
        """(n, actions) -> (n,)."""
        return scores.argmax(1) if deterministic else sample(scores)

    @torch.no_grad()
    def predict(
        self,
        observation: NDArray[Any] | dict[str, NDArray[Any]],
        state: tuple[NDArray[Any], ...] | None = None,
        episode_start: NDArray[np.bool_] | None = None,
        deterministic: bool = False,
        action_masks: NDArray[Any] | None = None,
    ) -> tuple[NDArray[Any], tuple[NDArray[Any], ...] | None]:
        """Actions (n,) and the new state; for one observation without its leading axis, one action."""
        self.set_training_mode(False)
        obs, batched = self.obs_to_tensor(observation)
        seen = self.see(obs)
        memory = self._carried(state, episode_start, len(seen))
        latent, memory = self.think(seen, memory)
        masks = None if action_masks is None else torch.as_tensor(np.asarray(action_masks, bool).reshape(len(seen), -1))
        chosen = self.choose(
            masked(self.scores(latent), masks if masks is None else masks.to(self.device)), deterministic
        )
        actions = chosen.cpu().numpy()
        return (actions if batched else actions.squeeze(0)), tuple(part.cpu().numpy() for part in memory) or None

    def _carried(self, state: Any, episode_start: Any, rows: int) -> State:
        if self.memory is None:
            return ()
        if state is None:
            return self.memory.initial(rows)
        memory = tuple(torch.as_tensor(part, device=self.device) for part in state)
        if episode_start is None:
            return memory
        return forget(memory, torch.as_tensor(np.atleast_1d(episode_start), dtype=torch.bool, device=self.device))

    def _predict(self, observation: Any, deterministic: bool = False) -> torch.Tensor:
        seen = self.see(observation)
        latent, _ = self.think(seen, self.initial_state(len(seen)))
        return self.choose(self.scores(latent), deterministic)


def check_spaces(action_space: spaces.Space[Any]) -> None:
    """Raises UserError for actions that are not Discrete."""
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise UserError(f"these learners choose among Discrete actions that count from 0; got {action_space}.")


def memory_of(kind: str, width: int, size: int) -> tuple[Memory | None, int]:
    """The memory, and the width of what the heads get."""
    memory = None if kind == "none" else Memory(width, size, kind)
    return memory, memory.width if memory else width


class ActorCritic(Recurrent, ActorCriticPolicy):
    """Actor and critic on the same eyes and memory, with fully connected layers of their own.

    `told_features`: so many numbers are told from what the eyes make of a picture, and come last in what `see` gives.
    `guessed`: so many are guessed from what the heads get while it learns; nothing that plays needs them.
    `confided`: so many the critic alone gets beside, which `values` then asks for (Pinto et al. 2018).
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Any,
        *,
        memory: str = "none",
        memory_size: int = 128,
        told_features: int = 0,
        guessed: int = 0,
        confided: int = 0,
        features_extractor_class: Any = Eyes,
        optimizer_kwargs: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        check_spaces(action_space)
        self._memory_kind, self._memory_size = memory, memory_size
        self._told_features, self._guessed, self._confided = told_features, guessed, confided
        options.pop("use_sde", None)
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            features_extractor_class=features_extractor_class,
            optimizer_kwargs=optimizer_kwargs or {"eps": 1e-5, "fused": True},
            **options,
        )

    def _build_mlp_extractor(self) -> None:
        width, told = self.features_dim, self._told_features
        self.tell = nn.Linear(width, told) if told else None
        self.memory, self.features_dim = memory_of(self._memory_kind, width + told, self._memory_size)
        self.guess = nn.Linear(self.features_dim, self._guessed) if self._guessed else None
        self.reward_norm = RewardNorm()
        super()._build_mlp_extractor()
        self.critic_eyes = self._make_critic_eyes()

    def _make_critic_eyes(self) -> Eyes | None:
        """Sees what is confided as the actor sees features, and gives it to the critic's first layer."""
        if not self._confided:
            return None
        box, like = spaces.Box(-np.inf, np.inf, (self._confided,), np.float32), self.features_extractor_kwargs
        eyes = Eyes(box, normalize=like.get("normalize", False), zoom=like.get("zoom", ()))
        width = self.features_dim + eyes.features_dim
        self.mlp_extractor.value_net = MlpExtractor(width, self.net_arch, self.activation_fn, self.device).value_net
        return eyes

    def _get_constructor_parameters(self) -> dict[str, Any]:
        told = super()._get_constructor_parameters()
        own = {"memory": self._memory_kind, "memory_size": self._memory_size}
        counts = {"told_features": self._told_features, "guessed": self._guessed, "confided": self._confided}
        return {**told, **own, **counts}

    def extract_features(self, obs: Any, features_extractor: Any = None) -> Any:
        """Eyes take observations as they come."""
        return (features_extractor or self.features_extractor)(obs)

    def see(self, obs: Seen) -> torch.Tensor:
        seen = self.features_extractor(obs)
        return seen if self.tell is None else torch.cat([seen, self.tell(seen)], dim=1)

    def scores(self, latent: torch.Tensor) -> torch.Tensor:
        return run_layers((*self.mlp_extractor.policy_net, self.action_net), latent)

    def values(self, latent: torch.Tensor, confided: torch.Tensor | None = None) -> torch.Tensor:
        """(n, width), and (n, confided) if there are such -> (n,): what the rest of the episode is worth."""
        if self.critic_eyes is not None:
            assert confided is not None
            latent = torch.cat([latent, self.critic_eyes(confided)], dim=1)
        return run_layers((*self.mlp_extractor.value_net, self.value_net), latent)[:, 0]

    @property
    def eyes(self) -> Any:
        return self.features_extractor


def rows_of(obs: Seen) -> int:
    """How many observations."""
    return len(next(iter(parts_of(obs).values())))


def weights_of(module: nn.Module | None) -> int:
    """How many numbers are learnt."""
    return sum(p.numel() for p in module.parameters()) if module is not None else 0
