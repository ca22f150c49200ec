"""A memory that runs whole sequences remembers, forgets and learns as one that goes step by step."""

from __future__ import annotations

import pytest
import torch
from npckit.agents.learners.memory import KINDS, Memory, State, forget
from npckit.errors import UserError

TIME, ROWS, WIDTH, SIZE = 20, 7, 5, 16


def memory_of(kind: str) -> Memory:
    torch.manual_seed(0)
    memory = Memory(WIDTH, SIZE, kind)
    with torch.no_grad():
        for weights in memory.parameters():
            weights.add_(torch.randn_like(weights) * 0.3)
    return memory


def starts_of(how: str) -> torch.Tensor:
    starts = {"never": torch.zeros, "always": torch.ones}.get(how, torch.zeros)(TIME, ROWS).bool()
    if how == "mixed":  # none, one, several in a row, at the very beginning, at the very end
        starts = torch.rand(TIME, ROWS) < 0.15
        starts[:, 2], starts[3:6, 4], starts[0, 1], starts[-1, 3] = False, True, True, True
    return starts


def step_by_step(memory: Memory, x: torch.Tensor, state: State, starts: torch.Tensor) -> tuple[torch.Tensor, State]:
    outs = []
    for t in range(len(x)):
        out, state = memory.step(x[t], forget(state, starts[t]))
        outs.append(out)
    return torch.stack(outs), state


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["never", "always", "mixed"])
def test_whole_sequences_with_resets_equal_single_steps(kind: str, how: str) -> None:
    memory, starts = memory_of(kind), starts_of(how)
    x, state = torch.randn(TIME, ROWS, WIDTH, requires_grad=True), tuple(torch.randn(ROWS, SIZE) for _ in memory.names)
    out, (wanted, end) = memory.unroll(x, state, starts), step_by_step(memory, x, state, starts)
    torch.testing.assert_close(out, wanted, rtol=1e-5, atol=1e-6)
    for mine, theirs in zip(memory.end(x, state, starts), end, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
    weight = torch.randn_like(out)
    gradients = [torch.autograd.grad((each * weight).sum(), [x, *memory.parameters()]) for each in (out, wanted)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_passes_a_reset(kind: str) -> None:
    memory, starts = memory_of(kind), torch.zeros(TIME, ROWS, dtype=torch.bool)
    starts[9] = True
    x = torch.randn(TIME, ROWS, WIDTH, requires_grad=True)
    state = tuple(torch.full((ROWS, SIZE), 5.0) for _ in memory.names)
    memory.unroll(x, state, starts)[9:].sum().backward()
    assert x.grad is not None and not x.grad[:9].any() and x.grad[9:].any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_step_that_is_exported_is_the_step_that_is_trained(kind: str) -> None:
    memory = memory_of(kind)
    x, state = torch.randn(ROWS, WIDTH), tuple(torch.randn(ROWS, SIZE) for _ in memory.names)
    torch.testing.assert_close(memory.cell_step(x, state), memory.step(x, state))


def test_an_unknown_memory_is_refused() -> None:
    with pytest.raises(UserError, match="lstm, gru"):
        Memory(WIDTH, SIZE, "elephant")
