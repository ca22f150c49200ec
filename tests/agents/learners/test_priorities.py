"""What is drawn by priority, and how it is weighed."""

from __future__ import annotations

import pytest
import torch
from npckit.agents.learners.priorities import ALPHA, LEAST, Priorities, SumTree

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [1, 64, 65, 5000, 300_000])
def test_a_place_is_found_as_often_as_its_number_is_great(size: int) -> None:
    torch.manual_seed(0)
    tree, places = SumTree(size, CPU), torch.randperm(size)[:40]
    numbers = torch.rand(len(places)) + 0.1
    tree.set(places, numbers)
    found = tree.find(torch.rand(100_000))
    assert set(found.tolist()) <= set(places.tolist())
    counts = torch.stack([(found == place).sum() for place in places])
    assert torch.allclose(counts / len(found), numbers / numbers.sum(), atol=0.01)


def test_sums_follow_their_numbers_through_any_changes() -> None:
    torch.manual_seed(1)
    tree = SumTree(9000, CPU)
    for _ in range(50):
        places = torch.randint(9000, (300,)).unique()
        tree.set(places, torch.rand(len(places)) * (torch.rand(len(places)) < 0.5))
    numbers = tree.levels[0]
    assert torch.allclose(tree.levels[1][: len(numbers) // 64], numbers.view(-1, 64).sum(1))
    assert torch.allclose(tree.levels[-1].sum(), numbers.sum())


def test_a_zero_is_never_found_however_the_sums_are_rounded() -> None:
    torch.manual_seed(2)
    tree = SumTree(100_000, CPU)
    tree.set(torch.arange(100_000), torch.rand(100_000) * 1e-7)
    tree.set(torch.tensor([99]), torch.tensor([1e4]))
    tree.set(torch.arange(100, 100_000), torch.zeros(99_900))
    shares = torch.cat([torch.rand(20_000), torch.ones(10), torch.zeros(10)])
    assert (tree.levels[0][tree.find(shares)] > 0).all()


def test_what_is_new_is_as_likely_as_the_greatest_so_far() -> None:
    priorities = Priorities(10, CPU)
    priorities.add(torch.arange(4), torch.tensor([True, True, True, False]))
    priorities.update(torch.tensor([0, 1]), torch.tensor([5.0, 0.0]))
    priorities.add(torch.tensor([4]), torch.tensor([True]))
    numbers = priorities.tree.levels[0]
    assert numbers[4] == numbers[0] == (5.0 + LEAST) ** ALPHA
    assert numbers[2] == 1.0
    assert numbers[1] == pytest.approx(LEAST**ALPHA)
    assert numbers[3] == 0.0


def test_weights_undo_the_bias_of_the_drawing() -> None:
    torch.manual_seed(3)
    priorities = Priorities(100, CPU)
    priorities.add(torch.arange(100), torch.ones(100, dtype=torch.bool))
    priorities.update(torch.arange(100), torch.rand(100) * 3)
    index, weights = priorities.draw(50_000, beta=1.0)
    shares = torch.zeros(100).index_add(0, index, weights)
    assert weights.max() == 1.0
    assert torch.allclose(shares / shares.mean(), torch.ones(100), atol=0.1)
    assert (priorities.draw(100, beta=0.0)[1] == 1.0).all()


def test_what_was_dropped_is_never_drawn() -> None:
    priorities = Priorities(200, CPU)
    priorities.add(torch.arange(200), torch.ones(200, dtype=torch.bool))
    priorities.drop(torch.arange(10, 200))
    assert priorities.draw(5000, beta=0.4)[0].max() < 10
