"""What holds for every title, whatever its players do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.contract import CELL
from npckit.games.frame import DIGITS, DISC, DOME, HUD, INK, KIND, LINE, A, B, X, Y
from npckit.games.observation import Observer, ObsSpec, range_of

KINDS = ("features", "planes", "pixels")


def test_every_episode_ends(title):
    for seats in title.spec.seat_counts:
        batch, rng = Batch(title, 8, seats=seats), np.random.default_rng(0)
        batch.reset(0)
        for _ in range(title.spec.max_ticks // title.spec.decision_ticks + 1):
            batch.step(random_actions(batch, rng))
        assert not batch.running.any()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**63),
    st.integers(0, 3),
    st.lists(st.integers(0, 2**16), min_size=20, max_size=80),
    st.integers(1, 12),
)
def test_whatever_players_do_what_is_promised_holds(title, seed, seats, choices, patience):
    """Rewards of teams cancel, masks are never empty, observations stay in their spaces, and what matters stays in the picture."""
    counts = title.spec.seat_counts
    batch = Batch(title, seats=counts[seats % len(counts)])
    batch.reset(seed)
    watchers = [
        (kind, Observer(batch, ObsSpec(kind, 1), *rows_of(batch, seat)))
        for kind in KINDS
        for seat in range(batch.seats)
    ]
    for choice in choices:
        for _ in range(patience):  # the same wish for a while, or nobody would get anywhere
            if not batch.running[0]:
                return
            batch.step(_legal(batch, choice))
            _rewards_cancel(batch)
        for kind, watcher in watchers:
            seen, (low, high) = np.asarray(watcher.observe()), range_of(kind)
            assert np.isfinite(seen).all() and low <= seen.min() and seen.max() <= high
        _stays_in_the_picture(batch)


def _legal(batch, choice):
    """Every seat takes one of its legal actions, by its own digits of the choice."""
    actions = np.zeros((1, batch.seats), int)
    for seat in range(batch.seats):
        legal = np.flatnonzero(batch.masks(*rows_of(batch, seat))[0])
        assert len(legal)
        actions[0, seat] = legal[(choice >> 4 * seat) % len(legal)]
    return actions


def _rewards_cancel(batch):
    teams = np.array(batch.game.spec.teams[: batch.seats])
    shares = [set(batch.rewards[0, teams == team].tolist()) for team in dict.fromkeys(teams.tolist())]
    assert all(len(share) == 1 for share in shares)
    if len(shares) == 2:
        assert shares[0].pop() == -shares[1].pop()


def _stays_in_the_picture(batch):
    """Nothing that is drawn for players lies wholly outside of the field, farther away than itself is large."""
    width, height = (side * CELL for side in batch.game.spec.field)
    for seat in range(-1, batch.seats):
        rows = batch.draw(0, seat).astype(int)
        for row in rows[(rows[:, INK] != HUD) & (rows[:, KIND] != DIGITS)]:
            left, top, right, bottom = _box(row)
            wide, high = right - left, bottom - top
            assert right + wide >= 0 and bottom + high >= 0 and left - wide <= width and top - high <= height


def _box(row):
    x, y, a, b = (int(row[column]) for column in (X, Y, A, B))
    if row[KIND] in (DISC, DOME):
        return x - a, y - a, x + a, y + a
    if row[KIND] == LINE:
        return min(x, a), min(y, b), max(x, a), max(y, b)
    return x, y, x + a, y + b


@pytest.mark.parametrize("kind", KINDS)
def test_every_seat_of_a_role_sees_as_much(title, kind):
    """One policy plays every seat of a role: the observations have one shape."""
    batch = Batch(title, 2)
    batch.reset(0)
    shapes = {}
    for seat in range(batch.seats):
        seen = np.asarray(Observer(batch, ObsSpec(kind, 1), *rows_of(batch, seat)).observe())
        assert shapes.setdefault(title.spec.roles[seat], seen.shape) == seen.shape
