"""Gradients that are written out are those that torch works out by itself."""

from __future__ import annotations

import pytest
import torch
from npckit.agents.learners.fused import ppo_loss, run_layers
from torch import nn
from torch.nn import functional


def gradients(out: torch.Tensor, of: list[torch.Tensor]) -> list[torch.Tensor]:
    return list(torch.autograd.grad((out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum(), of))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("ends_active", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_layers_run_as_one_give_what_they_give_one_by_one(
    activation: type[nn.Module], ends_active: bool, depth: int
) -> None:
    torch.manual_seed(depth)
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(6, 6), activation()]
    layers = layers if ends_active else layers[:-1]
    x = torch.randn(50, 6, requires_grad=True)
    parameters = [x, *(each for layer in layers for each in layer.parameters())]
    plain = nn.Sequential(*layers)(x)
    mine = run_layers(layers, x)
    torch.testing.assert_close(mine, plain)
    torch.testing.assert_close(gradients(mine, parameters), gradients(plain, parameters))


def test_other_layers_go_the_plain_way() -> None:
    layers, x = [nn.Linear(4, 4), nn.GELU()], torch.randn(3, 4)
    torch.testing.assert_close(run_layers(layers, x), nn.Sequential(*layers)(x))
    assert run_layers([], x) is x


@pytest.mark.parametrize("with_masks", [False, True])
def test_the_loss_and_its_gradient_are_those_of_the_plain_formula(with_masks: bool) -> None:
    torch.manual_seed(0)
    count, clip, vf_coef, ent_coef = 300, 0.2, 0.5, 0.01
    logits, values = torch.randn(count, 5, requires_grad=True), torch.randn(count, requires_grad=True)
    actions, advantages, returns = torch.randint(0, 3, (count,)), torch.randn(count), torch.randn(count)
    masks = torch.ones(count, 5, dtype=torch.bool)
    masks[::2, 3:] = not with_masks
    scores = logits.masked_fill(~masks, -1e9)
    every = functional.log_softmax(scores, 1)
    log_probs = every.detach().gather(1, actions[:, None])[:, 0] + 0.3 * torch.randn(count)

    log_ratio = every.gather(1, actions[:, None])[:, 0] - log_probs
    ratio = log_ratio.exp()
    policy_loss = -torch.minimum(advantages * ratio, advantages * ratio.clamp(1 - clip, 1 + clip)).mean()
    value_loss, entropy = functional.mse_loss(values, returns), -(every.exp() * every).sum(1).mean()
    plain = policy_loss + vf_coef * value_loss - ent_coef * entropy
    facts = (actions, log_probs, advantages, returns)
    mine, told = ppo_loss(
        logits.masked_fill(~masks, -1e9), values, *facts, clip=clip, vf_coef=vf_coef, ent_coef=ent_coef
    )

    torch.testing.assert_close(mine, plain)
    torch.testing.assert_close(gradients(mine, [logits, values]), gradients(plain, [logits, values]))
    outside = ((ratio - 1).abs() > clip).float().mean()
    wanted = torch.stack([policy_loss, value_loss, entropy, (ratio - 1 - log_ratio).mean(), outside])
    torch.testing.assert_close(told, wanted.detach())
