"""A small network that learns to choose as a policy file does: what `npckit export --distill small` trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from ..card import Card
from .acting import Acting
from .memory import State
from .networks import Eyes
from .policies import memory_of

WIDTH = 32  # of every layer, and of the memory
ZOOM = (4.0,)  # features are also seen larger (see `networks.Zoomed`)


class Student(Acting):
    """Sees what its teacher's card says: statistics, one layer, a GRU where the teacher has a memory, one more layer, scores."""

    def __init__(self, card: Card) -> None:
        kind = "gru" if card.recurrent else "none"
        states: dict[str, tuple[int, ...]] = {"hidden": (WIDTH,)} if card.recurrent else {}
        super().__init__([part.name for part in card.observation.parts], states, "logits")
        self.eyes = Eyes(_space_of(card), cnn="tiny", width=WIDTH, normalize=True, zoom=ZOOM)
        self.first = nn.Sequential(nn.Linear(self.eyes.features_dim, WIDTH), nn.ReLU())
        self.memory, width = memory_of(kind, WIDTH, WIDTH)
        self.head = nn.Sequential(nn.Linear(width, WIDTH), nn.ReLU(), nn.Linear(WIDTH, len(card.actions)))

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self._answer(inputs, plain=True)

    def reference(self, *inputs: torch.Tensor) -> Any:
        return self._answer(inputs, plain=False)

    def _answer(self, inputs: tuple[torch.Tensor, ...], plain: bool) -> Any:
        latent, state = self.see(inputs[: len(self.keys)]), inputs[len(self.keys) :]
        if self.memory is None:
            return self.head(latent)
        latent, state = (self.memory.cell_step if plain else self.memory.step)(latent, state)
        return (self.head(latent), *state)

    def see(self, parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """The parts of an observation, (n, *shape) each -> (n, width)."""
        return self.first(self.eyes(dict(zip(self.keys, parts, strict=True)) if len(parts) > 1 else parts[0]))

    def unroll(self, parts: tuple[torch.Tensor, ...], state: State, starts: torch.Tensor) -> torch.Tensor:
        """Scores of whole sequences: parts (time, n, *shape), the state before them, starts (time, n) -> (time, n, actions)."""
        time, rows = starts.shape
        seen = self.see(tuple(part.flatten(0, 1) for part in parts)).unflatten(0, (time, rows))
        return self.head(seen if self.memory is None else self.memory.unroll(seen, state, starts))

    def learn_statistics(self, parts: tuple[torch.Tensor, ...]) -> None:
        """Takes observations, (n, *shape) each, into the statistics that normalise."""
        self.eyes.learn_statistics(dict(zip(self.keys, parts, strict=True)) if len(parts) > 1 else parts[0])


def student_card(card: Card) -> dict[str, Any]:
    """The fields of the teacher's card that are others for its student."""
    return {"output": "logits", "recurrent": (("hidden", (WIDTH,)),) if card.recurrent else ()}


def _space_of(card: Card) -> spaces.Space[Any]:
    shapes = card.input_shapes()
    boxes: dict[str, spaces.Space[Any]] = {
        part.name: spaces.Box(part.low, part.high, shapes[part.name], np.dtype(part.dtype).type)
        for part in card.observation.parts
    }
    return spaces.Dict(boxes) if len(boxes) > 1 else next(iter(boxes.values()))
