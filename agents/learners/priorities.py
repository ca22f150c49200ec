"""Proportional prioritised replay (Schaul et al. 2016): what surprised is drawn more often, and weighs less for it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch

from . import loops

FAN = 64  # numbers under one sum: few levels, and each is a handful of operations on the whole batch
ALPHA = 0.6  # 0 draws uniformly, 1 in proportion to the error
BETA = 0.4  # at the beginning; 1, at the end, undoes the bias of the drawing
LEAST = 1e-3  # added to an error, so that nothing is lost for good


class SumTree:
    """Numbers (size,) that are not negative, and the sums over each 64 of them, over each 64 of these sums, and so on."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.levels, self.device = list[torch.Tensor](), device
        while not self.levels or size > FAN:
            size = -(-size // FAN)
            self.levels.append(torch.zeros(size * FAN, device=device))
        self.levels.append(torch.zeros(size, device=device))

    def set(self, index: torch.Tensor, values: torch.Tensor) -> None:
        """Puts values (k,) at index (k,); where a place is named twice, both values have to be the same."""
        if self.device.type == "cpu":
            loops.change_tree(index.numpy(), values.numpy(), FAN, self._arrays())
        else:
            self.set_by_torch(index, values)

    def set_by_torch(self, index: torch.Tensor, values: torch.Tensor) -> None:
        """As `set`, for any device."""
        self.levels[0][index] = values
        for below, above in pairwise(self.levels):
            index = torch.div(index, FAN, rounding_mode="floor")
            above[index] = below.view(-1, FAN)[index].sum(1)

    def find(self, shares: torch.Tensor) -> torch.Tensor:
        """Where the running sum of all numbers reaches `shares` (k,), in 0..1, of the whole. A zero is never found.

        >>> tree = SumTree(100, torch.device("cpu"))
        >>> tree.set(torch.tensor([7, 70]), torch.tensor([1.0, 3.0]))
        >>> tree.find(torch.tensor([0.0, 0.2, 0.3, 1.0])).tolist()
        [7, 7, 70, 70]
        """
        if self.device.type == "cpu":
            places = np.empty(len(shares), np.int64)
            loops.search_tree(shares.numpy(), FAN, self._arrays(), places)
            return torch.from_numpy(places)
        return self.find_by_torch(shares)

    def find_by_torch(self, shares: torch.Tensor) -> torch.Tensor:
        """As `find`, for any device."""
        root = self.levels[-1].cumsum(0).expand(len(shares), -1)
        index, rest = _reach(root, shares * root[:, -1])
        for level in reversed(self.levels[:-1]):
            inner, rest = _reach(level.view(-1, FAN)[index].cumsum(1), rest)
            index = index * FAN + inner
        return index

    def _arrays(self) -> tuple[Any, ...]:
        return tuple(level.numpy() for level in self.levels)


def _reach(sums: torch.Tensor, goal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The first place in each row of running sums (k, m) that lies beyond its goal (k,), and how far into the place the goal is."""
    last = sums[:, -1]
    goal = torch.minimum(goal, torch.nextafter(last, torch.zeros_like(last)))[:, None]  # rounding may carry it too far
    place = torch.searchsorted(sums.contiguous(), goal, right=True).clamp(max=sums.shape[1] - 1)
    before = torch.where(place > 0, sums.gather(1, (place - 1).clamp(min=0)), 0.0)
    return place[:, 0], (goal - before)[:, 0]


class Priorities:
    """What each of `size` items of a replay is drawn by; 0: never."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.tree = SumTree(size, device)
        self.greatest = torch.ones((), device=device)  # so far

    @property
    def nbytes(self) -> int:
        return sum(level.nbytes for level in self.tree.levels) + self.greatest.nbytes

    def add(self, index: torch.Tensor, where: torch.Tensor) -> None:
        """New items (k,): they come first, so that each is seen once. Those that are false in `where` (k,) are never drawn."""
        self.tree.set(index, self.greatest * where)

    def drop(self, index: torch.Tensor) -> None:
        """Items (k,) that are no more."""
        self.tree.set(index, torch.zeros(len(index), device=index.device))

    def update(self, index: torch.Tensor, errors: torch.Tensor) -> None:
        """How far (k,) what was foretold of items lay from its target."""
        values = (errors + LEAST) ** ALPHA
        self.greatest = torch.maximum(self.greatest, values.max())
        self.tree.set(index, values)

    def draw(self, count: int, beta: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Items (count,), one from each of so many equal parts of the sum, and their weights (count,), at most 1."""
        device = self.greatest.device
        index = self.tree.find((torch.arange(count, device=device) + torch.rand(count, device=device)) / count)
        drawn_by = self.tree.levels[0][index]
        return index, (drawn_by / drawn_by.min()) ** -beta

    def state(self) -> dict[str, Any]:
        """Everything it holds, as views."""
        return {"levels": list(self.tree.levels), "greatest": self.greatest}

    def set_state(self, state: dict[str, Any]) -> None:
        for level, saved in zip(self.tree.levels, state["levels"], strict=True):
            level.copy_(saved)
        self.greatest = torch.as_tensor(state["greatest"], device=self.greatest.device).clone()
