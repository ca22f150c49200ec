"""What seats perceive."""

import numpy as np
import pytest
from npckit.errors import UserError
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.observation import KINDS, Observer, ObsSpec, dtype_of, range_of


def _watched(game, spec, seat=0, games=6):
    batch = Batch(game, games)
    batch.reset(3)
    return batch, Observer(batch, spec, *rows_of(batch, seat))


def _parts(obs):
    return obs if isinstance(obs, dict) else {"": obs}


@pytest.mark.parametrize("kind", KINDS)
def test_observations_have_the_shapes_types_and_ranges_they_promise(title, kind):
    spec = ObsSpec(kind)
    batch, watcher = _watched(title, spec)
    seen, rng = watcher.observe(), np.random.default_rng(0)
    for _ in range(20):
        batch.step(random_actions(batch, rng))
        seen = watcher.observe()
    for part, array in zip(spec.parts, _parts(seen).values(), strict=True):
        low, high = range_of(part)
        assert array.shape == (6, *spec.shape(title, watcher.role, part)) and array.dtype == dtype_of(part)
        assert low <= array.min() and array.max() <= high


@pytest.mark.parametrize("kind", ["features", "planes", "pixels"])
def test_a_stack_is_the_last_frames_oldest_first_and_begins_with_copies(title, kind):
    batch, stacked = _watched(title, ObsSpec(kind, 3))
    plain = Observer(batch, ObsSpec(kind, 1), *rows_of(batch, 0))
    frames = [plain.observe().copy()] * 3
    rng = np.random.default_rng(0)
    for step in range(4):
        np.testing.assert_array_equal(stacked.observe(), np.concatenate(frames[-3:], axis=1), err_msg=f"step {step}")
        batch.step(random_actions(batch, rng))
        frames.append(plain.observe().copy())


def test_a_new_episode_forgets_the_frames_of_the_last(pong):
    batch, watcher = _watched(pong, ObsSpec("features", 2))
    watcher.observe()
    for _ in range(30):
        batch.step(np.ones((6, 2), int))
        watcher.observe()
    batch.restart(np.array([True] * 3 + [False] * 3))
    seen = watcher.observe()
    halves = np.hsplit(seen, 2)
    np.testing.assert_array_equal(halves[0][:3], halves[1][:3])


def test_who_comes_into_a_game_under_way_begins_with_copies(pong):
    batch, _ = _watched(pong, ObsSpec())
    for _ in range(5):
        batch.step(np.ones((6, 2), int))
    halves = np.hsplit(Observer(batch, ObsSpec("features", 2), *rows_of(batch, 0)).observe(), 2)
    np.testing.assert_array_equal(*halves)


def test_the_observation_before_the_newest_stays_intact(pong):
    batch, watcher = _watched(pong, ObsSpec("pixels", 2))
    first = watcher.observe()
    kept = first.copy()
    batch.step(np.ones((6, 2), int))
    watcher.observe()
    np.testing.assert_array_equal(first, kept)


def test_peeking_leaves_the_history_as_it_is(pong):
    batch, watcher = _watched(pong, ObsSpec("planes", 2))
    twin = Observer(batch, ObsSpec("planes", 2), *rows_of(batch, 0))
    for _ in range(10):
        watcher.observe(), twin.observe()
        batch.step(np.ones((6, 2), int))
        peeked = watcher.peek(np.array([4, 1]))
    told = watcher.observe()
    np.testing.assert_array_equal(told, twin.observe())
    np.testing.assert_array_equal(peeked, told[[4, 1]])


@pytest.mark.parametrize("kind", ["features", "planes", "pixels"])
def test_seats_of_a_mirrored_game_see_themselves_the_same_way(pong, kind):
    batch = Batch(pong, 1)
    batch.reset(0)
    one, other = (Observer(batch, ObsSpec(kind, 1), *rows_of(batch, seat)) for seat in (0, 1))
    left = one.observe().copy()
    state = batch.states
    state["ball_x"] = 64 * 256 - state["ball_x"]
    state["ball_vx"] = -state["ball_vx"]
    state["paddle_y"] = state["paddle_y"][:, ::-1].copy()
    np.testing.assert_array_equal(left, other.observe())


@pytest.mark.parametrize("kind", ["features", "planes", "pixels"])
def test_what_a_seat_cannot_perceive_changes_not_a_byte(lantern, kind):
    """10,000 states; the other team, out of sight, is put elsewhere out of sight."""
    batch, rng = Batch(lantern, 2500), np.random.default_rng(0)
    batch.reset(0)
    for _ in range(4):
        for _ in range(10):
            batch.step(random_actions(batch, rng))
        for seat in range(4):
            watcher = Observer(batch, ObsSpec(kind, 1, (24, 24)), *rows_of(batch, seat))
            before, kept = watcher.observe().copy(), batch.states.copy()
            assert _move_the_unseen(batch.states, seat, rng) > 500
            np.testing.assert_array_equal(before, watcher.observe())
            batch.states[:] = kept


def _move_the_unseen(states, seat, rng):
    """Scatters enemies that are out of sight, and keeps what would come into sight where it was; the moves that stood."""
    moved = 0
    enemies = (2, 3) if seat < 2 else (0, 1)
    for enemy in enemies:
        x, y = rng.integers(0, 12, (2, len(states)))
        hidden = _distance(states, seat, states["x"][:, enemy], states["y"][:, enemy]) > 4
        still = _distance(states, seat, x, y) > 4
        where = hidden & still
        states["x"][where, enemy], states["y"][where, enemy] = x[where], y[where]
        states["rng"][where] ^= np.uint64(99)  # nor does anyone see the dice
        moved += int(where.sum())
    return moved


def _distance(states, seat, x, y):
    return abs(states["x"][:, seat] - x) + abs(states["y"][:, seat] - y)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("sounds",), "no observation"), (("planes", 99), "1 to 64"), (("pixels", 1, (4, 4)), "8 to")],
)
def test_an_impossible_observation_is_refused(options, sentence):
    with pytest.raises(UserError, match=sentence):
        ObsSpec(*options)


def test_one_observer_serves_one_role(lantern):
    batch = Batch(lantern, 2)
    with pytest.raises(UserError, match="one observer serves one role"):
        Observer(batch, ObsSpec(), np.zeros(2, np.int32), np.array([0, 2], np.int32))


def test_fog_is_real(lantern, see_through_fog):
    """Lantern's runners and chasers see no farther than a lantern shines."""

    def alter(states, seat, rng):
        far = np.abs(states["coin_x"] - states["x"][:, seat]) + np.abs(states["coin_y"] - states["y"][:, seat]) > 4
        place = rng.integers(0, 12, (2, len(states)))
        hidden = np.abs(place[0] - states["x"][:, seat]) + np.abs(place[1] - states["y"][:, seat]) > 4
        states["coin_x"] = np.where(far & hidden, place[0], states["coin_x"])
        states["coin_y"] = np.where(far & hidden, place[1], states["coin_y"])
        states["rng"] += np.uint64(1)

    assert see_through_fog(lantern, alter) == 1.0


def test_what_a_seat_sees_is_not_hidden(lantern, see_through_fog):
    def alter(states, seat, rng):
        states["x"][:, seat] = (states["x"][:, seat] + 1) % 12

    with pytest.raises(AssertionError, match="sees a hidden change in its features"):
        see_through_fog(lantern, alter, states=500)
