"""A critic that is told what others perceive: it foretells more, the actor hears nothing of it, and play needs none of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from npckit.agents.learners import PPO, RecurrentPPO
from npckit.envs.sb3_env import SB3VecEnv
from npckit.errors import UserError
from npckit.games.contract import Game
from npckit.train import PPOConfig, TrainConfig, run


def model_of(kind: type[PPO], asymmetric: bool, **eyes: object) -> PPO:
    env = SB3VecEnv("heist", 48, opponent="normal", seat="guard")
    env.seed(1)
    kwargs = {"features_extractor_kwargs": eyes}
    return kind(
        "MlpPolicy", env, n_steps=16, batch_size=256, asymmetric_critic=asymmetric, policy_kwargs=kwargs, seed=0
    )


@pytest.mark.parametrize("kind", [PPO, RecurrentPPO])
def test_values_hang_on_what_is_confided_and_actions_do_not(kind: type[PPO]) -> None:
    model = model_of(kind, True, normalize=True, zoom=[4.0])
    model.learn(48 * 16 * 2)
    latent, others = model.rollout_buffer._latents[0], model.rollout_buffer.others[0]
    values = model.policy.values(latent, others)
    assert not torch.allclose(values, model.policy.values(latent, others.flip(0)))
    blind = model_of(kind, False, normalize=True, zoom=[4.0])
    names = {name for name, _ in model.policy.named_parameters()} ^ {
        name for name, _ in blind.policy.named_parameters()
    }
    assert not names  # eyes for numbers have no weights: the critic's first layer is wider, that is all
    shapes = {name: weights.shape for name, weights in blind.policy.named_parameters()}
    wider = [name for name, weights in model.policy.named_parameters() if weights.shape != shapes[name]]
    assert wider == ["mlp_extractor.value_net.0.weight"]


def test_what_is_confided_is_seen_as_the_actor_sees() -> None:
    model = model_of(PPO, True, normalize=True)
    model.learn(48 * 16 * 4)
    eyes, others = model.policy.critic_eyes, model.rollout_buffer.others.flatten(0, 1)
    assert eyes is not None
    seen = eyes(others)
    moving = others.std(0) > 0.01
    assert seen[:, moving].mean(0).abs().max() < 1.0 and (seen[:, moving].std(0) - 1).abs().median() < 0.5


def test_it_foretells_what_hangs_on_what_others_perceive(lantern: Game) -> None:
    own = len(lantern.spec.features_of("runner"))
    explained = {}
    for asymmetric in (False, True):
        # shaped by where a chaser is, which runners see by lantern light alone: what is to come then hangs on that
        env = SB3VecEnv(lantern, 64, opponent="easy", seat="runner", potential=lambda seen: 10 * seen[:, own])
        env.seed(1)
        model = PPO(
            "MlpPolicy", env, n_steps=32, batch_size=512, learning_rate=1e-3, asymmetric_critic=asymmetric, seed=0
        )
        model.learn(64 * 32 * 16)
        explained[asymmetric] = model.rollout_buffer.explained_variance()
    assert explained[True] > 0.9 > 0.7 > explained[False], explained


def test_who_plays_alone_has_nobody_to_confide() -> None:
    with pytest.raises(UserError, match="asymmetric_critic"):
        PPO("MlpPolicy", SB3VecEnv("flappy", 8), asymmetric_critic=True)


def test_what_the_clock_cuts_off_is_valued_by_what_others_perceived_last(monkeypatch: pytest.MonkeyPatch) -> None:
    env = SB3VecEnv("heist", 48, opponent="normal", seat="guard", max_ticks=40)
    env.seed(1)
    model = PPO("MlpPolicy", env, n_steps=32, batch_size=256, asymmetric_critic=True, seed=0)
    asked, value = [], model._value
    monkeypatch.setattr(model, "_value", lambda obs, state, others: asked.append(others) or value(obs, state, others))
    model.learn(48 * 32)
    *cuts, last = asked  # the last is what comes after the rollout
    ends = [9, 19, 29]  # of the decisions, each of four ticks
    everybody, buffer = 48, model.rollout_buffer
    assert [len(others) for others in cuts] == [everybody] * 3 and len(last) == everybody
    for step, others in zip(ends, cuts, strict=True):
        assert buffer.starts[step + 1].all()
        assert torch.equal(others, buffer.others[step]) and not torch.equal(others, buffer.others[step + 1])


def test_it_is_no_part_of_the_policy_file(tmp_path: Path) -> None:
    sizes = []
    for asymmetric in (False, True):
        ppo = PPOConfig(n_steps=16, batch_size=128, asymmetric_critic=asymmetric)
        done = run(
            TrainConfig(
                "pong", out=str(tmp_path / str(asymmetric)), num_envs=16, total_samples=512, hidden=(16,), threads=1,
                eval_every=0, final_matches=2, ppo=ppo,
            ),
            quiet=True,
        )  # fmt: skip
        sizes.append(done.policy.stat().st_size)
        assert done.load_model().policy.critic_eyes is not None or not asymmetric
    assert abs(sizes[0] - sizes[1]) < 400  # the cards differ by some letters
