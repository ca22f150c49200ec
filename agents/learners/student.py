"""A small network that learns to choose as a policy file does: what `npckit export --distill small` trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from ..card import Card, Part
from .acting import Acting
from .memory import State
from .networks import Picture
from .normalize import RunningNorm
from .policies import memory_of

WIDTH = 32  # of every layer, and of the memory
SPREAD = 0.01  # added to variances, so that what hardly ever changes does not count much
PICTURE = 64  # of what a picture is turned into first
ZOOM = (4.0, 16.0)  # how much larger features are seen, beside as they are (see `networks.Zoomed`)


class Student(Acting):
    """Zoomed features or a small CNN, one layer, a GRU where the teacher has a memory, one more layer, scores."""

    def __init__(self, card: Card) -> None:
        kind = "gru" if card.recurrent else "none"
        states: dict[str, tuple[int, ...]] = {"hidden": (WIDTH,)} if card.recurrent else {}
        super().__init__([part.name for part in card.observation.parts], states, "logits")
        self.eyes = nn.ModuleList(_eye(card, part) for part in card.observation.parts)
        self.first = nn.Sequential(nn.Linear(sum(eye.width for eye in self.eyes), WIDTH), nn.ReLU())  # type: ignore[misc]  # of both kinds
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
        """The parts of an observation, (n, *shape) each -> (n, WIDTH)."""
        seen = [eye(part) for eye, part in zip(self.eyes, parts, strict=True)]
        return self.first(seen[0] if len(seen) == 1 else torch.cat(seen, dim=1))

    def unroll(self, parts: tuple[torch.Tensor, ...], state: State, starts: torch.Tensor) -> torch.Tensor:
        """Scores of whole sequences: parts (time, n, *shape), the state before them, starts (time, n) -> (time, n, actions)."""
        time, rows = starts.shape
        seen = self.see(tuple(part.flatten(0, 1) for part in parts)).unflatten(0, (time, rows))
        return self.head(seen if self.memory is None else self.memory.unroll(seen, state, starts))

    def learn_statistics(self, parts: tuple[torch.Tensor, ...]) -> None:
        """Takes observations, (n, *shape) each, into the statistics that make learning easier."""
        for eye, part in zip(self.eyes, parts, strict=True):
            if isinstance(eye, Zoom) and eye.norm is not None:
                eye.norm.update(eye.zoomed(part))

    @torch.no_grad()
    def settle(self) -> None:
        """The end of learning: statistics become part of the first layer's weights, which leaves less to do in play."""
        layer: Any = self.first[0]
        at = 0
        for eye in self.eyes:
            if isinstance(eye, Zoom) and eye.norm is not None:
                columns = layer.weight[:, at : at + eye.width]
                columns *= torch.rsqrt(eye.norm.var + SPREAD)
                layer.bias -= columns @ eye.norm.mean
                eye.norm = None
            at += int(eye.width)  # type: ignore[arg-type]  # both kinds have one


class Zoom(nn.Module):
    """(n, k) numbers in [-1, 1], and once more for each factor: that much larger, cut off. In few operations, for speed in play.

    While it learns, each is brought to mean 0 and about deviation 1.
    """

    scales: torch.Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.width = size * (1 + len(ZOOM))
        self.register_buffer("scales", torch.tensor((1.0, *ZOOM)).repeat_interleave(size))
        self.norm: RunningNorm | None = RunningNorm(self.width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.zoomed(x)
        return seen if self.norm is None else (seen - self.norm.mean) * torch.rsqrt(self.norm.var + SPREAD)

    def zoomed(self, x: torch.Tensor) -> torch.Tensor:
        """As `forward`, without statistics."""
        return (torch.cat([x] * (1 + len(ZOOM)), dim=1) * self.scales).clamp(-1.0, 1.0)


def _eye(card: Card, part: Part) -> nn.Module:
    shape = card.input_shapes()[part.name]
    if len(shape) == 1:
        return Zoom(shape[0])
    return Picture(spaces.Box(part.low, part.high, shape, np.dtype(part.dtype).type), "tiny", PICTURE)


def student_card(card: Card) -> dict[str, Any]:
    """The fields of the teacher's card that are others for its student."""
    return {"output": "logits", "recurrent": (("hidden", (WIDTH,)),) if card.recurrent else ()}
