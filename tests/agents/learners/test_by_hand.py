"""Values and gradients without a graph are those that torch works out by itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from npckit.agents.learners import DQN
from npckit.agents.learners.by_hand import ByHand
from npckit.agents.learners.networks import Eyes
from npckit.envs import SB3VecEnv
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn


def model_of(**options: Any) -> DQN:
    policy = {"net_arch": [16, 24], **options.pop("policy_kwargs", {})}
    env = SB3VecEnv(options.pop("title", "pong"), 8, obs=options.pop("obs", "features"))
    env.seed(0)
    common: dict[str, Any] = {
        "buffer_size": 4000,
        "learning_starts": 10**6,
        "seed": 0,
        "device": "cpu",
        "max_grad_norm": 0.1,
    }
    return DQN("MlpPolicy", env, policy_kwargs=policy, **{**common, **options})


SERVED: dict[str, dict[str, Any]] = {
    "plain": {"double": False},
    "double": {},
    "n-step": {"n_steps": 3},
    "tanh": {"policy_kwargs": {"activation_fn": nn.Tanh}},
    "dueling": {"policy_kwargs": {"dueling": True}},
    "linear": {"policy_kwargs": {"net_arch": []}},
    "masks": {"title": "snake"},
    "rewards normalised": {"normalize_reward": True},
    "observations normalised": {"policy_kwargs": {"features_extractor_kwargs": {"normalize": True}}},
    "other eyes": {"policy_kwargs": {"features_extractor_class": FlattenExtractor}},
}


@pytest.mark.parametrize("switch", SERVED)
@pytest.mark.parametrize("chunk", [0, 40])
def test_an_update_is_that_of_the_plain_operations(switch: str, chunk: int) -> None:
    model = model_of(**SERVED[switch])
    model.learn(800)
    for net in (model.q_net, model.q_net_target):
        torch.nn.init.normal_(net.layers[-1].weight)
    assert isinstance(model._online, ByHand)
    model.chunk, batch, hand = chunk, model.replay_buffer.sample(100), (model._online, model._target)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    told = []
    for nets in (hand, (model.q_net, model.q_net_target)):
        model.policy.load_state_dict(before)
        model._online, model._target = nets
        model.policy.optimizer.zero_grad()
        parts = [model._descend(part, batch.count) for part in model._parts(batch)]
        gradients = [each.grad.clone() for each in model.q_net.parameters()]
        told.append((*(torch.cat(each) for each in zip(*parts, strict=True)), *gradients))
    assert max(each.abs().max() for each in told[0][2:]) > 1e-3
    for mine, plain in zip(*told, strict=True):
        torch.testing.assert_close(mine, plain.view_as(mine), rtol=1e-4, atol=1e-6)


def test_values_are_those_of_the_network() -> None:
    model, obs = model_of(), torch.randn(30, 9)
    with torch.no_grad():
        mine, again = model._online(obs), model._online(obs + 1)
        torch.testing.assert_close((mine, again), (model.q_net(obs), model.q_net(obs + 1)))


class _Learning(Eyes):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, observations: Any) -> torch.Tensor:
        return super().forward(observations) * self.scale


@pytest.mark.parametrize(
    "options",
    [
        {"obs": "planes"},
        {"precision": "bf16"},
        {"policy_kwargs": {"activation_fn": nn.GELU}},
        {"policy_kwargs": {"features_extractor_class": _Learning}},
        {"policy_kwargs": {"optimizer_class": torch.optim.RMSprop, "optimizer_kwargs": {"eps": 1e-5}}},
    ],
)
def test_everything_else_learns_with_a_graph(options: dict[str, Any]) -> None:
    model = model_of(learning_starts=100, **options)
    before = [each.detach().clone() for each in model.q_net.parameters()]
    assert not isinstance(model._online, ByHand)
    model.learn(400)
    assert any((old != new).any() for old, new in zip(before, model.q_net.parameters(), strict=True))
