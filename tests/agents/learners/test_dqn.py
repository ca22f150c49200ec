"""DQN, with and without a memory: updates, targets, masks, switches, determinism, saving, going on exactly."""

from __future__ import annotations

import copy
import io
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import stable_baselines3
import torch
from npckit.agents.learners import DQN, RecurrentDQN
from npckit.agents.learners.normalize import RunningNorm
from npckit.agents.learners.q_policies import explored
from npckit.agents.learners.seat import ModelAgent
from npckit.envs import SB3VecEnv
from npckit.errors import Diverged, UserError
from npckit.games.observation import ObsSpec
from npckit.train.evaluation import play_sides
from stable_baselines3.common.buffers import ReplayBufferSamples
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

CLASSES = (DQN, RecurrentDQN)
SMALL: dict[str, Any] = {
    "buffer_size": 4000, "batch_size": 64, "learning_starts": 200, "train_freq": 2, "target_update_interval": 64, "seed": 0,
    "device": "cpu",
}  # fmt: skip


def model_of(kind: type[DQN], env: Any, **options: Any) -> DQN:
    arch = {"net_arch": [16], **options.pop("policy_kwargs", {})}
    memory = {"memory_size": 16} if kind is RecurrentDQN else {}
    policy = "MultiInputPolicy" if isinstance(getattr(env, "observation_space", None), gym.spaces.Dict) else "MlpPolicy"
    return kind(policy, env, **{**SMALL, **options}, policy_kwargs={**memory, **arch})


def weights(model: DQN) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


def _pong(obs: str = "features") -> SB3VecEnv:
    env = SB3VecEnv("pong", 8, obs=obs, size=(16, 16), opponent="easy")
    env.seed(1)
    return env


# --- updates ----------------------------------------------------------------------------------------------------------------


def test_an_update_is_that_of_stable_baselines3() -> None:
    mine = model_of(DQN, _pong(), double=False, learning_starts=10**6, max_grad_norm=0.05).learn(800)
    arch: dict[str, Any] = {"net_arch": [16]}
    theirs = stable_baselines3.DQN("MlpPolicy", _pong(), policy_kwargs=arch, max_grad_norm=0.05, **SMALL).learn(8)
    for net, peer in ((mine.q_net, theirs.q_net), (mine.q_net_target, theirs.q_net_target)):
        for weight, other in zip(net.parameters(), peer.parameters(), strict=True):
            other.data.copy_(weight)
    batch = mine.replay_buffer.sample(64)
    seen, after = (mine.replay_buffer.observations(places) for places in (batch.index, batch.after))
    rewards, over = batch.returns[:, None], (batch.discounts == 0).float()[:, None]
    theirs.replay_buffer.sample = lambda *_, **__: ReplayBufferSamples(
        seen, batch.actions[:, None], after, over, rewards
    )  # type: ignore
    mine.replay_buffer.sample = lambda *_: batch
    for _ in range(5):
        mine.train(1, 64)
        theirs.train(1, 64)
    for weight, other in zip(mine.q_net.parameters(), theirs.q_net.parameters(), strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-4, atol=1e-6)
    assert mine.logger.name_to_value["train/n_updates"] == 1  # one of sixteen is told of


@pytest.mark.parametrize("double", [True, False])
def test_a_target_hopes_for_the_best_legal_action(double: bool) -> None:
    model = model_of(DQN, SB3VecEnv("snake", 8), double=double, learning_starts=10**6, n_steps=2).learn(1600)
    torch.nn.init.normal_(model.q_net_target.layers[-1].weight)
    batch = model.replay_buffer.sample(200)
    masks, after = model.replay_buffer.masks(batch.after), model.replay_buffer.observations(batch.after)
    assert not masks.all()
    _, targets = model._values_and_targets(batch)
    with torch.no_grad():
        online, later = model.q_net(after), model.q_net_target(after)
    for i, legal in enumerate(masks):
        allowed = [action for action in range(len(legal)) if legal[action]]
        best = max(allowed, key=lambda action: (online if double else later)[i, action])  # called at once
        hope = batch.returns[i] + batch.discounts[i] * later[i, best]
        assert targets[i].item() == pytest.approx(hope.item(), abs=1e-5)


def test_the_target_follows_every_so_many_samples() -> None:
    model = model_of(DQN, _pong(), target_update_interval=10**6).learn(800)
    before = copy.deepcopy(model.q_net_target.state_dict())
    assert any((model.q_net.state_dict()[name] != old).any() for name, old in before.items())
    model.target_update_interval, model.tau = 8, 0.25
    model._on_step()
    for name, weight in model.q_net_target.state_dict().items():
        torch.testing.assert_close(weight, 0.75 * before[name] + 0.25 * model.q_net.state_dict()[name])


def test_both_networks_see_through_the_same_statistics() -> None:
    model = model_of(DQN, _pong(), policy_kwargs={"features_extractor_kwargs": {"normalize": True}}).learn(800)
    eye, other = model.q_net.eyes.eyes["obs"], model.q_net_target.eyes.eyes["obs"]
    assert isinstance(eye, RunningNorm) and eye is other and eye.count > 799


@pytest.mark.parametrize("kind", CLASSES)
def test_the_clock_is_not_the_end_of_what_a_state_is_worth(kind: type[DQN], timed: Any) -> None:
    env = make_vec_env(lambda: gym.wrappers.TimeLimit(timed(), 7), 8)
    options: dict[str, Any] = {"burn_in": 2, "sequence": 4} if kind is RecurrentDQN else {}
    options |= {"gamma": 0.8, "n_steps": 2, "learning_rate": 1e-2, "train_freq": 1, "gradient_steps": 2}
    model = model_of(kind, env, **options).learn(1600)
    latent, _ = model.policy.think(model.policy.see(torch.ones(1, 1)), model.policy.initial_state(1))
    assert (model.policy.scores(latent) - 5.0).abs().max() < 0.3  # as if the clock were an end: 1 to 4


# --- acting -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", ["snake", "tanks"])
def test_what_a_mask_forbids_is_never_chosen(kind: type[DQN], name: str) -> None:
    env = SB3VecEnv(name, 16, illegal="refuse")  # the environment would tell
    model = model_of(kind, env).learn(16 * 80)
    masks = np.zeros((16, env.action_space.n), bool)  # type: ignore[attr-defined]
    masks[:, 1:3] = True
    model.exploration_rate = 0.5
    chosen, _ = model.predict(env.reset(), action_masks=masks)
    assert set(chosen) == {1, 2}
    single, _ = model.predict(env.reset()[0], action_masks=masks[0])
    assert single in (1, 2)
    masks[:, 2] = False
    assert (model.predict(env.reset(), deterministic=True, action_masks=masks)[0] == 1).all()


def test_chance_is_drawn_for_each_row_and_fades() -> None:
    model = model_of(DQN, _pong())
    best = torch.zeros(30_000, dtype=torch.int64)
    shares = torch.bincount(explored(best, None, 0.3, 3)) / len(best)
    assert torch.allclose(shares, torch.tensor([0.8, 0.1, 0.1]), atol=0.01)
    model.exploration_fraction = 0.5
    model.learn(1600)
    assert model.exploration_rate == pytest.approx(0.05)


def test_what_happened_is_counted() -> None:
    model = model_of(DQN, _pong()).learn(8 * 1200)
    told = model.tally.drain()
    assert told.actions is not None and told.actions.sum() == 8 * 1200
    assert told.episodes >= 8 and told.event_counts is not None
    assert told.episodes == model._episode_num and len(model.ep_info_buffer or ()) == min(100, told.episodes)
    assert all(model.split[part] > 0 for part in ("simulate", "infer", "learn"))
    assert model.tally.episodes == 0


# --- switches ---------------------------------------------------------------------------------------------------------------


class _Corridor(gym.Env[Any, Any]):
    """Six places in a row. A step to the right leads on, one to the left back; the end pays 1."""

    observation_space = gym.spaces.Box(0, 1, (6,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, **_: Any) -> Any:
        self.place = 0
        return np.eye(6, dtype=np.float32)[0], {}

    def step(self, action: Any) -> Any:
        self.place = max(0, self.place + (1 if action else -1))
        return np.eye(6, dtype=np.float32)[self.place], float(self.place == 5), self.place == 5, False, {}


SWITCHES: dict[str, dict[str, Any]] = {
    "plain": {"double": False},
    "double": {},
    "dueling": {"policy_kwargs": {"dueling": True}},
    "prioritized": {"prioritized": True},
    "n-step": {"n_steps": 3},
    "soft target": {"tau": 0.1, "target_update_interval": 16},
    "all": {"prioritized": True, "n_steps": 3, "policy_kwargs": {"dueling": True}},
}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("switch", SWITCHES)
def test_every_switch_learns_what_places_are_worth(kind: type[DQN], switch: str) -> None:
    torch.set_num_threads(1)
    options: dict[str, Any] = {"burn_in": 2, "sequence": 6} if kind is RecurrentDQN else {}
    options |= {"gamma": 0.8, "exploration_fraction": 0.5, "exploration_final_eps": 0.2, "learning_rate": 5e-3}
    env = make_vec_env(_Corridor, 16, seed=0)
    model = model_of(kind, env, train_freq=1, **options, **SWITCHES[switch]).learn(16 * 300)
    state = model.policy.initial_state(1)
    loss = 0.2 if model.n_steps > 1 else 0.1  # n steps count the detours that chance makes
    for place in range(5):
        latent, state = model.policy.think(model.policy.see(torch.eye(6)[place : place + 1]), state)
        back, on = model.policy.scores(latent)[0].tolist()
        assert back < on
        assert 0.8 ** (4 - place) - loss < on < 0.8 ** (4 - place) + 0.1


@pytest.mark.parametrize("kind", CLASSES)
def test_great_rewards_are_learnt_as_if_they_were_small(kind: type[DQN]) -> None:
    env = make_vec_env(lambda: gym.wrappers.TransformReward(_Corridor(), lambda reward: 1e4 * float(reward)), 8, seed=0)
    model = model_of(kind, env, normalize_reward=True, prioritized=True).learn(1600)
    assert model.policy.reward_norm.norm.var > 1e5
    values = model.policy.scores(model.policy.think(model.policy.see(torch.eye(6)), model.policy.initial_state(6))[0])
    assert values.abs().max() < 10


# --- keeping ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("obs", ["features", "planes", "both"])
def test_equal_seeds_give_equal_weights(kind: type[DQN], obs: str) -> None:
    torch.set_num_threads(1)
    options: dict[str, Any] = {"shift": 1, "prioritized": True, "n_steps": 2}
    first, second, other = (model_of(kind, _pong(obs), seed=seed, **options).learn(560) for seed in (5, 5, 6))
    assert first._n_updates > 3
    assert torch.equal(weights(first), weights(second)) and not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize("kind", CLASSES)
def test_a_saved_model_plays_and_goes_on_learning(kind: type[DQN]) -> None:
    options: dict[str, Any] = {"features_extractor_kwargs": {"normalize": True}, "dueling": True}
    model = model_of(kind, _pong(), normalize_reward=True, n_steps=3, policy_kwargs=options).learn(800)
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = kind.load(file, device="cpu")
    obs, starts = np.random.default_rng(0).uniform(-1, 1, (9, 9)).astype(np.float32), np.zeros(9, bool)
    state: Any = None
    again: Any = None
    for _ in range(3):
        actions, state = model.predict(obs, state, starts, deterministic=True)
        repeated, again = loaded.predict(obs, again, starts, deterministic=True)
        np.testing.assert_array_equal(actions, repeated)
    assert (loaded.n_steps, loaded.exploration_rate) == (3, model.exploration_rate)
    loaded.set_env(_pong())
    loaded.learn(800, reset_num_timesteps=False)
    assert loaded.num_timesteps == 1600 and loaded.replay_buffer.n_steps == 3


class _Halfway(BaseCallback):
    """Takes down everything at a clean boundary."""

    taken: dict[str, Any] | None = None

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.taken is None and self.num_timesteps >= 800:
            model: Any = self.model
            self.taken = copy.deepcopy(
                {
                    "parameters": model.get_parameters(),
                    "model": model.resume_state(),
                    "replay": model.replay_buffer.state(),
                    "env": model.env.get_state(),
                    "torch": torch.get_rng_state(),
                }
            )


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", ["pong", "snake"])
def test_a_model_goes_on_as_if_it_had_never_stopped(kind: type[DQN], name: str) -> None:
    torch.set_num_threads(1)

    def made() -> DQN:
        env = SB3VecEnv(name, 8, obs="planes", opponent="easy", max_ticks=200)
        env.seed(3)
        options: dict[str, Any] = {"features_extractor_kwargs": {"width": 16}}
        switches: dict[str, Any] = {
            "prioritized": True,
            "n_steps": 2,
            "normalize_reward": True,
            "exploration_fraction": 0.9,
        }
        return model_of(kind, env, buffer_size=640, policy_kwargs=options, **switches)

    halfway = _Halfway()
    whole, second = made().learn(1600, halfway), made()
    taken: Any = halfway.taken
    second.set_parameters(taken["parameters"])
    second.replay_buffer.set_state(taken["replay"])
    second._last_obs = second.env.set_state(taken["env"])  # type: ignore[union-attr]
    second.set_resume_state(taken["model"])
    torch.set_rng_state(taken["torch"])
    second.learn(1600 - second.num_timesteps, reset_num_timesteps=False)
    assert second.num_timesteps == whole.num_timesteps and second._n_updates == whole._n_updates > 80
    assert torch.equal(weights(whole), weights(second))
    assert second.exploration_rate == whole.exploration_rate


def test_a_replay_buffer_is_saved_and_loaded_as_stable_baselines3_does() -> None:
    model, file = model_of(DQN, _pong()).learn(400), io.BytesIO()
    model.save_replay_buffer(file)
    file.seek(0)
    other = model_of(DQN, _pong())
    other.load_replay_buffer(file)
    assert other.replay_buffer.total == 50
    other.learn(400)
    assert other.replay_buffer.total == 100


# --- limits -----------------------------------------------------------------------------------------------------------------


def test_a_loss_that_breaks_is_named() -> None:
    model = model_of(DQN, _pong(), learning_rate=1e30, max_grad_norm=1e30)
    with pytest.raises(Diverged, match=r"training broke: .* lower learning_rate"):
        model.learn(8 * 400)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"buffer_size": 8}, "too short for 8 environments"),
        ({"policy_kwargs": {"memory": "lstm"}}, "DQN has no memory"),
        ({"kind": RecurrentDQN, "policy_kwargs": {"memory": "none"}}, "RecurrentDQN needs one"),
        ({"kind": RecurrentDQN, "policy_kwargs": {"memory": "rnn"}}, "no memory 'rnn'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(options: dict[str, Any], told: str) -> None:
    kind = options.pop("kind", DQN)
    with pytest.raises(UserError, match=told):
        model_of(kind, _pong(), **options)


def test_episodes_as_a_measure_of_rollouts_are_refused() -> None:
    with pytest.raises(UserError, match="give it as a number"):
        model_of(DQN, gym.make("CartPole-v1"), train_freq=(1, "episode")).learn(10)


# --- skill ------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_pong_is_learnt(kind: type[DQN]) -> None:
    torch.set_num_threads(2)
    env = SB3VecEnv("pong", 128, opponent="easy")
    env.seed(0)
    options: dict[str, Any] = (
        {"memory_size": 64, "net_arch": [64]} if kind is RecurrentDQN else {"net_arch": [128, 128]}
    )
    model = model_of(
        kind, env, buffer_size=100_000, batch_size=512, learning_starts=10_000, train_freq=1, target_update_interval=8_000,
        learning_rate=1e-3, gamma=0.98, n_steps=3, policy_kwargs=options,
    ).learn(250_000)  # fmt: skip
    agent = ModelAgent(model, ObsSpec("features"))
    points, _ = play_sides(env.game, agent, "easy", matches=100, seed=7)
    assert points.mean() > 0.8  # chance: 0.13
