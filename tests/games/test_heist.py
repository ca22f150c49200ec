"""Heist: facts of its rules, a building that can always be won, fog that is real, and players whose memory matters."""

from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.heist.names import GUARDS_AT, NOISE, SEEN
from npckit.games.heist.sight import BEAM, BLOCK, CONE, HEARING, KEEN, NEAR, SIGHT, STRIDE
from npckit.games.observation import Observer, ObsSpec

HEIST = "heist"
CELL, COLUMNS, ROWS = 256, 24, 18
HALF, TOUCH, MAX_TICKS = 96, 208, 2700
STAY, UP, DOWN, LEFT, RIGHT = range(5)
SNEAK_RIGHT = 12
ALARM, SPOTTED, HEARD, CAUGHT, ESCAPED, LATE = 1, 2, 4, 8, 16, 32
MATCHES = 1000


@pytest.fixture(scope="module")
def game():
    return registry.load(HEIST)


@pytest.fixture(scope="module")
def thief_wins(game):
    """The share of 1,000 matches that a thief wins against three guards; each pair is played once."""
    known = {}

    def share(thief, guards):
        if (thief, guards) not in known:
            known[thief, guards] = _wins(game, agent_named(thief, game), agent_named(guards, game))
        return known[thief, guards]

    return share


def _wins(game, thief, guards, matches=MATCHES):
    return float(Match(game, [thief, guards, guards, guards], num_games=matches, seed=0).play().points(0).mean())


LEVELS = ("random", "easy", "normal", "hard")


@pytest.mark.parametrize(("weaker", "stronger"), [*pairwise(LEVELS)])
def test_bots_are_of_rising_strength_with_sides_swapped(thief_wins, weaker, stronger):
    assert (thief_wins(stronger, weaker) + 1 - thief_wins(weaker, stronger)) / 2 >= 0.70


def test_each_role_rises_on_its_own(thief_wins):
    """Thieves against normal guards, guards against the hard thief."""
    thieves = [thief_wins(level, "normal") for level in LEVELS]
    guards = [1 - thief_wins("hard", level) for level in LEVELS]
    assert all(stronger > weaker + 0.02 for role in (thieves, guards) for weaker, stronger in pairwise(role))


def test_perf_runs_from_random_play_to_mastery(game, thief_wins):
    for role, wins in (("thief", thief_wins("random", "hard")), ("guard", 1 - thief_wins("hard", "random"))):
        assert game.spec.perf(2 * wins - 1, role=role) < 0.05
    assert game.spec.perf(2 * thief_wins("hard", "hard") - 1, role="thief") > 0.7


def test_hard_players_are_near_balance(thief_wins):
    assert 0.40 <= thief_wins("hard", "hard") <= 0.60


def test_a_player_with_memory_beats_the_same_player_without(game, forgetful):
    """As thief and as guards, half of the matches each."""
    hard, wiped = agent_named("hard", game), forgetful("hard")
    as_thief = _wins(game, hard, wiped, MATCHES // 2)
    as_guards = 1 - _wins(game, wiped, hard, MATCHES // 2)
    assert (as_thief + as_guards) / 2 >= 0.65


def _scene(game, seed=1, **fields):
    batch = Batch(game)
    batch.reset(seed)
    for name, value in fields.items():
        batch.states[0][name] = value
    return batch, batch.states[0]


def _hall(game, *places, **fields):
    """A building without inner walls: everybody stands where told, in cells; guards look to the right."""
    batch, state = _scene(game, **fields)
    state["walls"][1:-1, 1:-1] = 0
    state["x"], state["y"] = ((np.array(places) + 0.5) * CELL).T
    state["facing"] = 0
    state["goal_x"][0], state["goal_y"][0] = 20 * CELL, 16 * CELL
    return batch, state


def _act(batch, thief=STAY, guards=(STAY, STAY, STAY), ticks=4):
    batch.step(np.array([[thief, *guards]]), ticks=ticks)


def _seen(batch, seat, kind="features"):
    return np.asarray(Observer(batch, ObsSpec(kind, 1), *rows_of(batch, seat)).observe())[0]


FAR_OFF = (22, 2), (22, 5), (22, 8)


def test_a_guards_touch_ends_the_match(game):
    batch, state = _hall(game, (5, 5), (6, 5), (22, 5), (22, 8))
    _act(batch, guards=(LEFT, STAY, STAY), ticks=8)
    assert batch.terminated[0] and batch.events[0] & CAUGHT and batch.rewards[0].tolist() == [-1, 1, 1, 1]
    assert np.hypot(state["x"][0] - state["x"][1], state["y"][0] - state["y"][1]) <= TOUCH


def test_touching_the_jewel_sets_off_the_alarm_which_tells_the_guards_about_where(game):
    batch, state = _hall(game, (20, 16), *FAR_OFF)
    _act(batch, ticks=1)
    assert state["lifted"] == 1 and batch.events[0] == ALARM and not batch.terminated[0]
    assert state["noise_x"] // BLOCK == state["x"][0] // BLOCK and _seen(batch, 1)[NOISE] > 0.9


@pytest.mark.parametrize("lifted", [0, 1])
def test_only_who_carries_the_jewel_can_leave(game, lifted):
    batch, state = _hall(game, (5, 5), *FAR_OFF, lifted=lifted)
    state["x"][0], state["y"][0] = state["goal_x"][3] + CELL, state["goal_y"][3]
    _act(batch, thief=LEFT, ticks=20)
    assert bool(batch.terminated[0]) == bool(lifted) and batch.rewards[0].tolist() == [lifted, *[-lifted] * 3]
    assert bool(batch.events[0] & ESCAPED) == bool(lifted)


def test_when_time_is_out_the_guards_have_won(game):
    batch, _ = _hall(game, (5, 5), *FAR_OFF, tick=MAX_TICKS - 1)
    _act(batch, ticks=1)
    assert batch.terminated[0] and batch.truncated[0] and batch.events[0] & LATE
    assert batch.rewards[0].tolist() == [-1, 1, 1, 1]


@pytest.mark.parametrize(("gap", "is_heard"), [(HEARING - 200, True), (HEARING + 200, False)])
def test_running_is_heard_within_a_radius_through_walls(game, gap, is_heard):
    batch, state = _hall(game, (5, 12), (20, 2), *FAR_OFF[1:])
    state["x"][1], state["y"][1], state["facing"][1] = state["x"][0], state["y"][0] - gap, 192
    state["walls"][10] = 1
    _act(batch, thief=RIGHT, ticks=2)
    _act(batch, thief=LEFT, ticks=STRIDE - 2)
    assert bool(batch.events[0] & HEARD) == is_heard and (_seen(batch, 1)[NOISE] > 0) == is_heard


@pytest.mark.parametrize("kind", ["features", "planes", "pixels"])
def test_sneaking_is_silent(game, kind):
    """A guard that does not see the thief perceives the same whether it sneaks by or stands still."""
    seen = []
    for action in (STAY, SNEAK_RIGHT):
        batch, state = _hall(game, (5, 10), (5, 7), *FAR_OFF[1:])
        state["facing"][1] = 192
        _act(batch, thief=action, ticks=40)
        seen.append(_seen(batch, 1, kind))
    np.testing.assert_array_equal(*seen)


@pytest.mark.parametrize(("column", "facing", "is_seen"), [(9, 128, True), (9, 0, False), (18, 128, False)])
def test_a_guard_sees_in_the_cone_of_its_lantern_and_tells_the_others(game, column, facing, is_seen):
    batch, state = _hall(game, (5, 10), (column, 10), *FAR_OFF[1:])
    state["facing"][1] = facing
    _act(batch)
    assert [bool(_seen(batch, seat)[SEEN]) for seat in (1, 2, 3)] == [is_seen] * 3


def test_walls_hide_the_thief(game):
    batch, state = _hall(game, (5, 10), (9, 10), *FAR_OFF[1:])
    state["facing"][1], state["walls"][:, 7] = 128, 1
    _act(batch)
    assert not _seen(batch, 1)[SEEN] and _seen(batch, 0)[GUARDS_AT] == 1  # the thief hears a guard that is near


def test_a_thief_that_sneaks_is_slower_and_one_that_is_laden_slower_still(game):
    paths = []
    for lifted, action in ((0, RIGHT), (0, SNEAK_RIGHT), (1, RIGHT), (1, SNEAK_RIGHT)):
        batch, state = _hall(game, (5, 12), *FAR_OFF, lifted=lifted)
        _act(batch, thief=action, ticks=20)
        paths.append(int(state["x"][0]) - 5 * CELL)
    assert all(faster > slower for faster, slower in pairwise(paths))


def test_a_body_that_half_misses_a_door_is_helped_through(game):
    batch, state = _hall(game, (5, 10), *FAR_OFF)
    state["walls"][:, 8] = 1
    state["walls"][9:11, 8] = 0
    state["y"][0] = 11 * CELL - HALF + 150
    _act(batch, thief=RIGHT, ticks=60)
    assert state["x"][0] > 9 * CELL


def _reached(walls, x, y):
    """Open cells that can be walked to from a cell, side by side."""
    found, rest = {(x, y)}, deque([(x, y)])
    while rest:
        x, y = rest.popleft()
        for near in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if near not in found and 0 <= near[0] < COLUMNS and 0 <= near[1] < ROWS and not walls[near[1]][near[0]]:
                found.add(near)
                rest.append(near)
    return found


def test_over_ten_thousand_seeds_the_jewel_and_every_exit_are_reached_from_every_start(game):
    batch = Batch(game, 10_000)
    batch.reset(0)
    states = batch.states
    assert (states["run_count"] < 48).all()
    for walls, goal_x, goal_y, x, y in zip(
        states["walls"].tolist(), states["goal_x"] // CELL, states["goal_y"] // CELL, states["x"] // CELL, states["y"] // CELL,
        strict=True,
    ):  # fmt: skip
        found = _reached(walls, int(x[0]), int(y[0]))
        assert all((int(a), int(b)) in found for a, b in (*zip(goal_x, goal_y, strict=True), *zip(x, y, strict=True)))
        assert len(found) == sum(row.count(0) for row in walls)


def test_guards_begin_far_from_the_thief_and_apart(game):
    batch = Batch(game, 2000)
    batch.reset(3)
    x, y = batch.states["x"] / CELL, batch.states["y"] / CELL
    gaps = np.hypot(x[:, 1:] - x[:, :1], y[:, 1:] - y[:, :1])
    assert gaps.min() > 3 and not batch.states["is_seen"].any()


def test_every_way_told_is_as_long_as_it_is_on_foot(game):
    """No shorter than the straight line, and no longer than from cell to cell beside it, but for where in them one stands."""
    batch = Batch(game, 200)
    batch.reset(5)
    names = game.spec.features_of("thief")
    for row in range(200):
        state, seen = batch.states[row], _row(batch, row, 0)
        steps = _steps_from(state["walls"], int(state["x"][0]) // CELL, int(state["y"][0]) // CELL)
        for goal, name in enumerate(("exit_up", "exit_down", "exit_left", "exit_right")):
            straight = np.hypot(state["goal_x"][goal + 1] - state["x"][0], state["goal_y"][goal + 1] - state["y"][0])
            length = seen[names.index(f"{name}_length")] * 2 * COLUMNS * CELL
            walk = steps[int(state["goal_y"][goal + 1]) // CELL, int(state["goal_x"][goal + 1]) // CELL]
            assert walk >= 0 and straight - 4 <= length <= (walk + 2) * CELL


def _steps_from(walls, x, y):
    """(rows, columns): steps between cells side by side to every open cell, -1 where there is no way."""
    steps, edge = np.full(walls.shape, -1), [(y, x)]
    steps[y, x] = 0
    for row, column in edge:
        for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            inside = 0 <= near[0] < walls.shape[0] and 0 <= near[1] < walls.shape[1]
            if inside and walls[near] == 0 and steps[near] < 0:
                steps[near] = steps[row, column] + 1
                edge.append(near)
    return steps


def _row(batch, row, seat):
    rows = np.array([row], np.int32), np.array([seat], np.int32)
    return np.asarray(Observer(batch, ObsSpec("features", 1), *rows).observe())[0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**63), st.integers(0, 2**31))
def test_nobody_is_ever_in_a_wall_or_outside(seed, choices):
    """Held directions, so that bodies press against walls and corners."""
    batch, rng = Batch(registry.load(HEIST), 8), np.random.default_rng(choices)
    batch.reset(seed)
    held = random_actions(batch, rng)
    for _ in range(120):
        change = rng.random(held.shape) < 0.1
        held[change] = random_actions(batch, rng)[change]
        batch.step(held)
        _assert_in_the_open(batch.states)
        assert (batch.rewards[:, 1:] == -batch.rewards[:, :1]).all()
        batch.restart(~batch.running)


def _assert_in_the_open(states):
    for dx in (-HALF, HALF - 1):
        for dy in (-HALF, HALF - 1):
            x, y = states["x"] + dx, states["y"] + dy
            assert x.min() >= 0 and y.min() >= 0 and x.max() < COLUMNS * CELL and y.max() < ROWS * CELL
            assert not states["walls"][np.arange(len(states))[:, None], y // CELL, x // CELL].any()


def test_hard_players_never_stand_in_a_wall_and_always_end(game):
    hard, guards = agent_named("hard", game), agent_named("hard", game)
    match = Match(game, [hard, guards, guards, guards], num_games=100, seed=9)
    while match.running:
        match.advance()
        _assert_in_the_open(match.batch.states)
    assert (np.abs(match.outcome().scores) == 1).all()


def _hide(states, seat, rng):
    """Moves whom the seat cannot perceive to other places where it cannot, and changes all else that is hidden from it."""
    states["rng"] = rng.integers(0, 2**63, len(states))
    states["order"] = rng.permuted(states["order"], axis=1)
    for state in states:
        (_hide_from_thief if seat == 0 else _hide_from_guards)(state, rng)


def _hide_from_thief(state, rng):
    state["echo"], state["noise_x"], state["noise_y"] = (
        rng.integers(0, 33),
        rng.integers(0, 6000),
        rng.integers(0, 4000),
    )
    for guard in (1, 2, 3):
        if not state["in_view"][guard - 1]:
            state["facing"][guard] = rng.integers(0, 256)
            place = _place(state, rng)
            gap = np.hypot(place[0] - state["x"][0], place[1] - state["y"][0])
            if gap > SIGHT or (gap > KEEN and not _clear(state, place, (state["x"][0], state["y"][0]))):
                state["x"][guard], state["y"][guard] = place
    if not state["jewel_seen"] and not state["lifted"]:
        place = _place(state, rng)
        if np.hypot(place[0] - state["x"][0], place[1] - state["y"][0]) > SIGHT:
            state["goal_x"][0], state["goal_y"][0] = place


def _hide_from_guards(state, rng):
    state["goal_x"][0], state["goal_y"][0] = _place(state, rng)
    state["jewel_seen"] = rng.integers(0, 2)
    state["in_view"] = rng.integers(0, 2, 3)
    if state["is_seen"]:
        return
    state["facing"][0], state["stride"] = rng.integers(0, 256), rng.integers(0, STRIDE)
    place = _place(state, rng)
    if not any(_lights(state, guard, place) for guard in (1, 2, 3)):
        state["x"][0], state["y"][0] = place


def _place(state, rng):
    """The middle of some open cell."""
    rows, columns = np.nonzero(state["walls"] == 0)
    i = rng.integers(len(rows))
    return int(columns[i]) * CELL + CELL // 2, int(rows[i]) * CELL + CELL // 2


def _clear(state, one, other):
    """Whether a straight line crosses no wall, tried at many points."""
    for share in np.linspace(0, 1, 60):
        x, y = (a + (b - a) * share for a, b in zip(one, other, strict=True))
        if state["walls"][int(y) // CELL, int(x) // CELL]:
            return False
    return True


def _lights(state, guard, place):
    dx, dy = place[0] - state["x"][guard], place[1] - state["y"][guard]
    turn = (np.degrees(np.arctan2(dy, dx)) * 256 / 360 - state["facing"][guard] + 128) % 256 - 128
    near = np.hypot(dx, dy)
    may_see = near <= NEAR + 2 or (near <= BEAM + 2 and abs(turn) <= CONE + 2)
    return may_see and _clear(state, (state["x"][guard], state["y"][guard]), place)


def test_fog_is_real(game, see_through_fog):
    assert see_through_fog(game, _hide) > 0.95
