"""Random numbers are uniform, and the same wherever they are drawn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from npckit.games.contract import record, u8
from npckit.games.interpret import RecordView
from npckit.games.rng import mix, randint, seed_rng


def _draws(seed, n, count):
    state = RecordView(np.zeros(1, record(rng=u8))[0])
    with np.errstate(over="ignore"):
        seed_rng(state, seed)
        return [int(randint(state, n)) for _ in range(count)]


def test_draws_are_uniform():
    counts = np.bincount(_draws(1, 10, 10_000), minlength=10)
    assert (abs(counts - 1000) < 5 * np.sqrt(900)).all()


def test_neighbouring_seeds_are_unrelated():
    assert abs(np.corrcoef(_draws(1, 1000, 2000), _draws(2, 1000, 2000))[0, 1]) < 0.1


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**31 - 1))
def test_a_draw_stays_below_its_bound(seed, n):
    assert all(0 <= draw < n for draw in _draws(seed, n, 5))


def test_mixing_is_one_to_one():
    numbers = np.arange(100_000, dtype=np.uint64)
    assert len(np.unique(mix(numbers))) == len(numbers)
