"""Adam on one vector is torch's Adam: in its steps, and in what it saves."""

from __future__ import annotations

import copy
from typing import Any

import torch
from npckit.agents.learners.flat_adam import FlatAdam
from npckit.agents.learners.learner import clip_norm
from torch import nn


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def learn(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, seed: int = 0) -> list[float]:
    """So many steps on random targets; the norms of the gradients."""
    generator, norms = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        x, y = torch.randn(20, 5, generator=generator), torch.randn(20, 3, generator=generator)
        optimizer.zero_grad()
        (model(x) - y).square().mean().backward()
        norms.append(float(clip_norm(optimizer, 0.5)))
        optimizer.step()
    return norms


def pair(**options: Any) -> tuple[nn.Module, torch.optim.Adam, nn.Module, FlatAdam]:
    plain, flat = net(), net()
    return plain, torch.optim.Adam(plain.parameters(), **options), flat, FlatAdam(flat.parameters(), **options)


def assert_equal(one: nn.Module, other: nn.Module) -> None:
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


def test_steps_are_those_of_torch() -> None:
    plain, adam, flat, flat_adam = pair(lr=0.01, betas=(0.8, 0.95), eps=1e-5)
    norms = learn(plain, adam, 50)
    torch.testing.assert_close(learn(flat, flat_adam, 50), norms, rtol=1e-4, atol=1e-5)
    assert max(norms) > 0.5 > min(norms)
    assert_equal(plain, flat)


def test_states_are_exchanged_with_torch_both_ways() -> None:
    plain, adam, flat, flat_adam = pair(lr=0.01)
    learn(plain, adam, 10)
    flat.load_state_dict(plain.state_dict())
    flat_adam.load_state_dict(copy.deepcopy(adam.state_dict()))
    for model, optimizer in ((plain, adam), (flat, flat_adam)):
        learn(model, optimizer, 10, seed=1)
    assert_equal(plain, flat)
    adam.load_state_dict(copy.deepcopy(flat_adam.state_dict()))
    plain.load_state_dict(flat.state_dict())
    for model, optimizer in ((plain, adam), (flat, flat_adam)):
        learn(model, optimizer, 10, seed=2)
    assert_equal(plain, flat)
    assert [float(each["step"]) for each in adam.state.values()] == [30.0] * 4


def test_weights_and_gradients_that_were_replaced_are_found_again() -> None:
    plain, adam, flat, flat_adam = pair(lr=0.01)
    for model, optimizer in ((plain, adam), (flat, flat_adam)):
        learn(model, optimizer, 3)
        for each in model.parameters():
            each.data, each.grad = each.data.clone(), None
        model(torch.ones(4, 5)).square().sum().backward()
        optimizer.step()
    assert_equal(plain, flat)


def test_it_serves_only_what_it_does_as_torch_does() -> None:
    parameters = [*net().parameters()]
    assert FlatAdam.serves(parameters, {"fused": True, "eps": 1e-5})
    assert not FlatAdam.serves(parameters, {"weight_decay": 0.1})
    assert not FlatAdam.serves([each.double() for each in parameters], {})


def test_hooks_are_called() -> None:
    flat, told = net(), list[str]()
    optimizer = FlatAdam(flat.parameters())
    optimizer.register_step_pre_hook(lambda *_: told.append("before"))
    optimizer.register_step_post_hook(lambda *_: told.append("after"))
    learn(flat, optimizer, 2)
    assert told == ["before", "after"] * 2
