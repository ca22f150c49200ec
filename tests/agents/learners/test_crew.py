"""A minibatch that is shared out gives the gradients of the whole, and the same each time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from npckit.agents.learners import PPO, RecurrentPPO
from npckit.agents.learners.crew import Crew, crew_for, twin
from npckit.envs import SB3VecEnv
from torch import nn


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_twin_has_the_same_weights_and_gradients_of_its_own() -> None:
    policy = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    other = twin(policy)
    policy[0].weight.data.fill_(7.0)
    policy[1].running_mean.fill_(2.0)
    assert other[0].weight.eq(7.0).all() and other[1].running_mean.eq(2.0).all()
    other(torch.rand(5, 3)).sum().backward()
    assert other[0].weight.grad is not None and policy[0].weight.grad is None


@pytest.mark.parametrize("hands", [1, 2, 3])
def test_parts_together_give_the_gradient_of_the_whole(hands: int) -> None:
    torch.manual_seed(0)
    policy, rows = nn.Linear(6, 2), torch.randn(90, 6)
    policy(rows).square().sum().backward()
    whole = policy.weight.grad.clone()
    policy.zero_grad()

    def work(net: nn.Module, part: torch.Tensor) -> int:
        net(part).square().sum().backward()
        return len(part)

    crew = Crew(policy, hands)
    with crew.at_work():
        told = crew.share_out(work, rows.chunk(hands))
    assert sum(told) == 90
    torch.testing.assert_close(policy.weight.grad, whole)
    assert torch.get_num_threads() == 2


def test_what_fails_in_a_thread_is_raised() -> None:
    def work(net: nn.Module, part: int) -> None:
        if part:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        Crew(nn.Linear(1, 1), 2).share_out(work, [0, 1])


def test_layers_that_mind_the_whole_minibatch_are_not_shared_out() -> None:
    assert crew_for(nn.Linear(2, 2)).hands == 2
    assert crew_for(nn.Sequential(nn.Linear(2, 2), nn.Dropout())).hands == 1


@pytest.mark.parametrize("learner", [PPO, RecurrentPPO])
def test_two_hands_learn_what_one_learns(learner: type[PPO]) -> None:
    weights = []
    for threads in (1, 2, 2):
        torch.set_num_threads(threads)
        env = SB3VecEnv("pong", 64)
        model = learner("MlpPolicy", env, n_steps=32, batch_size=1024, n_epochs=2, seed=3)
        assert model.crew.hands == threads
        model.learn(2 * 2048)
        weights.append(torch.cat([each.detach().flatten() for each in model.policy.parameters()]))
    torch.testing.assert_close(weights[1], weights[0], rtol=1e-2, atol=1e-3)
    assert torch.equal(weights[1], weights[2])
