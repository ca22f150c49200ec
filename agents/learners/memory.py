"""LSTM and GRU over whole sequences in which episodes begin anywhere, without a loop over time.

Before each step that begins an episode, a step is put in that brings the memory to zero exactly: an extra input closes the
gates. So one call of torch's fused layer runs sequences with any resets, and no gradient passes a reset: closed gates have none.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ...errors import UserError

State = tuple[torch.Tensor, ...]  # LSTM: hidden and cell, GRU: hidden; each (n, size) float32
KINDS = ("lstm", "gru")
SHUT = -1e4  # a sigmoid of this is zero, not merely small


class Memory(nn.Module):
    """One recurrent layer."""

    def __init__(self, width: int, size: int, kind: str = "lstm") -> None:
        super().__init__()
        if kind not in KINDS:
            raise UserError(f"there is no memory {kind!r}; choose one of {', '.join(KINDS)}.")
        self.kind, self.size = kind, size
        self.cell: Any = nn.LSTM(width, size) if kind == "lstm" else nn.GRU(width, size)
        self.names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
        for name, weights in self.cell.named_parameters():
            nn.init.orthogonal_(weights) if "weight" in name else nn.init.zeros_(weights)

    def initial(self, rows: int) -> State:
        """What a fresh episode remembers: zeros."""
        device = self.cell.weight_hh_l0.device
        return tuple(torch.zeros(rows, self.size, device=device) for _ in self.names)

    def step(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """One decision: x (n, width) -> (n, size), and the new state."""
        with _in_float32(x):
            out, state = self._plain(x[None].float(), state)
        return out[0], state

    def cell_step(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """As `step`, written out in plain operations: what a policy file holds."""
        cell = self.cell
        seen = functional.linear(x, cell.weight_ih_l0, cell.bias_ih_l0)
        kept = functional.linear(state[0], cell.weight_hh_l0, cell.bias_hh_l0)
        if self.kind == "lstm":
            enter, keep, candidate, show = (seen + kept).chunk(4, 1)
            inner = keep.sigmoid() * state[1] + enter.sigmoid() * candidate.tanh()
            hidden = show.sigmoid() * inner.tanh()
            return hidden, (hidden, inner)
        (reset, update, new), (kept_reset, kept_update, kept_new) = seen.chunk(3, 1), kept.chunk(3, 1)
        candidate = (new + (reset + kept_reset).sigmoid() * kept_new).tanh()
        share = (update + kept_update).sigmoid()
        hidden = (1 - share) * candidate + share * state[0]
        return hidden, (hidden,)

    def unroll(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> torch.Tensor:
        """x (time, n, width) -> (time, n, size).

        `state` is that before the first step; `starts` (time, n) bool marks steps before which it is forgotten.
        """
        run = self._with_resets if starts[1:].any() else self._without_resets
        with _in_float32(x):
            return run(x.float(), forget(state, starts[0]), starts)[0]

    @torch.no_grad()
    def end(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> State:
        """What is remembered after the last step of such sequences."""
        state, reset = forget(state, starts[0]), starts[1:].any(0)
        after = tuple(torch.empty_like(part) for part in state)
        for run, where in ((self._with_resets, reset), (self._without_resets, ~reset)):
            if where.any():
                with _in_float32(x):
                    _, ends = run(x[:, where].float(), tuple(part[where] for part in state), starts[:, where])
                for part, end in zip(after, ends, strict=True):
                    part[where] = end
        return after

    def _without_resets(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> tuple[torch.Tensor, State]:
        return self._plain(x, state)

    def _plain(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        out, end = self.cell(x, _as_torch(state))
        ends = end if isinstance(end, tuple) else (end,)
        return out, tuple(part[0] for part in ends)

    def _with_resets(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> tuple[torch.Tensor, State]:
        """Resets put in. The state at the end holds for rows that have one: they are the ones that all end together."""
        place, length = _places(starts)
        rows = torch.arange(x.shape[1], device=x.device)
        spread = x.new_zeros(length, x.shape[1], x.shape[2] + 1)
        spread[..., -1] = 1.0  # a reset, wherever no step is
        spread[place, rows] = torch.cat([x, x.new_zeros(*x.shape[:2], 1)], dim=2)
        weights = [torch.cat([self.cell.weight_ih_l0, self._shut()[:, None]], dim=1), self.cell.weight_hh_l0]
        weights += [self.cell.bias_ih_l0, self.cell.bias_hh_l0]
        run: Any = torch.lstm if self.kind == "lstm" else torch.gru
        begin = _as_torch(state)
        out, *ends = run(spread, begin, weights, True, 1, 0.0, self.training, False, False)
        return out[place, rows], tuple(part[0] for part in ends)

    def _shut(self) -> torch.Tensor:
        """(gates * size,): what a reset adds to the gates, so that the new hidden state (and cell) is zero.

        LSTM: input, forget and output gates are shut. GRU: so are reset and update gates, and the candidate is tanh(0).
        """
        shut = torch.full_like(self.cell.bias_ih_l0, SHUT)
        if self.kind == "lstm":
            return shut.index_fill(0, torch.arange(2 * self.size, 3 * self.size, device=shut.device), 0.0)
        return torch.cat([shut[: 2 * self.size], -self.cell.bias_ih_l0[2 * self.size :]])


def _places(starts: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Where each step of (time, n) goes, with room for a reset before each start but the first; and the length of the whole.

    A row with fewer resets than another has several in the place of its first, so that they end together.
    """
    inner = starts.clone()
    inner[0] = False
    count = inner.sum(0)
    most = int(count.max())
    before = inner.cumsum(0)
    before = torch.where(before > 0, before + (most - count), before)
    return torch.arange(len(starts), device=starts.device)[:, None] + before, len(starts) + most


def _in_float32(x: torch.Tensor) -> torch.autocast:
    """No other precision: what is remembered for long has to be exact, and bf16 makes a CPU no faster here."""
    return torch.autocast(x.device.type, enabled=False)


def forget(state: State, where: torch.Tensor) -> State:
    """The state with zeros in some rows, (n,) bool."""
    return tuple(part.masked_fill(where[:, None], 0.0) for part in state)


def _as_torch(state: State) -> torch.Tensor | State:
    """torch's layout: a leading axis for layers, and no tuple around a GRU's state."""
    parts = tuple(part[None].contiguous() for part in state)
    return parts if len(parts) > 1 else parts[0]
