"""LSTM and GRU over whole sequences in which episodes begin anywhere, without a loop over time.

Before each step that begins an episode, a step is put in that brings the memory to zero exactly: an extra input closes the
gates. So one call of torch's fused layer runs sequences with any resets, and no gradient passes a reset: closed gates have none.
Sequences with fewer resets than others end with steps that keep the memory as it is: another input opens the gates to it.
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
    """One recurrent layer. What it was given goes on beside what it remembers: a memory then only has to add what is not seen now."""

    def __init__(self, width: int, size: int, kind: str = "lstm") -> None:
        super().__init__()
        if kind not in KINDS:
            raise UserError(f"there is no memory {kind!r}; choose one of {', '.join(KINDS)}.")
        self.kind, self.size, self.width = kind, size, width + size
        self.cell: Any = nn.LSTM(width, size) if kind == "lstm" else nn.GRU(width, size)
        self.names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
        for name, weights in self.cell.named_parameters():
            nn.init.orthogonal_(weights) if "weight" in name else nn.init.zeros_(weights)

    def initial(self, rows: int) -> State:
        """What a fresh episode remembers: zeros."""
        device = self.cell.weight_hh_l0.device
        return tuple(torch.zeros(rows, self.size, device=device) for _ in self.names)

    def step(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """One decision: x (n, width) -> (n, width + size), and the new state."""
        state = self._step(x.float(), state)
        return torch.cat([x.float(), state[0]], dim=1), state

    def _step(self, x: torch.Tensor, state: State) -> State:
        with _in_float32(x):
            if x.device.type == "cpu":  # the layer for whole sequences takes longer to begin than one step does
                run: Any = torch.lstm_cell if self.kind == "lstm" else torch.gru_cell
                ends = run(x, state if len(state) > 1 else state[0], *self._weights())
                return tuple(ends) if self.kind == "lstm" else (ends,)
            return self._plain(x[None], state)[1]

    def cell_step(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """As `step`, written out in plain operations: what a policy file holds."""
        cell = self.cell
        seen = functional.linear(x, cell.weight_ih_l0, cell.bias_ih_l0)
        kept = functional.linear(state[0], cell.weight_hh_l0, cell.bias_hh_l0)
        if self.kind == "lstm":
            enter, keep, candidate, show = (seen + kept).chunk(4, 1)
            inner = keep.sigmoid() * state[1] + enter.sigmoid() * candidate.tanh()
            hidden = show.sigmoid() * inner.tanh()
            return torch.cat([x, hidden], dim=1), (hidden, inner)
        (reset, update, new), (kept_reset, kept_update, kept_new) = seen.chunk(3, 1), kept.chunk(3, 1)
        candidate = (new + (reset + kept_reset).sigmoid() * kept_new).tanh()
        share = (update + kept_update).sigmoid()
        hidden = (1 - share) * candidate + share * state[0]
        return torch.cat([x, hidden], dim=1), (hidden,)

    def unroll(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> torch.Tensor:
        """x (time, n, width) -> (time, n, width + size).

        `state` is that before the first step; `starts` (time, n) bool marks steps before which it is forgotten.
        """
        return torch.cat([x.float(), self._run(x, state, starts)[0]], dim=2)

    @torch.no_grad()
    def end(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> State:
        """What is remembered after the last step of such sequences."""
        return self._run(x, state, starts)[1]

    def _run(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> tuple[torch.Tensor, State]:
        state = forget(state, starts[0])
        with _in_float32(x):
            return self._with_resets(x.float(), state, starts) if starts[1:].any() else self._plain(x.float(), state)

    def _plain(self, x: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        out, end = self.cell(x, _as_torch(state))
        ends = end if isinstance(end, tuple) else (end,)
        return out, tuple(part[0] for part in ends)

    def _with_resets(self, x: torch.Tensor, state: State, starts: torch.Tensor) -> tuple[torch.Tensor, State]:
        place, length = _places(starts)
        rows = torch.arange(x.shape[1], device=x.device)
        spread = x.new_zeros(length, x.shape[1], x.shape[2] + 2)
        spread[..., -2] = 1.0  # a reset, wherever no step is
        spread[place, rows] = torch.cat([x, x.new_zeros(*x.shape[:2], 2)], dim=2)
        over = torch.arange(length, device=x.device)[:, None] > place[-1]
        spread[..., -2].masked_fill_(over, 0.0)
        spread[..., -1] = over  # nothing happens after the last step
        weight, *rest = self._weights()
        run: Any = torch.lstm if self.kind == "lstm" else torch.gru
        weights = [torch.cat([weight, self._gates()], dim=1), *rest]
        out, *ends = run(spread, _as_torch(state), weights, True, 1, 0.0, self.training, False, False)
        out = out[place, rows]
        return out, (out[-1], *(part[0] for part in ends[1:]))

    def _weights(self) -> list[torch.Tensor]:
        cell = self.cell
        return [cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, cell.bias_hh_l0]

    def _gates(self) -> torch.Tensor:
        """(gates * size, 2): what a reset, and a step that keeps the memory, add to the gates.

        LSTM: a reset shuts input, forget and output gates. GRU: it shuts reset and update gates, and the candidate is tanh(0). To
        keep the memory, an LSTM opens the forget gate alone (what it shows is looked up before), a GRU the update gate.
        """
        bias = self.cell.bias_ih_l0
        gates = bias.new_zeros(len(bias) // self.size, self.size, 2)
        if self.kind == "lstm":  # input, forget, candidate, output
            gates[:2, :, 0], gates[3, :, 0] = SHUT, SHUT
            gates[0, :, 1], gates[1, :, 1] = SHUT, -SHUT
        else:  # reset, update, candidate
            gates[:2, :, 0], gates[2, :, 0] = SHUT, -bias[2 * self.size :]
            gates[1, :, 1] = -SHUT
        return gates.flatten(0, 1)


def _places(starts: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Where each step of (time, n) goes, with room for a reset before each start but the first; and the length of the whole."""
    inner = starts.clone()
    inner[0] = False
    before = inner.cumsum(0)
    return torch.arange(len(starts), device=starts.device)[:, None] + before, len(starts) + int(before[-1].max())


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
