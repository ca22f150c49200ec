"""Deep Q-learning (Mnih et al. 2015) as a Stable-Baselines3 learner, for hundreds of environments side by side.

The replay stays on the device and stores every frame once, nothing is done for each environment in Python, masks are
honoured in what is done and in what is hoped for, and episodes that the clock ends are bootstrapped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.save_util import load_from_pkl
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq, TrainFrequencyUnit
from stable_baselines3.common.utils import polyak_update
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from ...errors import UserError
from . import loops
from .by_hand import ByHand, Rooms
from .flat_adam import FlatAdam
from .learner import Learner, check_finite, clip_norm
from .networks import shifted
from .normalize import EPSILON
from .policies import Masks, masked
from .priorities import BETA
from .q_policies import ALL, QPolicy, chosen, explored
from .replay import CUT, ENDED, Replay
from .stepping import Step

TOLD = ("loss", "q_mean", "target_mean", "td_error", "grad_norm")  # of an update
UPDATES_PER_REPORT = 16  # one of so many is told of: on a GPU, asking for numbers makes the host wait


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
    recurrent: ClassVar[bool] = False
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
        if (self.policy.memory is not None) != self.recurrent:
            raise UserError("DQN has no memory, and RecurrentDQN needs one: lstm or gru; take the one that fits.")
        self._online, self._target = self._networks()
        if self.env is not None:
            _ = self.stepper  # takes the room at once: a run that has not enough is refused before it begins

    def _networks(self) -> tuple[Any, Any]:
        """The two networks, (k, *shape) -> (k, actions); without a graph where that can be."""
        plain = self.shift == 0 and isinstance(self.autocast(), contextlib.nullcontext)
        nets: tuple[Any, Any] = (self.q_net, self.q_net_target)
        served = plain and isinstance(self.policy.optimizer, FlatAdam) and all(map(ByHand.serves, nets))
        rooms: Rooms = {}
        return (ByHand(nets[0], rooms), ByHand(nets[1], rooms)) if served else nets

    def _replay_options(self, n_steps: int) -> dict[str, Any]:
        return {"gamma": self.gamma, "n_steps": n_steps, "prioritized": self.prioritized}

    def _open(self) -> None:
        self._returns = torch.zeros(self.n_envs, device=self.device)
        self._state = self.policy.initial_state(self.n_envs)
        self.replay_buffer.open(self.stepper.stack, masked=self.stepper.masked, state=self._state)

    def _setup_learn(
        self, total_timesteps: int, callback: Any = None, reset_num_timesteps: bool = True, *args: Any, **kwargs: Any
    ) -> Any:
        resets = reset_num_timesteps or self._last_obs is None
        ready = super()._setup_learn(total_timesteps, callback, reset_num_timesteps, *args, **kwargs)
        if resets:  # the environment, as Stable-Baselines3 does
            self.replay_buffer.interrupt()
        return ready

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
            best, count = torch.as_tensor(actions), self.replay_buffer.action_count
            masks = None if action_masks is None else torch.as_tensor(np.asarray(action_masks, bool)).view(-1, count)
            actions = explored(best.view(-1), masks, self.exploration_rate, count).view(best.shape).numpy()
        return actions, state

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
        obs = self._tensors(self._last_obs)
        starts = torch.as_tensor(np.asarray(self._last_episode_starts, bool), device=self.device)
        legal = self.stepper.masks()
        masks = None if legal is None else torch.as_tensor(legal, device=self.device)
        self._state = self._fresh_where(starts)
        self.replay_buffer.observe(obs, starts, masks, self._state)
        self.policy.learn_statistics(obs)
        scores, warm = self._score(obs), self.num_timesteps >= learning_starts
        return chosen(scores, masks, self._chance() if warm else 1.0)

    def _score(self, obs: Any) -> torch.Tensor:
        """What every action is worth now, (n, actions); what is remembered is carried on."""
        if isinstance(self._online, ByHand):
            return self._online(obs)
        with self.autocast():
            latent, self._state = self.policy.think(self.policy.see(obs), self._state)
            return self.policy.scores(latent)

    def _chance(self) -> float | torch.Tensor:
        """Of an action by lot: one for all environments, or (n,)."""
        return self.exploration_rate

    def _remember(self, actions: torch.Tensor, step: Step, log_interval: int | None) -> None:
        """Notes what a step gave."""
        self._last_obs, self._last_episode_starts = step.obs, step.dones
        ends = step.dones * np.uint8(ENDED)
        ends[step.cut] = CUT
        rewards: Any = step.rewards
        if self.normalize_reward:
            rewards = torch.as_tensor(rewards, dtype=torch.float32, device=self.device)
            self.policy.reward_norm(rewards, torch.as_tensor(step.dones, device=self.device), self._returns, self.gamma)
        done = actions.cpu().numpy()
        told: tuple[Any, ...] = (done, rewards, ends)
        if self.device.type != "cpu":
            told = actions, *(torch.as_tensor(each, device=self.device) for each in told[1:])
        self.replay_buffer.add(*told)
        self.tally.add_actions(np.bincount(done, minlength=self.replay_buffer.action_count))
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
            for _ in range(gradient_steps if self.replay_buffer.ready else 0):
                told = self._n_updates % UPDATES_PER_REPORT == 0
                self._n_updates += 1
                self._learn_from(self.replay_buffer.sample(batch_size), told=told)

    def _learn_from(self, batch: Any, *, told: bool) -> None:
        """One update. Its numbers are recorded where they are `told`."""
        optimizer = self.policy.optimizer
        optimizer.zero_grad()
        differences = [self._descend(part, batch.count) for part in self._parts(batch)]
        norm = clip_norm(optimizer, self.max_grad_norm)
        optimizer.step()
        if self.prioritized:
            self._learn_priorities(batch, torch.cat([error for error, _ in differences]))
        if told:
            error, targets = (torch.cat(each) for each in zip(*differences, strict=True))
            self._report(error, targets, batch.weights, norm)

    def _descend(self, part: Any, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Adds a part of a minibatch of `count` to the gradient. How far its values are off, (k,), and what they should be."""
        if isinstance(self._online, ByHand):
            return self._descend_by_hand(self._online, part, count)
        values, targets = self._values_and_targets(part)
        with torch.no_grad():
            error = values.gather(-1, part.actions[..., None])[..., 0] - targets
            pull = part.weights * error.clamp(-1, 1) / count  # the slope of the Huber loss, without its graph
            slope = torch.zeros_like(values).scatter_(-1, part.actions[..., None], pull[..., None])
        values.backward(slope)
        return error, targets

    @torch.no_grad()
    def _descend_by_hand(self, online: ByHand, part: Any, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """As `_descend`, without a graph."""
        replay = self.replay_buffer
        masks = replay.masks(part.after)
        obs = replay.observations(part.after)
        later = self._target(obs)
        chooser = online(obs) if self.double else later
        values = online(replay.observations(part.index))
        masks = ALL if masks is None else masks.numpy()
        returns = part.returns * self._reward_scale() if self.normalize_reward else part.returns
        told = (each.numpy() for each in (part.actions, returns, part.discounts, part.weights))
        targets, error = np.empty((2, part.count), np.float32)
        slope = np.empty(values.shape, np.float32)
        loops.slopes(values.numpy(), later.numpy(), chooser.numpy(), masks, *told, 1 / count, targets, error, slope)
        online.backward(torch.from_numpy(slope))
        return torch.from_numpy(error), torch.from_numpy(targets)

    def _learn_priorities(self, batch: Any, error: torch.Tensor) -> None:
        """What the errors, (k,), tell of the items that were drawn."""
        self.replay_buffer.priorities.update(batch.items, error.abs())

    def _parts(self, batch: Any) -> Iterator[Any]:
        """Pieces of a minibatch that are worked through one after the other: pictures fit the cache then."""
        size = self.chunk or batch.count
        if size >= batch.count:
            return iter([batch])
        return (batch.part(slice(first, first + size)) for first in range(0, batch.count, size))

    def _values_and_targets(self, batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """What every action is worth, (k, actions), and what the one that was taken should be, (k,)."""
        replay = self.replay_buffer
        with self.autocast():
            with torch.no_grad():
                hopes = self._hopes(shifted(replay.observations(batch.after), self.shift), replay.masks(batch.after))
            values = self.q_net(shifted(replay.observations(batch.index), self.shift)).float()
        return values, batch.returns * self._reward_scale() + batch.discounts * hopes

    def _hopes(self, obs: Any, masks: Masks) -> torch.Tensor:
        """What the best action is worth, (k,)."""
        later = self.q_net_target(obs).float()
        chooser = self.q_net(obs).float() if self.double else later
        return later.gather(1, masked(chooser, masks).argmax(1, keepdim=True))[:, 0]

    def _reward_scale(self) -> float | torch.Tensor:
        return torch.rsqrt(self.policy.reward_norm.norm.var + EPSILON) if self.normalize_reward else 1.0

    def _report(self, error: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, norm: torch.Tensor) -> None:
        loss = (weights * functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="none")).mean()
        known = weights > 0
        means = [(each * known).sum() / known.sum() for each in (error + targets, targets, error.abs())]
        values = dict(zip(TOLD, torch.stack([loss, *means, norm]).tolist(), strict=True))
        check_finite(values)
        values |= {"exploration_rate": self.exploration_rate, "n_updates": self._n_updates}
        values["buffer_fill"] = self.replay_buffer.fill
        for name, value in values.items():
            self.logger.record(f"train/{name}", value)

    # --- keeping --------------------------------------------------------------------------------------------------------

    def resume_state(self) -> dict[str, Any]:
        return {
            **super().resume_state(),
            "returns": self._returns,
            "memory": list(self._state),
            "n_calls": self._n_calls,
            "exploration_rate": float(self.exploration_rate),
        }

    def set_resume_state(self, state: Any) -> None:
        super().set_resume_state(state)
        self._returns.copy_(torch.as_tensor(state["returns"]))
        self._state = tuple(torch.as_tensor(part, device=self.device) for part in state["memory"])
        self._n_calls, self.exploration_rate = int(state["n_calls"]), float(state["exploration_rate"])

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_online", "_target"]

    def load_replay_buffer(self, path: Any, truncate_last_traj: bool = True) -> None:
        """Takes a replay that `save_replay_buffer` wrote: a pickle, so only one of your own."""
        self.replay_buffer = load_from_pkl(path, self.verbose)
