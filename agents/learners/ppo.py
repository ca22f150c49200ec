"""Proximal policy optimisation (Schulman et al. 2017) as a Stable-Baselines3 learner, fast where many games run side by side.

The rollout stays on the device, nothing is done for each environment or minibatch in Python that a tensor can do, masks are
honoured, and episodes that the clock ends are bootstrapped from what was seen last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import FloatSchedule
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from ...errors import UserError
from .fused import ppo_loss
from .learner import Learner, check_finite
from .memory import State
from .networks import shifted
from .policies import ActorCritic, masked, sample
from .rollout import Minibatch, Rollout
from .stepping import Step


class PPO(Learner, stable_baselines3.PPO):
    """As `stable_baselines3.PPO`, with its constructor and more: `ent_coef` may be a schedule like `clip_range`.

    `shift`: pictures are moved by up to so many pixels while they are learnt from (Kostrikov et al. 2020).
    `normalize_reward`: rewards are divided by the deviation of returns, whose statistics are saved with the policy.
    `precision`: "float32", "bf16", or "auto": bf16 for pictures where the device has units for it.
    """

    policy_aliases: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("MlpPolicy", "CnnPolicy", "MultiInputPolicy"), ActorCritic
    )
    policy: ActorCritic
    rollout_buffer: Any  # a Rollout, where Stable-Baselines3 has a class of its own

    def __init__(
        self,
        policy: Any,
        env: Any,
        *,
        ent_coef: float | Callable[[float], float] = 0.0,
        shift: int = 0,
        normalize_reward: bool = False,
        precision: str = "auto",
        _init_setup_model: bool = True,
        **options: Any,
    ) -> None:
        self.shift, self.normalize_reward, self.precision = shift, normalize_reward, precision
        self.ent_schedule = FloatSchedule(ent_coef)
        if options.get("clip_range_vf") is not None or options.get("use_sde"):
            raise UserError(
                "this PPO neither clips values nor explores by use_sde; leave clip_range_vf and use_sde out."
            )
        options.setdefault("rollout_buffer_class", Rollout)
        super().__init__(policy, env, _init_setup_model=False, **options)
        if _init_setup_model:
            self._setup_model()

    # --- acting ---------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.rollout_buffer.open(self.stepper.stack, masked=self.stepper.masks() is not None)
        self._returns = torch.zeros(self.n_envs, device=self.device)
        self._state = self.policy.initial_state(self.n_envs)

    def collect_rollouts(self, env: VecEnv, callback: BaseCallback, rollout_buffer: Any, n_rollout_steps: int) -> bool:
        """Plays `n_rollout_steps` in every environment; False where the callback asks to stop."""
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        callback.on_rollout_start()
        self._begin_rollout()
        cuts: list[tuple[int, Step, State]] = []
        for t in range(n_rollout_steps):
            with self.split.timed("infer"):
                actions = self._act(t)
            with self.split.timed("simulate"):
                step = self.stepper.step(actions)
            self.num_timesteps += env.num_envs
            new_obs, rewards, dones, infos = step.obs, step.rewards, step.dones, step.infos
            self._remember(t, step)
            if step.cut_obs is not None:
                cuts.append((t, step, tuple(part[torch.from_numpy(step.cut)] for part in self._state)))
            callback.update_locals(locals())
            if not callback.on_step():
                return False
        with self.split.timed("learn"):
            self._finish_rollout(cuts)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    def _begin_rollout(self) -> None:
        """A hook for learners that keep what they remembered at the beginning."""

    @torch.no_grad()
    def _act(self, t: int) -> np.ndarray[Any, Any]:
        """Chooses for every environment, and notes what it saw and did."""
        buffer, starts = self.rollout_buffer, torch.from_numpy(np.asarray(self._last_episode_starts, bool))
        buffer.frames.write(buffer.slot(t), self._last_obs, starts)
        buffer.starts[t] = starts
        with self.autocast():
            seen = self.policy.see(self._tensors(self._last_obs))
            latent, self._state = self.policy.think(seen, self._fresh_where(starts))
            logits, values = self.policy.scores(latent).float(), self.policy.values(latent).float()
        masks = self.stepper.masks()
        if masks is not None and buffer.masks is not None:
            buffer.masks[t] = torch.from_numpy(masks)
            logits = masked(logits, buffer.masks[t])
        actions = sample(logits)
        buffer.actions[t], buffer.values[t] = actions, values
        buffer.log_probs[t] = functional.log_softmax(logits, 1).gather(1, actions[:, None])[:, 0]
        return actions.cpu().numpy()

    def _remember(self, t: int, step: Step) -> None:
        """Notes what a step gave."""
        self._last_obs, self._last_episode_starts = step.obs, step.dones
        rewards = torch.as_tensor(step.rewards, dtype=torch.float32, device=self.device)
        if self.normalize_reward:
            ends = torch.from_numpy(step.dones).to(self.device)
            rewards = self.policy.reward_norm(rewards, ends, self._returns, self.gamma)
        self.rollout_buffer.rewards[t] = rewards
        self.ep_info_buffer.extend(self.stepper.drain_finished())  # type: ignore[union-attr]

    @torch.no_grad()
    def _finish_rollout(self, cuts: list[tuple[int, Step, State]]) -> None:
        """Bootstraps where the clock ended an episode, and works out the advantages."""
        buffer = self.rollout_buffer
        for t, step, state in cuts:
            rows = torch.from_numpy(step.cut).to(self.device)
            buffer.rewards[t, rows] += self.gamma * self._value(step.cut_obs, state)
        dones = torch.from_numpy(np.asarray(self._last_episode_starts, bool)).to(self.device)
        buffer.finish(self._value(self._last_obs, self._state), dones)
        self.policy.learn_statistics(buffer.observations(torch.arange(buffer.actions.numel(), device=self.device)))
        self.tally.add_actions(torch.bincount(buffer.actions.flatten(), minlength=buffer.action_count).cpu().numpy())

    def _value(self, obs: Any, state: State) -> torch.Tensor:
        with self.autocast():
            latent, _ = self.policy.think(self.policy.see(self._tensors(obs)), state)
            return self.policy.values(latent).float()

    # --- learning -------------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """`n_epochs` passes over the rollout, in shuffled minibatches."""
        with self.split.timed("learn"):
            self._update()

    def _update(self) -> None:
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        progress = self._current_progress_remaining
        self._clip, self._entropy_weight = self.clip_range(progress), self.ent_schedule(progress)  # type: ignore[operator]
        told: list[torch.Tensor] = []
        for _ in range(self.n_epochs):
            for index in self._minibatches():
                told.append(self._learn_from(self.rollout_buffer.pick(index)))
            self._n_updates += 1
            if self.target_kl is not None and float(told[-1][3]) > 1.5 * self.target_kl:
                break
        self._report(torch.stack(told).mean(0))

    def _minibatches(self) -> Iterator[torch.Tensor]:
        """Indices of samples, (k,) each, that together are the rollout."""
        yield from torch.randperm(self.n_steps * self.n_envs, device=self.device).split(self.batch_size)

    def _latents(self, batch: Minibatch) -> torch.Tensor:
        """What the heads get for each sample, (k, width)."""
        return self.policy.see(shifted(self.rollout_buffer.observations(batch.index), self.shift))

    def _chunks(self, batch: Minibatch) -> Iterator[Minibatch]:
        """Pieces that are worked through one after the other, with one update for all: pictures fit the cache then."""
        size = self.chunk or len(batch.index)
        for first in range(0, len(batch.index), size):
            yield batch.part(slice(first, first + size))

    def _learn_from(self, batch: Minibatch) -> torch.Tensor:
        """One update. Returns (6,): policy loss, value loss, entropy, KL divergence, clipped share, norm of the gradient."""
        optimizer, advantages = self.policy.optimizer, batch.advantages
        if self.normalize_advantage and len(advantages) > 1:
            advantages.sub_(advantages.mean()).div_(advantages.std() + 1e-8)
        optimizer.zero_grad(set_to_none=True)
        told = torch.zeros(5, device=self.device)
        for chunk in self._chunks(batch):
            share = len(chunk.index) / len(batch.index)
            loss, news = self._loss(chunk)
            (loss * share).backward()
            told += news * share
        norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
        optimizer.step()
        return torch.cat([told, norm.detach()[None]])

    def _loss(self, batch: Minibatch) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of some samples, and (5,) means: policy loss, value loss, entropy, KL divergence, clipped share."""
        with self.autocast():
            latent = self._latents(batch)
            logits, values = self.policy.scores(latent).float(), self.policy.values(latent).float()
        facts = (batch.actions, batch.log_probs, batch.advantages, batch.returns)
        return ppo_loss(
            masked(logits, batch.masks),
            values,
            *facts,
            clip=self._clip,
            vf_coef=self.vf_coef,
            ent_coef=self._entropy_weight,
        )

    def _report(self, told: torch.Tensor) -> None:
        names = ("policy_gradient_loss", "value_loss", "entropy", "approx_kl", "clip_fraction", "grad_norm")
        values = dict(zip(names, told.tolist(), strict=True))
        check_finite(values)
        loss = values["policy_gradient_loss"] + self.vf_coef * values["value_loss"]
        values["loss"] = loss - self._entropy_weight * values["entropy"]
        values |= {"clip_range": self._clip, "ent_coef": self._entropy_weight, "n_updates": self._n_updates}
        values["explained_variance"] = self.rollout_buffer.explained_variance()
        for name, value in values.items():
            self.logger.record(f"train/{name}", value)

    # --- going on exactly -----------------------------------------------------------------------------------------------

    def resume_state(self) -> dict[str, Any]:
        return {**super().resume_state(), "returns": self._returns, "memory": list(self._state)}

    def set_resume_state(self, state: Mapping[str, Any]) -> None:
        super().set_resume_state(state)
        self._returns.copy_(torch.as_tensor(state["returns"]))
        self._state = tuple(torch.as_tensor(part, device=self.device) for part in state["memory"])
