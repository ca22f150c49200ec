"""Observations of many environments over time, on the learner's device: every frame is stored once and stacked on reading."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from .networks import Seen

Arrays = NDArray[Any] | dict[str, NDArray[Any]]


class FrameStore:
    """A ring of `capacity` steps of `rows` environments whose observations are `stack` frames, joined along their first axis.

    A step takes the room of one frame. The oldest `stack - 1` steps in the ring cannot be read: their past is gone.
    """

    def __init__(self, space: spaces.Space[Any], stack: int, capacity: int, rows: int, device: torch.device) -> None:
        self.capacity, self.rows, self.stack = capacity, rows, stack
        boxes = space.spaces if isinstance(space, spaces.Dict) else {"obs": space}
        self.frames = {name: _room(box, stack, capacity, rows, device) for name, box in boxes.items()}
        self._plain = not isinstance(space, spaces.Dict)
        self._age = torch.zeros(capacity, rows, dtype=torch.uint8, device=device)  # frames of this episode before it
        self._begun = False

    @property
    def nbytes(self) -> int:
        return sum(frames.nbytes for frames in self.frames.values()) + self._age.nbytes

    def write(self, slot: int, obs: Arrays, starts: NDArray[np.bool_] | torch.Tensor) -> None:
        """Stores the newest frame of (rows, *shape) observations; `starts` (rows,) marks the first of an episode."""
        seen = {"obs": obs} if self._plain else obs
        for name, frames in self.frames.items():
            stacked = torch.as_tensor(seen[name], device=frames.device)
            depth = frames.shape[2]
            frames[slot].copy_(stacked if self.stack == 1 else stacked[:, -depth:])
            if not self._begun:  # what came before is known from the stack alone
                for back in range(1, self.stack):
                    frames[slot - back] = stacked[:, depth * (self.stack - 1 - back) : depth * (self.stack - back)]
        if self.stack > 1:
            older = self._age[slot - 1] if self._begun else torch.full_like(self._age[slot], self.stack - 1)
            fresh = torch.as_tensor(starts, device=older.device)
            self._age[slot] = (older + 1).clamp_(max=self.stack - 1).masked_fill_(fresh, 0)
        self._begun = True

    def read(self, places: torch.Tensor) -> Seen:
        """The stacked observations of some places (k,), counted through (capacity, rows): (k, *shape), or a dict of such tensors."""
        if self.stack > 1:
            age = self._age.view(-1)[places].long()[:, None]
            back = torch.arange(self.stack - 1, -1, -1, device=places.device)
            places = (places[:, None] - age.minimum(back) * self.rows).flatten() % (self.capacity * self.rows)
        seen = {name: self._stacked(frames, places) for name, frames in self.frames.items()}
        return seen["obs"] if self._plain else seen

    def _stacked(self, frames: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        found = frames.flatten(0, 1).index_select(0, places)
        return found if self.stack == 1 else found.unflatten(0, (-1, self.stack)).flatten(1, 2)

    def state(self) -> dict[str, Any]:
        """Everything it holds, as views."""
        return {"frames": dict(self.frames), "age": self._age, "begun": self._begun}

    def set_state(self, state: dict[str, Any]) -> None:
        for name, frames in self.frames.items():
            frames.copy_(state["frames"][name])
        self._age.copy_(state["age"])
        self._begun = bool(state["begun"])


def _room(box: spaces.Space[Any], stack: int, capacity: int, rows: int, device: torch.device) -> torch.Tensor:
    assert isinstance(box, spaces.Box)
    depth, *rest = box.shape
    dtype = torch.from_numpy(np.zeros(0, box.dtype)).dtype
    dtype = torch.float32 if dtype.is_floating_point else dtype
    return torch.zeros(capacity, rows, depth // stack, *rest, dtype=dtype, device=device)
