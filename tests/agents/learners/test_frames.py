"""Frames are stored once, and stacked on reading as the environment stacks them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from npckit.agents.learners.frames import FrameStore
from npckit.envs import SB3VecEnv

ROWS = 6


@pytest.mark.parametrize(("obs", "stack"), [("planes", 2), ("pixels", 4), ("features", 3), ("both", 2)])
def test_what_is_read_is_what_was_seen(pong: Any, obs: str, stack: int) -> None:
    env = SB3VecEnv(pong, ROWS, obs=obs, stack=stack, size=(16, 16), max_ticks=40)  # episodes of ten decisions
    env.seed(3)
    store, seen = FrameStore(env.observation_space, stack, 9, ROWS, torch.device("cpu")), []
    now, starts, rng = env.reset(), np.ones(ROWS, bool), np.random.default_rng(0)
    for step in range(31):  # the ring wraps three times
        store.write(step % 9, now, starts)
        seen.append({k: v.copy() for k, v in (now if isinstance(now, dict) else {"obs": now}).items()})
        now, _, starts, _ = env.step(rng.integers(0, 3, ROWS))
    for step in range(31 - 9 + stack - 1, 31):
        rows = torch.tensor([4, 0, 5])
        read = store.read(step % 9 * ROWS + rows)
        for name, part in (read if isinstance(read, dict) else {"obs": read}).items():
            np.testing.assert_array_equal(part.numpy(), seen[step][name][rows])


def test_a_frame_takes_its_room_once() -> None:
    env = SB3VecEnv("pong", ROWS, obs="pixels", stack=4, size=(16, 16))
    store = FrameStore(env.observation_space, 4, 50, ROWS, torch.device("cpu"))
    assert store.nbytes == 50 * ROWS * (16 * 16 + 1)
