"""What was done is read back as it was: windows of n steps, stacked frames, sequences; also when the ring has wrapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from npckit.agents.learners.replay import CUT, ENDED, ON, Replay
from npckit.agents.learners.sequences import SequenceReplay
from npckit.envs import SB3VecEnv
from npckit.errors import UserError

ROWS, GAMMA = 5, 0.9
BOX, ACTIONS = spaces.Box(-1e6, 1e6, (2,), np.float32), spaces.Discrete(4)
SHAPE = {"action_space": ACTIONS, "n_envs": ROWS, "gamma": GAMMA}


class Told:
    """Random episodes, told to a replay and kept in plain arrays (steps, rows). An observation is the step and the row."""

    def __init__(self, replay: Replay, steps: int, seed: int, *, masked: bool = False, memory: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.ends = rng.choice([ON, ENDED, CUT], (steps, ROWS), p=[0.8, 0.1, 0.1]).astype(np.uint8)
        self.rewards = rng.normal(size=(steps, ROWS)).astype(np.float32)
        self.actions = rng.integers(0, 4, (steps, ROWS))
        self.masks = rng.random((steps, ROWS, 4)) < 0.5
        replay.open(1, masked=masked, state=(torch.zeros(ROWS, 3),) if memory else ())
        starts = np.ones(ROWS, bool)
        for step in range(steps):
            seen = torch.tensor([[step, row] for row in range(ROWS)], dtype=torch.float32)
            state = (torch.full((ROWS, 3), float(step)),) if memory else ()
            replay.observe(seen, torch.tensor(starts), torch.tensor(self.masks[step]) if masked else None, state)
            done = (self.actions, self.rewards, self.ends)
            replay.add(*(torch.tensor(each[step]) for each in done))
            starts = self.ends[step] != ON

    def window(self, step: int, row: int, n: int, last: int) -> tuple[float, int, float]:
        """Sum of rewards, the step after them, and what its value counts: one reward after the other, up to step `last`."""
        total, discount = 0.0, 1.0
        for at in range(step, min(step + n, last)):
            if self.ends[at, row] == CUT:
                return total, at, discount
            total += discount * self.rewards[at, row]
            discount *= GAMMA
            if self.ends[at, row] == ENDED:
                return total, at + 1, 0.0
        return total, min(step + n, last), discount


def seen_at(replay: Replay, places: torch.Tensor) -> list[tuple[int, int]]:
    """The steps and rows of places, by what was seen there."""
    seen = replay.observations(places.flatten())
    assert isinstance(seen, torch.Tensor)
    return [(int(step), int(row)) for step, row in seen]


@pytest.mark.parametrize("prioritized", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("steps", [13, 20, 21, 90])  # before, when and after a ring of 20 is full
def test_windows_are_those_of_a_plain_loop_and_never_cross_an_end(n: int, steps: int, prioritized: bool) -> None:
    torch.manual_seed(steps)
    replay = Replay(20 * ROWS + 3, BOX, n_steps=n, prioritized=prioritized, **SHAPE)
    told = Told(replay, steps, seed=n)
    batch = replay.sample(2000)
    drawn = seen_at(replay, batch.index)
    known = {
        (step, row)
        for step in range(max(0, steps - 20), steps - n)
        for row in range(ROWS)
        if told.ends[step, row] != CUT
    }
    assert {place for place, weight in zip(drawn, batch.weights, strict=True) if weight > 0} == known
    assert not prioritized or set(drawn) == known  # nothing is drawn in vain
    after = seen_at(replay, batch.after)
    for i, (step, row) in enumerate(drawn):
        returns, end, discount = told.window(step, row, n, last=steps)
        assert batch.returns[i].item() == pytest.approx(returns, abs=1e-5)
        assert batch.discounts[i].item() == pytest.approx(discount)
        assert batch.actions[i] == told.actions[step, row]
        assert discount == 0 or after[i] == (end, row)


def test_masks_are_those_of_the_observation_at_their_place() -> None:
    replay = Replay(20 * ROWS, BOX, **SHAPE)
    told = Told(replay, 45, seed=0, masked=True)
    batch = replay.sample(300)
    for places in (batch.index, batch.after):
        masks = replay.masks(places)
        assert masks is not None
        for mask, (step, row) in zip(masks, seen_at(replay, places), strict=True):
            assert mask.tolist() == told.masks[step, row].tolist()


@pytest.mark.parametrize("obs", ["planes", "both"])
def test_stacks_are_those_of_the_environment_also_after_the_ring_has_wrapped(pong: Any, obs: str) -> None:
    env = SB3VecEnv(pong, ROWS, obs=obs, stack=3, size=(16, 16), max_ticks=60)
    env.seed(1)
    replay = Replay(17 * ROWS, env.observation_space, env.action_space, n_envs=ROWS)  # type: ignore[arg-type]
    replay.open(3, masked=False)
    seen, now, starts, rng = [], env.reset(), np.ones(ROWS, bool), np.random.default_rng(0)
    for step in range(60):
        parts = now if isinstance(now, dict) else {"obs": now}
        seen.append({name: part.copy() for name, part in parts.items()})
        replay.observe(now, torch.tensor(starts), None, ())
        actions = rng.integers(0, 3, ROWS)
        now, rewards, starts, _ = env.step(actions)
        replay.add(torch.tensor(actions), torch.tensor(rewards), torch.tensor(starts * np.uint8(ENDED)))
        if not replay.ready:
            continue
        batch = replay.sample(40)
        for places in (batch.index, batch.after[batch.discounts > 0]):
            slots, rows = (places // ROWS).numpy(), (places % ROWS).numpy()
            steps = slots + (step - slots) // 17 * 17  # the last that was written there
            read = replay.observations(places)
            for name, part in (read if isinstance(read, dict) else {"obs": read}).items():
                wanted = np.stack([seen[at][name][row] for at, row in zip(steps, rows, strict=True)])
                np.testing.assert_array_equal(part.numpy(), wanted)


def test_an_episode_that_is_broken_off_from_outside_ends_like_one_that_is_cut() -> None:
    replay = Replay(20 * ROWS, BOX, **SHAPE)
    told = Told(replay, 10, seed=0)
    replay.interrupt()
    assert ((replay.ends[9] == CUT).numpy() == (told.ends[9] != ENDED)).all()
    assert (replay.ends[8].numpy() == told.ends[8]).all()


def test_a_ring_that_is_too_short_is_refused() -> None:
    for replay in (
        Replay(3 * ROWS, BOX, n_steps=3, **SHAPE),
        SequenceReplay(20 * ROWS, BOX, burn_in=8, sequence=24, **SHAPE),
    ):
        with pytest.raises(UserError, match="too short for 5 environments; give it"):
            replay.open(1, masked=False)


@pytest.mark.parametrize("kind", ["windows", "sequences"])
def test_a_replay_goes_on_from_its_state(kind: str) -> None:
    def made() -> Replay:
        options = {"n_steps": 2, "prioritized": True, **SHAPE}
        return (
            Replay(100, BOX, **options)
            if kind == "windows"
            else SequenceReplay(100, BOX, burn_in=2, sequence=4, **options)
        )

    first, second = made(), made()
    Told(first, 33, seed=0, masked=True, memory=kind == "sequences")
    Told(second, 9, seed=1, masked=True, memory=kind == "sequences")
    second.set_state(first.state())
    for replay in (first, second):
        replay.observe(torch.zeros(ROWS, 2), torch.zeros(ROWS, dtype=torch.bool), None, (torch.ones(ROWS, 3),))
        replay.add(torch.ones(ROWS, dtype=torch.int64), torch.ones(ROWS), torch.zeros(ROWS, dtype=torch.uint8))
    draws = []
    for replay in (first, second):
        torch.manual_seed(0)
        draws.append(replay.sample(64))
    for name, one in vars(draws[0]).items():
        other = getattr(draws[1], name)
        assert all(map(torch.equal, one, other)) if isinstance(one, tuple) else torch.equal(one, other)


@pytest.mark.parametrize("kind", [Replay, SequenceReplay])
def test_nbytes_is_the_size_of_all_that_is_stored(kind: type[Replay]) -> None:
    options = {} if kind is Replay else {"burn_in": 2, "sequence": 4}
    replay = kind(100, BOX, prioritized=True, **SHAPE, **options)
    Told(replay, 7, seed=0, masked=True, memory=kind is SequenceReplay)

    def size(value: Any) -> int:
        if isinstance(value, torch.Tensor):
            return value.nbytes
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return sum(map(size, inner))

    assert replay.nbytes == size(replay.state())


@pytest.mark.parametrize("prioritized", [False, True])
@pytest.mark.parametrize(("burn_in", "sequence", "n"), [(3, 6, 1), (3, 6, 3), (0, 5, 2), (4, 1, 1)])
def test_sequences_are_those_of_a_plain_loop(burn_in: int, sequence: int, n: int, prioritized: bool) -> None:
    torch.manual_seed(0)
    replay = SequenceReplay(
        25 * ROWS, BOX, burn_in=burn_in, sequence=sequence, n_steps=n, prioritized=prioritized, **SHAPE
    )
    told, length = Told(replay, 80, seed=2, memory=True), burn_in + sequence
    batch = replay.sample(sequence * 2000)
    period = max(1, sequence // 2)
    begins = {
        (step, row) for step in range(80 - replay.capacity, 80 - length) for row in range(ROWS) if step % period == 0
    }
    assert set(seen_at(replay, batch.places[0])) == begins
    for k in range(0, 2000, 23):
        steps, row = zip(*seen_at(replay, batch.places[:, k]), strict=True)
        first = steps[0]
        assert (steps, set(row)) == (tuple(range(first, first + length + 1)), {row[0]})
        assert (batch.state[0][k] == first).all()
        assert batch.starts[:, k].tolist() == [False, *(told.ends[first : first + length, row[0]] != ON)]
        for s in range(sequence):
            at = first + burn_in + s
            returns, end, discount = told.window(at, row[0], n, last=first + length)
            assert (batch.weights[s, k] > 0) == (told.ends[at, row[0]] != CUT)
            assert batch.returns[s, k].item() == pytest.approx(returns, abs=1e-5)
            assert batch.discounts[s, k].item() == pytest.approx(discount)
            assert batch.actions[s, k] == told.actions[at, row[0]]
            assert discount == 0 or batch.after[s, k] == end - first - burn_in
