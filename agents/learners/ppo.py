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
from .learner import Learner, check_finite, clip_norm
from .memory import State
from .networks import moved, random_moves
from .policies import ActorCritic, gumbel, masked
from .rollout import Minibatch, Rollout
from .stepping import Step, Stepper

TOLD = (
    "policy_gradient_loss",
    "value_loss",
    "entropy",
    "approx_kl",
    "clip_fraction",
    "feature_loss",
    "belief_loss",
    "teacher_loss",
    "grad_norm",
)  # of an update


class PPO(Learner, stable_baselines3.PPO):
    """As `stable_baselines3.PPO`, with its constructor and more: `ent_coef` may be a schedule like `clip_range`.

    `shift`: pictures are moved by up to so many pixels while they are learnt from (Kostrikov et al. 2020).
    `feature_coef`: weight of a loss by which the policy tells the title's features from what pictures show, and decides by them too
    (after Lample & Chaplot 2017): a picture is understood much sooner so. To play, it needs the picture alone.
    `belief_coef`: weight of a loss by which it guesses what seats of other teams perceive, from what it sees and remembers (after
    Papoudakis, Christianos & Albrecht 2021): under fog, what is remembered then tells where others are. Play needs none of it.
    `asymmetric_critic`: the critic is told what seats of other teams perceive, the actor is not (Pinto et al. 2018): what happens is
    then put down to what was done rather than to what was hidden. Play needs none of it.
    `teacher_coef`: weight of a loss by which it learns to do what the environment's teacher would (Schmitt et al. 2018), a number or
    a schedule; the teacher is asked as long as the weight is not 0.
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
        feature_coef: float = 0.0,
        belief_coef: float = 0.0,
        asymmetric_critic: bool = False,
        teacher_coef: float | Callable[[float], float] = 0.0,
        normalize_reward: bool = False,
        precision: str = "auto",
        _init_setup_model: bool = True,
        **options: Any,
    ) -> None:
        self.shift, self.normalize_reward, self.precision = shift, normalize_reward, precision
        self.feature_coef, self.belief_coef, self.asymmetric_critic = feature_coef, belief_coef, asymmetric_critic
        self.ent_schedule, self.teacher_schedule = FloatSchedule(ent_coef), FloatSchedule(teacher_coef)
        if options.get("clip_range_vf") is not None or options.get("use_sde"):
            raise UserError(
                "this PPO neither clips values nor explores by use_sde; leave clip_range_vf and use_sde out."
            )
        options.setdefault("rollout_buffer_class", Rollout)
        super().__init__(policy, env, _init_setup_model=False, **options)
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        if self.env is not None:
            self.policy_kwargs = {**self._told_counts(Stepper(self.env)), **(self.policy_kwargs or {})}
        super()._setup_model()

    def _told_counts(self, stepper: Stepper) -> dict[str, int]:
        """How many numbers the policy is told beside what is observed, by the names of its arguments."""
        wanted = {
            "told_features": (self.feature_coef, stepper.features),
            "guessed": (self.belief_coef, stepper.others),
            "confided": (self.asymmetric_critic, stepper.others),
        }
        return {name: told().shape[1] for name, (is_wanted, told) in wanted.items() if is_wanted}

    # --- acting ---------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        told = 0 if self.policy.tell is None else self.policy.tell.out_features
        others = self.stepper.others().shape[1] if self.belief_coef or self.asymmetric_critic else 0
        self.rollout_buffer.open(
            self.stepper.stack, masked=self.stepper.masked, features=told, others=others, shown=self._taught() > 0
        )
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

    def _taught(self) -> float:
        """How much the teacher weighs now."""
        return self.teacher_schedule(self._current_progress_remaining)

    def _begin_rollout(self) -> None:
        self._teacher_weight = self._taught()  # the same until all that it shows is learnt from
        shape = self.n_steps, self.n_envs, self.rollout_buffer.action_count
        self._noise = gumbel(*shape, device=self.device)

    @torch.no_grad()
    def _act(self, t: int) -> np.ndarray[Any, Any]:
        """Chooses for every environment, and notes what it saw and did."""
        buffer, starts = self.rollout_buffer, torch.from_numpy(np.asarray(self._last_episode_starts, bool))
        buffer.frames.write(buffer.slot(t), self._last_obs, starts)
        buffer.starts[t] = starts
        if buffer.features is not None:
            buffer.features[t] = torch.from_numpy(self.stepper.features())
        if buffer.others is not None:
            buffer.others[t] = torch.from_numpy(self.stepper.others())
        if buffer.shown is not None and self._teacher_weight:
            buffer.shown[t] = torch.from_numpy(self.stepper.shown())
        with self.autocast():
            seen = self.policy.see(self._tensors(self._last_obs)).float()
        latent, self._state = self.policy.think(seen, self._fresh_where(starts))
        logits, masks = self.policy.scores(latent), self.stepper.masks()
        if masks is not None and buffer.masks is not None:
            buffer.masks[t] = torch.from_numpy(masks)
            logits = masked(logits, buffer.masks[t])
        buffer.actions[t] = (logits + self._noise[t]).argmax(1)
        buffer.note(t, latent, logits)
        return buffer.actions[t].cpu().numpy()

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
        with self.crew.at_work():
            self.crew.share_out(buffer.judge, buffer.steps(self.crew.hands))
        for t, step, state in cuts:
            rows = torch.from_numpy(step.cut).to(self.device)
            # what others perceived a decision ago has to do for the critic: their games have begun anew
            others = None if buffer.others is None else buffer.others[t, rows]
            buffer.rewards[t, rows] += self.gamma * self._value(step.cut_obs, state, others)
        dones = torch.from_numpy(np.asarray(self._last_episode_starts, bool)).to(self.device)
        others = None if buffer.others is None else torch.from_numpy(self.stepper.others()).to(self.device)
        buffer.finish(self._value(self._last_obs, self._state, others), dones)
        if self.policy.normalizes:
            self.policy.learn_statistics(buffer.observations(torch.arange(buffer.actions.numel(), device=self.device)))
            if self.policy.critic_eyes is not None:
                self.policy.critic_eyes.learn_statistics(buffer.others.flatten(0, 1))
        self.tally.add_actions(torch.bincount(buffer.actions.flatten(), minlength=buffer.action_count).cpu().numpy())

    def _value(self, obs: Any, state: State, others: torch.Tensor | None) -> torch.Tensor:
        with self.autocast():
            seen = self.policy.see(self._tensors(obs)).float()
        return self.policy.values(self.policy.think(seen, state)[0], others)

    # --- learning -------------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """`n_epochs` passes over the rollout, in shuffled minibatches."""
        with self.split.timed("learn"), self.crew.at_work():
            self._update()

    def _update(self) -> None:
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        progress = self._current_progress_remaining
        self._clip, self._entropy_weight = self.clip_range(progress), self.ent_schedule(progress)  # type: ignore[operator]
        told: list[torch.Tensor] = []
        for _ in range(self.n_epochs):
            for index in self._minibatches():
                told.append(self._learn_from(index))
            self._n_updates += 1
            if self.target_kl is not None and float(told[-1][3]) > 1.5 * self.target_kl:
                break
        self._report(torch.stack(told).mean(0))

    def _minibatches(self) -> Iterator[torch.Tensor]:
        """Indices of samples, (k,) each, that together are the rollout."""
        yield from torch.randperm(self.n_steps * self.n_envs, device=self.device).split(self.batch_size)

    def _learn_from(self, index: torch.Tensor) -> torch.Tensor:
        """One update. Returns (9,): what `_loss` tells, and the norm of the gradient."""
        optimizer = self.policy.optimizer
        optimizer.zero_grad(set_to_none=True)
        moves = random_moves(index.numel(), self.shift, self.device)
        batch = Minibatch(index, self._advantage_scale(index), None if moves is None else moves.view(2, *index.shape))
        hands = max(1, min(self.crew.hands, index.numel() // self.least_share))
        told = sum(self.crew.share_out(self._learn_part, batch.parts(hands)))
        norm = clip_norm(optimizer, self.max_grad_norm)
        optimizer.step()
        return torch.cat([told, norm.detach()[None]])  # type: ignore[list-item]  # the sum of some is a tensor

    def _advantage_scale(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Mean and deviation of a minibatch's advantages; None where they stay as they are."""
        if not self.normalize_advantage or index.numel() < 2:
            return None
        deviation, mean = torch.std_mean(self.rollout_buffer.advantages.view(-1)[index])
        return mean, deviation + 1e-8

    def _learn_part(self, policy: ActorCritic, part: Minibatch) -> torch.Tensor:
        """Gradients of a part of a minibatch, piece by piece, so that what is worked on fits the cache. Returns (8,), as `_loss`."""
        told = torch.zeros(8, device=self.device)
        for piece in part.pieces(self._piece() or part.index.shape[-1]):
            loss, news = self._loss(policy, piece)
            (loss * piece.share).backward()
            told += news * piece.share
        return told

    def _piece(self) -> int:
        """Columns of an index that are worked through at a time; 0: all."""
        return self.chunk

    def _seen(self, policy: ActorCritic, batch: Minibatch) -> torch.Tensor:
        """What the eyes make of each sample, (k, width) float32."""
        obs = moved(self.rollout_buffer.observations(batch.index.flatten()), batch.moves)
        with self.autocast():
            return policy.see(obs).float()

    def _remembered(self, policy: ActorCritic, seen: torch.Tensor, batch: Minibatch) -> torch.Tensor:
        """What the heads get for each sample, (k, width)."""
        return seen

    def _loss(self, policy: ActorCritic, batch: Minibatch) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean loss of some samples, and (8,) means: what `ppo_loss` tells, and the losses of telling, of guessing and of imitating."""
        facts, seen = self.rollout_buffer.pick(batch), self._seen(policy, batch)
        latent = self._remembered(policy, seen, batch)
        logits = masked(policy.scores(latent), facts.masks)
        loss, told = ppo_loss(
            logits,
            policy.values(latent, facts.others),
            facts.actions,
            facts.log_probs,
            facts.advantages,
            facts.returns,
            clip=self._clip,
            vf_coef=self.vf_coef,
            ent_coef=self._entropy_weight,
        )
        far = torch.zeros(3, device=self.device)
        if facts.features is not None:
            far[0] = functional.mse_loss(seen[:, -facts.features.shape[1] :], facts.features)
        if facts.others is not None and policy.guess is not None:
            far[1] = functional.mse_loss(policy.guess(latent), facts.others)
        if facts.shown is not None and self._teacher_weight:
            far[2] = functional.kl_div(torch.log_softmax(logits, 1), facts.shown, reduction="batchmean")
        return loss + (self._far_weights() * far).sum(), torch.cat([told, far.detach()])

    def _far_weights(self) -> torch.Tensor:
        return torch.tensor([self.feature_coef, self.belief_coef, self._teacher_weight], device=self.device)

    def _report(self, told: torch.Tensor) -> None:
        values = dict(zip(TOLD, told.tolist(), strict=True))
        weights = self.feature_coef, self.belief_coef, self._teacher_weight
        for name, weight in zip(("feature_loss", "belief_loss", "teacher_loss"), weights, strict=True):
            if not weight:
                del values[name]
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
