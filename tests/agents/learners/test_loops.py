"""Loops that are compiled for a CPU give what operations of torch give on any device."""

from __future__ import annotations

import pytest
import torch
from gymnasium import spaces
from npckit.agents.learners.policies import masked
from npckit.agents.learners.priorities import SumTree
from npckit.agents.learners.q_policies import chosen
from npckit.agents.learners.replay import Replay

ROWS = 7


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("steps", [12, 45])  # before and after a ring of 20 has wrapped
def test_windows_are_those_of_torch(n: int, steps: int) -> None:
    torch.manual_seed(n)
    replay = Replay(20 * ROWS, spaces.Box(-1, 1, (2,)), spaces.Discrete(4), n_envs=ROWS, n_steps=n)
    replay.open(1, masked=False)
    for _ in range(steps):
        replay.observe(torch.rand(ROWS, 2), torch.zeros(ROWS, dtype=torch.bool), None, ())
        ends = torch.multinomial(torch.tensor([0.7, 0.15, 0.15]), ROWS, replacement=True).to(torch.uint8)
        replay.add(torch.randint(4, (ROWS,)), torch.randn(ROWS), ends)
    first, end = (time * ROWS for time in replay._span())
    index, weights = torch.randint(first, end, (300,)), torch.rand(300)
    one, other = replay._window_by_loop(index, weights.clone()), replay._window_by_torch(index, weights)
    assert (one.weights == 0).any() and (one.discounts == 0).any()
    for name, mine in vars(one).items():
        torch.testing.assert_close(mine, getattr(other, name))


def test_numbers_of_a_tree_are_set_and_found_as_torch_does_it() -> None:
    torch.manual_seed(0)
    one, other = (SumTree(9000, torch.device("cpu")) for _ in range(2))
    for _ in range(5):
        places = torch.randint(9000, (300,)).unique()
        values = torch.rand(len(places)) * (torch.rand(len(places)) < 0.5)
        one.set(places, values)
        other.set_by_torch(places, values)
    torch.testing.assert_close(one.levels, other.levels)
    shares = torch.rand(1000)
    assert (one.find(shares) == other.find_by_torch(shares)).float().mean() > 0.99  # sums are rounded otherwise


@pytest.mark.parametrize("with_masks", [False, True])
def test_what_is_chosen_is_the_best_or_at_a_rate_any_that_is_legal(with_masks: bool) -> None:
    torch.manual_seed(0)
    scores, masks = torch.randn(5, 4).repeat(8000, 1), torch.rand(5, 4) < 0.6
    masks[:, 1] = True
    legal = masks.repeat(8000, 1) if with_masks else None
    best = masked(scores, legal).argmax(1)
    assert torch.equal(chosen(scores, legal, 0.0), best)
    rates = torch.linspace(0, 1, 5).repeat(8000)
    shares = torch.nn.functional.one_hot(chosen(scores, legal, rates), 4).view(8000, 5, 4).float().mean(0)
    allowed = masks.float() if with_masks else torch.ones(5, 4)
    wanted = rates[:5, None] * allowed / allowed.sum(1, keepdim=True)
    wanted += (1 - rates[:5, None]) * torch.nn.functional.one_hot(best[:5], 4)
    assert (shares - wanted).abs().max() < 0.03
