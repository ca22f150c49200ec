"""Deep Q-learning (Mnih et al. 2015) as a Stable-Baselines3 learner, for hundreds of environments side by side.

The replay stays on the device and stores every frame once, nothing is done for each environment in Python, masks are
honoured in what is done and in what is hoped for, and episodes that the clock ends are bootstrapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import stable_baselines3
import torch
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq, TrainFrequencyUnit
from stable_baselines3.common.utils import polyak_update
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from ...errors import UserError
from .learner import Learner, check_finite
from .networks import shifted
from .normalize import EPSILON
from .policies import Masks, masked
from .priorities import BETA
from .q_policies import QPolicy
from .replay import CUT, ENDED, Batch, Replay
from .stepping import Step

TOLD = ("loss", "q_mean", "target_mean", "td_error", "grad_norm")  # of every update
UPDATES_TOLD = 16  # together: on a GPU, asking for numbers makes the host wait


class DQN(Learner, stable_baselines3.DQN):
    """As `stable_baselines3.DQN`, with its constructor and more. Dueling networks are an option of the policy.

    `double`: the online network chooses what the target network values (van Hasselt et al. 2016).
    `prioritized`: what surprised is drawn more often (Schaul et al. 2016).
    `shift`: pictures are moved by up to so many pixels while they are learnt from (Kostrikov et al. 2020).
    `normalize_reward`: rewards are divided by the deviation of returns, whose statistics are saved with the policy.
    `precision`: "float32", "bf16", or "auto": bf16 for pictures where the device has units for it.
    """

    policy_aliases: ClassVar[dict[str, Any]] = dict.fromkeys(("MlpPolicy", "CnnPolicy", "MultiInputPolicy"), QPolicy)
    replay_class: ClassVar[type[Replay]] = Replay
    policy: QPolicy
    replay_buffer: Any  # a Replay, where Stable-Baselines3 has a class of its own

    def __init__(
        self,
        policy: Any,
        env: Any,
        *,
        double: bool = True,
        prioritized: bool = False,
        shift: int = 0,
        normalize_reward: bool = False,
        precision: str = "auto",
        _init_setup_model: bool = True,
        **options: Any,
    ) -> None:
        self.double, self.prioritized, self.shift = double, prioritized, shift
        self.normalize_reward, self.precision = normalize_reward, precision
        super().__init__(policy, env, _init_setup_model=False, **options)
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        # Stable-Baselines3 warns of n-step returns with a replay that is not its own
        self.n_steps, n_steps = 1, self.n_steps
        self.replay_buffer_class = self.replay_class  # type: ignore[assignment]
        self.replay_buffer_kwargs = self._replay_options(n_steps)
        super()._setup_model()
        self.n_steps = n_steps
        self._told, self._updates_told = torch.zeros(len(TOLD), device=self.device), 0
        if self.env is not None:
            _ = self.stepper  # takes the room at once: a run that has not enough is refused before it begins

    def _replay_options(self, n_steps: int) -> dict[str, Any]:
        return {"gamma": self.gamma, "n_steps": n_steps, "prioritized": self.prioritized}

    def _open(self) -> None:
        self.replay_buffer.open(self.stepper.stack, masked=self.stepper.masked)
        self._returns = torch.zeros(self.n_envs, device=self.device)
        self._state = self.policy.initial_state(self.n_envs)

    # --- acting ---------------------------------------------------------------------------------------------------------

    def predict(
        self,
        observation: Any,
        state: tuple[Any, ...] | None = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, tuple[Any, ...] | None]:
        """As Stable-Baselines3's, by chance too where not `deterministic`, and with masks (n, actions) of what is legal."""
        actions, state = super().predict(observation, state, episode_start, True, action_masks)
        if not deterministic:
            masks = None if action_masks is None else torch.as_tensor(np.asarray(action_masks, bool))
            best = torch.as_tensor(actions)
            masks = masks if masks is None else masks.reshape(best.numel(), -1)
            actions = self._explored(best.reshape(-1), masks, self.exploration_rate).reshape(best.shape).numpy()
        return actions, state

    def _explored(self, best: torch.Tensor, masks: Masks, rate: float | torch.Tensor) -> torch.Tensor:
        """The best actions (n,), or by chance any that is legal."""
        count = int(self.action_space.n)  # type: ignore[attr-defined]  # it is Discrete
        if masks is None:
            other = torch.randint(count, best.shape, device=best.device)
        else:
            other = torch.rand(masks.shape, device=best.device).masked_fill_(~masks, -1.0).argmax(1)
        return torch.where(torch.rand(best.shape, device=best.device) < rate, other, best)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: Any,
        action_noise: Any = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """Plays `train_freq` steps in every environment, and remembers them."""
        if train_freq.unit != TrainFrequencyUnit.STEP:
            raise UserError("train_freq counts steps of all environments here; give it as a number.")
        self.policy.set_training_mode(False)
        callback.on_rollout_start()
        for done in range(train_freq.frequency):
            with self.split.timed("infer"):
                actions = self._act(learning_starts)
            with self.split.timed("simulate"):
                step = self.stepper.step(actions.cpu().numpy())
            self.num_timesteps += env.num_envs
            new_obs, rewards, dones, infos = step.obs, step.rewards, step.dones, step.infos
            with self.split.timed("infer"):
                self._remember(actions, step, log_interval)
            callback.update_locals(locals())
            if not callback.on_step():
                return RolloutReturn((done + 1) * env.num_envs, 0, continue_training=False)
        callback.on_rollout_end()
        return RolloutReturn(train_freq.frequency * env.num_envs, 0, continue_training=True)

    @torch.no_grad()
    def _act(self, learning_starts: int) -> torch.Tensor:
        """Chooses for every environment, (n,), and notes what it saw."""
        obs = self._tensors(self._last_obs)  # type: ignore[arg-type]
        starts = torch.as_tensor(np.asarray(self._last_episode_starts, bool), device=self.device)
        legal = self.stepper.masks()
        masks = None if legal is None else torch.as_tensor(legal, device=self.device)
        self._state = self._fresh_where(starts)
        self.replay_buffer.observe(obs, starts, masks, self._state)
        self.policy.learn_statistics(obs)
        with self.autocast():
            latent, self._state = self.policy.think(self.policy.see(obs), self._state)
            best = masked(self.policy.scores(latent), masks).argmax(1)
        warm = self.num_timesteps >= learning_starts
        return self._explored(best, masks, self._chance() if warm else 1.0)

    def _chance(self) -> float | torch.Tensor:
        """Of an action by lot: one for all environments, or (n,)."""
        return self.exploration_rate

    def _remember(self, actions: torch.Tensor, step: Step, log_interval: int | None) -> None:
        """Notes what a step gave."""
        self._last_obs, self._last_episode_starts = step.obs, step.dones  # type: ignore[assignment]
        ends = step.dones * np.uint8(ENDED)
        ends[step.cut] = CUT
        rewards = torch.as_tensor(step.rewards, dtype=torch.float32, device=self.device)
        if self.normalize_reward:
            self.policy.reward_norm(rewards, torch.as_tensor(step.dones, device=self.device), self._returns, self.gamma)
        self.replay_buffer.add(actions, rewards, torch.as_tensor(ends, device=self.device))
        self.tally.add_actions(np.bincount(actions.cpu().numpy(), minlength=self.replay_buffer.action_count))
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        self._on_step()
        self._count_episodes(int(step.dones.sum()), log_interval)

    def _count_episodes(self, ended: int, log_interval: int | None) -> None:
        self.ep_info_buffer.extend(self.stepper.drain_finished())  # type: ignore[union-attr]
        before, self._episode_num = self._episode_num, self._episode_num + ended
        if log_interval and before // log_interval < self._episode_num // log_interval:
            self.dump_logs()

    def _on_step(self) -> None:
        """Brings the target network and the chance of exploring up to date, every so many samples."""
        self._n_calls += 1
        if self._n_calls % max(self.target_update_interval // self.n_envs, 1) == 0:
            polyak_update(self.q_net.parameters(), self.q_net_target.parameters(), self.tau)
        self.exploration_rate = self.exploration_schedule(self._current_progress_remaining)

    # --- learning -------------------------------------------------------------------------------------------------------

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """So many updates, each from a minibatch of the replay."""
        with self.split.timed("learn"):
            self.policy.set_training_mode(True)
            self._update_learning_rate(self.policy.optimizer)
            self.replay_buffer.beta = 1 - (1 - BETA) * self._current_progress_remaining
            for _ in range(gradient_steps):
                self._told += self._learn_from(self.replay_buffer.sample(batch_size))
                self._updates_told += 1
            first, self._n_updates = self._n_updates == 0, self._n_updates + gradient_steps
            if first or self._updates_told >= UPDATES_TOLD:
                self._report()

    def _learn_from(self, batch: Any) -> torch.Tensor:
        """One update. Returns the numbers that are named in TOLD."""
        optimizer, told, errors = self.policy.optimizer, torch.zeros(len(TOLD) - 1, device=self.device), []
        optimizer.zero_grad(set_to_none=True)
        for part, share in self._parts(batch):
            values, targets, weights = self._values_and_targets(part)
            loss = (weights * functional.smooth_l1_loss(values, targets, reduction="none")).mean()
            (loss * share).backward()
            with torch.no_grad():
                error = (values - targets).abs() * (weights > 0)
                told += share * torch.stack([loss, values.mean(), targets.mean(), error.mean()])
                errors.append(error)
        norm = torch.nn.utils.clip_grad_norm_(self.q_net.parameters(), self.max_grad_norm)
        optimizer.step()
        self.replay_buffer.learn_priorities(batch.items, torch.cat(errors))
        return torch.cat([told, norm[None]])

    def _parts(self, batch: Batch) -> Iterator[tuple[Any, float]]:
        """Pieces of a minibatch that are worked through one after the other, and the share of each: pictures fit the cache then."""
        count = len(batch.index)
        size = self.picture_chunk or count
        for first in range(0, count, size):
            part = batch.part(slice(first, first + size))
            yield part, len(part.index) / count

    def _values_and_targets(self, batch: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What was done is worth, what it should be, and the weight of the difference, (k,) each."""
        replay = self.replay_buffer
        with self.autocast():
            obs = shifted(replay.observations(batch.index), self.shift)
            values = self.q_net(obs).float().gather(1, batch.actions[:, None])[:, 0]
            with torch.no_grad():
                hopes = self._hopes(shifted(replay.observations(batch.after), self.shift), replay.masks(batch.after))
                targets = batch.returns * self._reward_scale() + batch.discounts * hopes
        return values, targets, batch.weights

    def _hopes(self, obs: Any, masks: Masks) -> torch.Tensor:
        """What the best action is worth, (k,)."""
        later = self.q_net_target(obs).float()
        chooser = self.q_net(obs).float() if self.double else later
        return later.gather(1, masked(chooser, masks).argmax(1, keepdim=True))[:, 0]

    def _reward_scale(self) -> float | torch.Tensor:
        return torch.rsqrt(self.policy.reward_norm.norm.var + EPSILON) if self.normalize_reward else 1.0

    def _report(self) -> None:
        values = dict(zip(TOLD, (self._told / max(1, self._updates_told)).tolist(), strict=True))
        self._told.zero_()
        self._updates_told = 0
        check_finite(values)
        values |= {"exploration_rate": self.exploration_rate, "n_updates": self._n_updates}
        values["buffer_fill"] = self.replay_buffer.fill
        for name, value in values.items():
            self.logger.record(f"train/{name}", value)

    # --- going on exactly -----------------------------------------------------------------------------------------------

    def resume_state(self) -> dict[str, Any]:
        return {
            **super().resume_state(),
            "returns": self._returns,
            "memory": list(self._state),
            "n_calls": self._n_calls,
            "exploration_rate": float(self.exploration_rate),
            "told": self._told,
            "updates_told": self._updates_told,
        }

    def set_resume_state(self, state: Any) -> None:
        super().set_resume_state(state)
        self._returns.copy_(torch.as_tensor(state["returns"]))
        self._state = tuple(torch.as_tensor(part, device=self.device) for part in state["memory"])
        self._n_calls, self.exploration_rate = int(state["n_calls"]), float(state["exploration_rate"])
        self._told.copy_(torch.as_tensor(state["told"]))
        self._updates_told = int(state["updates_told"])

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_told"]
