"""Replay of what many environments did, on the learner's device: frames are stored once, n-step returns are made on reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from ...errors import UserError
from . import loops
from .frames import FrameStore
from .loops import CUT, ENDED, ON
from .memory import State
from .networks import Seen
from .policies import Masks
from .priorities import Priorities


@dataclass(frozen=True)
class Batch:
    """Windows of up to n steps to learn from, (k,) each. `index` and `after`: where they begin, and where the rest is valued.

    `returns`: the discounted rewards of a window; `discounts`: what the value of the state `after` it counts, 0 after an end;
    `weights`: what its error counts, 0 where nothing is known of what a step led to; `items`: what priorities belong to.
    """

    index: torch.Tensor
    after: torch.Tensor
    actions: torch.Tensor
    returns: torch.Tensor
    discounts: torch.Tensor
    weights: torch.Tensor
    items: torch.Tensor

    @property
    def count(self) -> int:
        """How many."""
        return len(self.index)

    def part(self, which: slice) -> Batch:
        return Batch(*(each[which] for each in vars(self).values()))


def n_step(
    rewards: torch.Tensor, ends: torch.Tensor, powers: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Discounted sums of windows (..., n) of rewards that do not reach beyond an end (Sutton 1988), (...) each.

    `powers` (n + 1,) of the discount. Where the clock cut an episode, the last observation is not stored: the window stops
    before that step. Returns the sums, how many steps they hold, and what the value of the state after them counts.

    >>> ends = torch.tensor([[ON, ON], [ON, CUT], [ENDED, ON], [CUT, ON]])
    >>> [each.tolist() for each in n_step(torch.tensor([[1.0, 2.0]] * 4), ends, torch.tensor([1.0, 0.5, 0.25]))]
    [[2.0, 1.0, 1.0, 0.0], [2, 1, 1, 0], [0.25, 0.5, 0.0, 1.0]]
    """
    counted = ends != CUT
    if ends.shape[-1] > 1:
        counted[..., 1:] &= (ends[..., :-1] == ON).cumprod(-1).bool()
    steps = counted.sum(-1)
    over = ((ends == ENDED) & counted).any(-1)
    return (rewards * powers[:-1] * counted).sum(-1), steps, powers[steps].masked_fill(over, 0.0)


class Replay:
    """A ring of steps of n environments: `actions` int64, `rewards` float32, `ends` uint8, each (steps, n).

    It stands where Stable-Baselines3 has its `ReplayBuffer`, and is made as that is. Room is taken by `open`; then every step
    is told by `observe`, before it, and `add`, after it. A place in the ring is counted through (steps, n), flattened.
    Raises UserError where the ring is too short for a window.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Discrete,
        device: torch.device | str = "cpu",
        n_envs: int = 1,
        *,
        gamma: float = 0.99,
        n_steps: int = 1,
        prioritized: bool = False,
        **_: Any,
    ) -> None:
        self.buffer_size, self.n_envs, self.device = buffer_size, n_envs, torch.device(device)
        self.observation_space, self.action_count = observation_space, int(action_space.n)
        self.gamma, self.n_steps, self.prioritized = gamma, n_steps, prioritized
        self.capacity = buffer_size // n_envs
        self.total = 0  # steps so far, each of all environments
        self.beta = 1.0  # how far priorities are made up for

    def open(self, stack: int, *, masked: bool, state: State = ()) -> None:
        """Takes the room; `stack` frames make an observation, `masked` where actions may be illegal. What is open stays.

        `state`: what a policy remembers at first, in all environments.
        """
        if hasattr(self, "frames"):
            return
        least = self._reach() + stack
        if self.capacity < least:
            raise UserError(
                f"a replay buffer of {self.buffer_size:,} samples is too short for {self.n_envs} environments; "
                f"give it {2 * least * self.n_envs:,} at least, or fewer environments."
            )
        shape = self.capacity, self.n_envs
        self.frames = FrameStore(self.observation_space, stack, *shape, self.device)
        self.actions = torch.zeros(shape, dtype=torch.int64, device=self.device)
        self.rewards = torch.zeros(shape, device=self.device)
        self.ends = torch.zeros(shape, dtype=torch.uint8, device=self.device)
        room = (*shape, self.action_count)
        self._masks = torch.ones(room, dtype=torch.bool, device=self.device) if masked else None
        self._rows = torch.arange(self.n_envs, device=self.device)
        self._ahead = torch.arange(self._reach() + 1, device=self.device) * self.n_envs
        self._powers = self.gamma ** torch.arange(self.n_steps + 1, device=self.device)
        self.priorities = Priorities(self._items(), self.device) if self.prioritized else None

    @cached_property
    def _arrays(self) -> tuple[Any, Any, Any]:
        """`actions`, `rewards` and `ends`: views of a CPU's memory, which are written and read faster than tensors."""
        return self.actions.numpy(), self.rewards.numpy(), self.ends.numpy()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_arrays"}

    def _reach(self) -> int:
        """Steps after its first that must be stored before something can be drawn."""
        return self.n_steps

    def _items(self) -> int:
        """How many things can be drawn from a full ring, at most."""
        return self.capacity * self.n_envs

    @property
    def nbytes(self) -> int:
        """Of all storage."""
        rest = [self.actions, self.rewards, self.ends, *([] if self._masks is None else [self._masks])]
        more = 0 if self.priorities is None else self.priorities.nbytes
        return self.frames.nbytes + sum(each.nbytes for each in rest) + more

    @property
    def fill(self) -> float:
        """How full it is, 0 to 1."""
        return min(1.0, self.total / self.capacity)

    # --- writing --------------------------------------------------------------------------------------------------------

    def observe(self, obs: Seen, starts: torch.Tensor, masks: Masks, state: State) -> None:
        """What is seen before a step: (n, *shape), where an episode begins (n,), what is legal, and what is remembered."""
        slot = self.total % self.capacity
        self.frames.write(slot, obs, starts)  # type: ignore[arg-type]  # tensors serve as arrays
        if self._masks is not None and masks is not None:
            self._masks[slot] = masks

    def interrupt(self) -> None:
        """The environments are reset from outside: episodes that were going on are cut."""
        before = self.ends[(self.total - 1) % self.capacity]
        before.masked_fill_(before == ON, CUT)

    def add(self, actions: Any, rewards: Any, ends: Any) -> None:
        """What was done and what it gave, (n,) each; `ends` is ON, ENDED or CUT. On a CPU arrays serve as tensors."""
        slot = self.total % self.capacity
        rooms = self._arrays if self.device.type == "cpu" else (self.actions, self.rewards, self.ends)
        for room, told in zip(rooms, (actions, rewards, ends), strict=True):
            room[slot] = told
        self.total += 1
        if self.priorities is not None:
            self._rank(self.priorities)

    def _rank(self, priorities: Priorities) -> None:
        """Brings in what has become ready to be drawn, and drops what cannot be read any more."""
        oldest, end = self._span()
        for index in self._items_at(oldest - 1):
            priorities.drop(index)
        for index in self._items_at(end - 1) if end > oldest else ():
            priorities.add(index, self._drawable(end - 1))

    def _drawable(self, time: int) -> torch.Tensor:
        """Where something is known of what the step that an item begins with led to: (n,) bool."""
        return self.ends[time % self.capacity] != CUT

    def _items_at(self, time: int) -> Iterator[torch.Tensor]:
        """What begins at a step of the run and can be drawn: (n,), one for each environment, or nothing."""
        if time >= 0:
            yield (time % self.capacity) * self.n_envs + self._rows

    def _span(self) -> tuple[int, int]:
        """The steps of the run at which something that can be drawn begins: the first, and the one after the last."""
        oldest = max(0, self.total - self.capacity + self.frames.stack - 1)
        return oldest, max(oldest, self.total - self._reach())

    @property
    def ready(self) -> bool:
        """Whether something can be drawn."""
        oldest, end = self._span()
        return end > oldest

    # --- reading --------------------------------------------------------------------------------------------------------

    def sample(self, batch_size: int, env: Any = None) -> Batch:
        """Draws windows, with torch's generator."""
        if self.priorities is not None:
            return self._window(*self.priorities.draw(batch_size, self.beta))
        first, end = (time * self.n_envs for time in self._span())
        return self._window(torch.randint(first, end, (batch_size,), device=self.device))

    def _window(self, index: torch.Tensor, weights: torch.Tensor | float = 1.0) -> Batch:
        return (self._window_by_loop if self.device.type == "cpu" else self._window_by_torch)(index, weights)

    def _window_by_loop(self, index: torch.Tensor, weights: torch.Tensor | float) -> Batch:
        places, facts = np.empty((3, len(index)), np.int64), np.empty((3, len(index)), np.float32)
        facts[2] = weights
        ring = (each.reshape(-1) for each in self._arrays)
        loops.windows(index.numpy(), *ring, self._powers.numpy(), self.n_envs, places, facts)
        begin, after, actions = torch.from_numpy(places).unbind()
        returns, discounts, known = torch.from_numpy(facts).unbind()
        return Batch(begin, after, actions, returns, discounts, known, begin)

    def _window_by_torch(self, index: torch.Tensor, weights: torch.Tensor | float) -> Batch:
        at = (index[:, None] + self._ahead) % (self.capacity * self.n_envs)
        index, window = at[:, 0], at[:, :-1]
        returns, steps, discounts = n_step(self.rewards.view(-1)[window], self.ends.view(-1)[window], self._powers)
        after = at.gather(1, steps[:, None])[:, 0]
        weights = torch.where(steps > 0, weights, 0.0)
        return Batch(index, after, self.actions.view(-1)[index], returns, discounts, weights, index)

    def observations(self, index: torch.Tensor) -> Seen:
        """What was seen at some places (k,): (k, *shape), or a dict of such tensors."""
        return self.frames.read(index)

    def masks(self, index: torch.Tensor) -> Masks:
        """What was legal at some places (k,): (k, actions)."""
        return None if self._masks is None else self._masks.flatten(0, 1)[index]

    # --- going on exactly -----------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything it holds, as views."""
        return {
            "total": self.total,
            "frames": self.frames.state(),
            "actions": self.actions,
            "rewards": self.rewards,
            "ends": self.ends,
            "masks": self._masks,
            "priorities": None if self.priorities is None else self.priorities.state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts back what `state` gave."""
        self.total = int(state["total"])
        self.frames.set_state(state["frames"])
        for mine, saved in ((self.actions, "actions"), (self.rewards, "rewards"), (self.ends, "ends")):
            mine.copy_(state[saved])
        if self._masks is not None:
            self._masks.copy_(state["masks"])
        if self.priorities is not None:
            self.priorities.set_state(state["priorities"])
