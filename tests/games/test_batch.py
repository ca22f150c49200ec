"""The batch owns time."""

from dataclasses import replace

import numpy as np
import pytest
from npckit.errors import UserError
from npckit.games.batch import GRAIN, Batch
from npckit.games.check import random_actions
from npckit.games.contract import rule


def _played(game, games=8, steps=30, **options):
    batch, rng = Batch(game, games, **options), np.random.default_rng(0)
    batch.reset(7)
    for _ in range(steps):
        batch.step(random_actions(batch, rng))
        batch.restart(~batch.running)
    return batch


def test_results_do_not_depend_on_the_number_of_threads(title):
    many = 3 * GRAIN
    assert _played(title, many, threads=1).hash() == _played(title, many, threads=3).hash()


def test_the_same_seed_gives_the_same_games_and_another_seed_others(title):
    hashes = []
    for seed in (7, 7, 8):
        batch = Batch(title, 8)
        batch.reset(seed)
        hashes.append(batch.hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_games_of_a_batch_begin_differently_and_so_do_their_episodes(title):
    batch = Batch(title, 64)
    batch.reset(0)
    first = batch.seeds.copy()
    batch.restart(np.ones(64, bool))
    assert len(np.unique(np.concatenate([first, batch.seeds]))) == 128


def test_a_decision_is_its_ticks(title):
    skipped, single = Batch(title, 4), Batch(title, 4)
    skipped.reset(5)
    single.reset(5)
    rng = np.random.default_rng(1)
    for _ in range(20):
        actions = random_actions(skipped, rng)
        skipped.step(actions, ticks=3)
        for tick in range(3):
            if tick and title.legal is not None:
                return  # a mask may forbid on the second tick what it allowed on the first
            single.step(actions, ticks=1)
    assert skipped.hash() == single.hash()


@rule
def _ends_at_tick_seven(state, actions, rewards):
    return state.tick >= 7


def test_a_game_may_be_both_terminated_and_truncated(pong):
    batch = Batch(replace(pong, step=_ends_at_tick_seven), 2, max_ticks=8)
    batch.reset(0)
    batch.step(np.zeros((2, 2), int))
    assert not (batch.terminated | batch.truncated).any()
    batch.step(np.zeros((2, 2), int))
    assert batch.terminated.all() and batch.truncated.all()


def test_an_ended_game_stands_still_until_it_is_restarted(pong):
    batch = Batch(pong, 2, max_ticks=4)
    batch.reset(0)
    batch.step(np.zeros((2, 2), int))
    still = batch.hash()
    batch.step(np.ones((2, 2), int))
    assert batch.hash() == still and not batch.running.any() and not batch.truncated.any()
    batch.restart(np.array([True, False]))
    assert batch.running.tolist() == [True, False] == batch.fresh.tolist()


@pytest.mark.parametrize(
    "actions", [np.full((2, 2), 3), np.full((2, 2), -1), np.zeros((2, 3), int), np.zeros((2, 2)), np.zeros(2, int)]
)
def test_a_wrong_action_is_refused_and_nothing_moves(pong, actions):
    batch = Batch(pong, 2)
    batch.reset(0)
    before = batch.hash()
    with pytest.raises(UserError):
        batch.step(actions)
    assert batch.hash() == before


def test_the_refusal_names_the_actions(pong):
    batch = Batch(pong)
    batch.reset(0)
    with pytest.raises(UserError, match=r"pong has 3 actions \(stay, up, down\); got 7\."):
        batch.step(np.array([[7, 0]]))


def test_an_action_against_the_mask_is_refused_and_nothing_moves(lantern):
    batch = Batch(lantern, 3)
    batch.reset(0)
    before, into_the_wall = batch.hash(), np.ones((3, 4), int)
    with pytest.raises(UserError, match=r"'north' is not legal for seat 0"):
        batch.step(into_the_wall)
    assert batch.hash() == before


def test_a_wrong_number_of_seats_or_games_is_refused(pong):
    with pytest.raises(UserError, match="played with 2 seats"):
        Batch(pong, 1, seats=3)
    with pytest.raises(UserError, match="at least one game"):
        Batch(pong, 0)


def test_returns_are_the_sum_of_rewards_and_teams_share_them(title):
    batch, rng = Batch(title, 16), np.random.default_rng(0)
    batch.reset(1)
    total = np.zeros((16, batch.seats))
    for _ in range(60):
        batch.step(random_actions(batch, rng))
        total += batch.rewards
    np.testing.assert_array_equal(total, batch.returns)


def test_events_are_counted_over_the_episode(pong):
    batch = Batch(pong, 64)
    batch.reset(0)
    seen = np.zeros(64, int)
    for _ in range(200):
        batch.step(np.zeros((64, 2), int), ticks=1)
        seen += (batch.events >> 2) & 1
    np.testing.assert_array_equal(seen, batch.event_counts[:, 2])
    assert seen.sum() > 0
