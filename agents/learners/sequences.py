"""Replay of sequences, with what the policy remembered at their beginning (Kapturowski et al. 2019, sec. 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from .memory import State
from .replay import CUT, ON, Replay, n_step


@dataclass(frozen=True)
class Sequences:
    """k sequences: steps to burn in, S steps to learn from, and one more that is only seen; time comes first.

    `places` (time, k), `starts` (time, k) where an episode begins, `state` before the first step. Of the steps to learn from,
    (S, k) each: `actions`, `returns` and `discounts` of windows of up to n steps, `after`: at which step of 0..S what comes
    after them is valued, and `weights`. `items` (k,): what priorities belong to.
    """

    places: torch.Tensor
    starts: torch.Tensor
    state: State
    actions: torch.Tensor
    returns: torch.Tensor
    discounts: torch.Tensor
    after: torch.Tensor
    weights: torch.Tensor
    items: torch.Tensor

    @property
    def count(self) -> int:
        """How many steps to learn from."""
        return self.actions.numel()


class SequenceReplay(Replay):
    """As `Replay`, for sequences of `burn_in` and `sequence` steps. One begins at every half of `sequence`, in all environments.

    Episodes may begin anywhere in a sequence; its windows do not reach beyond it.
    """

    def __init__(self, *args: Any, burn_in: int, sequence: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.burn_in, self.sequence = burn_in, sequence
        self.period = max(1, sequence // 2)
        self.capacity -= self.capacity % self.period

    def open(self, stack: int, *, masked: bool, state: State = ()) -> None:
        if not hasattr(self, "frames"):
            super().open(stack, masked=masked)
            self._states = tuple(part.new_zeros(self.capacity // self.period, *part.shape) for part in state)

    def _reach(self) -> int:
        return self.burn_in + self.sequence

    def _items(self) -> int:
        return self.capacity // self.period * self.n_envs

    @property
    def nbytes(self) -> int:
        return super().nbytes + sum(part.nbytes for part in self._states)

    def observe(self, obs: Any, starts: torch.Tensor, masks: Any, state: State) -> None:
        super().observe(obs, starts, masks, state)
        block, offset = divmod(self.total % self.capacity, self.period)
        if offset == 0:
            for kept, part in zip(self._states, state, strict=True):
                kept[block] = part

    def _items_at(self, time: int) -> Iterator[torch.Tensor]:
        if time >= 0 and time % self.period == 0:
            yield (time % self.capacity // self.period) * self.n_envs + self._rows

    def _drawable(self, time: int) -> torch.Tensor:
        """A sequence is worth it though its first step may be cut: others follow."""
        return torch.ones_like(self._rows, dtype=torch.bool)

    @property
    def ready(self) -> bool:
        first, end = self._blocks()
        return end > first

    def _blocks(self) -> tuple[int, int]:
        """The periods of the run at which a sequence that can be drawn begins: the first, and the one after the last."""
        oldest, end = self._span()
        return -(-oldest // self.period), -(-end // self.period)

    def sample(self, batch_size: int, env: Any = None) -> Any:
        """Sequences that have about `batch_size` steps to learn from, drawn with torch's generator."""
        count = max(1, batch_size // self.sequence)
        if self.priorities is not None:
            return self._sequences(*self.priorities.draw(count, self.beta))
        first, end = (block * self.n_envs for block in self._blocks())
        items = torch.randint(first, end, (count,), device=self.device) % self._items()
        return self._sequences(items, torch.ones(count, device=self.device))

    def _sequences(self, items: torch.Tensor, weights: torch.Tensor) -> Sequences:
        block, row = torch.div(items, self.n_envs, rounding_mode="floor"), items % self.n_envs
        begin = block * self.period * self.n_envs + row
        places = (begin + self._ahead[:, None]) % (self.capacity * self.n_envs)
        ends = self.ends.view(-1)[places[:-1]]
        starts = torch.cat([torch.zeros_like(ends[:1], dtype=torch.bool), ends != ON])
        learnt = places[self.burn_in : -1]
        returns, steps, discounts = n_step(*self._windows(learnt, ends[self.burn_in :]), self._powers)
        after = torch.arange(self.sequence, device=self.device)[:, None] + steps
        known = torch.where(steps > 0, weights, 0.0)
        state = tuple(part.flatten(0, 1)[items] for part in self._states)
        return Sequences(places, starts, state, self.actions.view(-1)[learnt], returns, discounts, after, known, items)

    def _windows(self, learnt: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Rewards and ends (S, k, n) from each step on; what lies beyond the sequence counts as cut."""
        beyond = torch.zeros(self.n_steps - 1, ends.shape[1], device=self.device)
        rewards = torch.cat([self.rewards.view(-1)[learnt], beyond])
        ends = torch.cat([ends, torch.full_like(beyond, CUT, dtype=ends.dtype)])
        return rewards.unfold(0, self.n_steps, 1), ends.unfold(0, self.n_steps, 1)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "states": list(self._states)}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        for mine, saved in zip(self._states, state["states"], strict=True):
            mine.copy_(saved)
