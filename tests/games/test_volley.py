"""Volley: facts of its rules, both seats alike, rallies that end, and players of rising strength over 1,000 matches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match, duel
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.observation import Observer, ObsSpec

VOLLEY = "volley"
CELL, WIDTH, GROUND = 256, 64 * 256, 44 * 256
SLIME_R, BALL_R, REACH, NET_X, NET_TOP, NET_REACH = 1152, 448, 1600, 32 * 256, 35 * 256, 576
STAY, LEFT, RIGHT, JUMP, LEFT_JUMP, RIGHT_JUMP = range(6)
TOUCH, BOUNCE, LEAP, POINT = 1, 2, 4, 8
LIGHTEST, HEAVIEST, GOAL = 11, 40, 5


@pytest.fixture(scope="module")
def game():
    return registry.load(VOLLEY)


def _one(game, **fields):
    """A match with the ball in play, high above the left slime unless told otherwise."""
    batch = Batch(game)
    batch.reset(1)
    for name, value in {"wait": 0, "ball_x": WIDTH // 4, "ball_y": 5 * CELL, **fields}.items():
        batch.states[0][name] = value
    return batch, batch.states[0]


def _tick(batch, left=STAY, right=STAY, times=1):
    for _ in range(times):
        batch.step(np.array([[left, right]]), ticks=1)


@pytest.mark.parametrize(("stronger", "weaker"), [("easy", "random"), ("normal", "easy"), ("hard", "normal")])
def test_bots_are_of_rising_strength(game, stronger, weaker):
    points, _ = duel(game, agent_named(stronger, game), agent_named(weaker, game), num_games=1000)
    assert points.mean() >= 0.70


@pytest.mark.parametrize("level", ["random", "hard"])
def test_a_match_is_fair_to_both_seats(game, level):
    scores = Match(game, [agent_named(level, game)] * 2, num_games=1000, seed=0).play().scores[:, 0]
    assert abs(scores.mean()) < 3.3 * scores.std() / 1000**0.5


def test_hard_players_rally_and_yet_decide_the_match(game):
    outcome = Match(game, [agent_named("hard", game)] * 2, num_games=300, seed=0).play()
    touches, points = outcome.event_counts[:, 0].sum(), outcome.event_counts[:, 3].sum()
    assert touches > 5 * points
    assert (np.abs(outcome.scores[:, 0]) > 0).mean() > 0.95 and (outcome.ticks < game.spec.max_ticks).mean() > 0.9


def test_perf_runs_from_random_play_to_mastery(game):
    random = Match(game, [agent_named("random", game)] * 2, num_games=1000, seed=0).play().scores[:, 0]
    _, scores = duel(game, agent_named("hard", game), agent_named("easy", game), num_games=300)
    assert game.spec.perf(random.mean()) < 0.1 and game.spec.perf(scores.mean()) > 0.85


@pytest.mark.parametrize(("ball_x", "winner"), [(2000, 1), (WIDTH - 2000, 0)])
def test_the_ball_on_the_ground_is_a_point_for_the_other_side_which_then_serves(game, ball_x, winner):
    batch, state = _one(game, ball_x=ball_x, ball_y=GROUND - BALL_R - 10, ball_vy=50)
    _tick(batch)
    assert batch.rewards[0, winner] == 1 and batch.rewards[0].sum() == 0 and batch.events[0] == POINT
    assert state["touched"] == winner and (state["ball_x"] > NET_X) == (winner == 1) and state["wait"] > 0


def test_five_points_win(game):
    batch, state = _one(game, ball_x=2000, ball_y=GROUND - BALL_R - 10, ball_vy=50, score=(4, 4))
    _tick(batch)
    assert batch.terminated[0] and state["score"].tolist() == [4, 5]


def test_the_ball_waits_before_it_falls(game):
    batch, state = _one(game, wait=3, ball_y=4096)
    _tick(batch, times=3)
    assert state["ball_y"] == 4096
    _tick(batch)
    assert state["ball_y"] > 4096


@pytest.mark.parametrize(("offset", "direction"), [(-500, -1), (0, 0), (500, 1)])
def test_the_ball_leaves_a_slime_along_the_line_of_their_centres(game, offset, direction):
    batch, state = _one(game, ball_y=GROUND - REACH - 100, ball_vy=250)
    state["slime_x"][0] = state["ball_x"] - offset
    _tick(batch)
    assert batch.events[0] & TOUCH and np.sign(state["ball_vx"]) == direction and state["ball_vy"] < 0


def test_a_slime_that_jumps_hits_harder(game):
    speeds = []
    for action in (STAY, JUMP):
        batch, state = _one(game, ball_y=GROUND - REACH - 20, ball_vy=100)
        _tick(batch, action)
        speeds.append(-int(state["ball_vy"]))
    assert speeds[1] > speeds[0] + 50


def test_a_slime_that_runs_takes_the_ball_along(game):
    batch, state = _one(game, ball_x=4500, ball_y=GROUND - 1300, ball_vy=100)
    state["slime_x"][0] = 3600
    _tick(batch)
    resting = int(state["ball_vx"])
    batch, state = _one(game, ball_x=4500, ball_y=GROUND - 1300, ball_vy=100)
    state["slime_x"][0] = 3480
    _tick(batch, RIGHT)
    assert state["ball_vx"] > resting + 30


def test_each_touch_makes_the_ball_heavier_up_to_a_limit_and_a_point_light_again(game):
    batch, state = _one(game)
    for expected in (LIGHTEST + 1, LIGHTEST + 2):
        state["ball_x"], state["ball_y"], state["ball_vx"], state["ball_vy"] = WIDTH // 4, GROUND - REACH - 20, 0, 100
        _tick(batch)
        assert state["gravity"] == expected
    state["gravity"] = HEAVIEST
    state["ball_x"], state["ball_y"], state["ball_vx"], state["ball_vy"] = WIDTH // 4, GROUND - REACH - 20, 0, 100
    _tick(batch)
    assert state["gravity"] == HEAVIEST
    state["ball_x"], state["ball_y"] = 1000, GROUND
    state["slime_x"][0] = NET_X - 128 - SLIME_R
    _tick(batch)
    assert state["gravity"] == LIGHTEST


def test_the_ninth_touch_of_a_side_in_a_row_is_a_point_for_the_other(game):
    batch, state = _one(game)
    for touches in range(1, 10):
        state["ball_x"], state["ball_y"], state["ball_vx"], state["ball_vy"] = WIDTH // 4, GROUND - REACH - 20, 0, 100
        _tick(batch)
        assert state["touches"] == touches % 9 and batch.rewards[0].tolist() == ([-1, 1] if touches == 9 else [0, 0])


def test_a_touch_of_the_other_side_begins_the_count_anew(game):
    batch, state = _one(game, touched=1, touches=7, ball_y=GROUND - REACH - 20, ball_vy=100)
    _tick(batch)
    assert state["touched"] == 0 and state["touches"] == 1


def test_a_ball_passes_under_a_slime_that_jumps(game):
    batch, state = _one(game, ball_y=GROUND - 700, ball_vy=0)
    state["slime_y"][0], state["slime_vy"][0] = GROUND - 1500, -100
    _tick(batch)
    assert not batch.events[0] & TOUCH


@pytest.mark.parametrize("action", [LEFT, RIGHT, LEFT_JUMP, RIGHT_JUMP])
@pytest.mark.parametrize("seat", [0, 1])
def test_net_and_walls_keep_a_slime_on_its_side(game, action, seat):
    batch, state = _one(game, ball_y=BALL_R, wait=0)
    for _ in range(120):
        state["ball_y"] = 5 * CELL
        _tick(batch, *((action, STAY) if seat == 0 else (STAY, action)))
        low = 0 if seat == 0 else NET_X + 128
        assert low + SLIME_R <= state["slime_x"][seat] <= low + NET_X - 128 - SLIME_R


def test_a_slime_jumps_only_from_the_ground(game):
    batch, state = _one(game, wait=100)
    heights = []
    for _ in range(34):
        _tick(batch, JUMP)
        heights.append(GROUND - int(state["slime_y"][0]))
    assert max(heights) > 13 * CELL and heights[-1] == 0 and heights.index(max(heights)) in (15, 16)


@pytest.mark.parametrize(("x", "vx"), [(NET_X - 900, 900), (NET_X + 900, -900)])
def test_no_ball_comes_through_the_net_however_fast(game, x, vx):
    batch, state = _one(game, ball_x=x, ball_y=NET_TOP + 500, ball_vx=vx)
    state["slime_x"][:] = (2000, WIDTH - 2000)
    _tick(batch)
    assert np.sign(state["ball_x"] - NET_X) == -np.sign(vx) == np.sign(state["ball_vx"])


@pytest.mark.parametrize("touched", [0, 1])
@pytest.mark.parametrize("dx", [-1, 0, 1])
def test_no_ball_balances_on_the_net(game, touched, dx):
    batch, state = _one(game, ball_x=NET_X + dx, ball_y=NET_TOP - 2000, touched=touched)
    state["slime_x"][:] = (2000, WIDTH - 2000)
    for _ in range(300):
        _tick(batch)
        if batch.events[0] & POINT:
            break
    loser = touched if dx == 0 else (dx + 1) // 2
    assert state["score"].tolist() == [loser, 1 - loser]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**63),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 30)), max_size=60),
    st.integers(LIGHTEST, HEAVIEST),
)
def test_nothing_leaves_the_court_and_energy_is_bounded(seed, plays, gravity):
    batch = Batch(registry.load(VOLLEY))
    batch.reset(seed)
    state = batch.states[0]
    state["gravity"] = gravity
    for left, right, ticks in plays:
        for _ in range(ticks if batch.running[0] else 0):
            _tick(batch, left, right)
            assert BALL_R <= state["ball_x"] <= WIDTH - BALL_R and BALL_R <= state["ball_y"] <= GROUND - BALL_R
            assert float(state["ball_vx"]) ** 2 + float(state["ball_vy"]) ** 2 <= 2 * HEAVIEST * 48 * CELL
            assert state["ball_y"] < NET_TOP or abs(state["ball_x"] - NET_X) >= NET_REACH
            assert (state["slime_y"] <= GROUND).all() and (state["slime_y"] > GROUND - 14 * CELL).all()
            assert batch.rewards.sum() == 0 and state["score"].max() <= GOAL
            if not batch.running[0]:
                break


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=150))
def test_a_match_reversed_plays_out_reversed(seed, plays):
    """Until a point, after which the serve is drawn afresh."""
    one, other = Batch(registry.load(VOLLEY)), Batch(registry.load(VOLLEY))
    one.reset(seed)
    other.reset(seed)
    _reverse(other.states)
    for left, right in plays:
        one.step(np.array([[left, right]]))
        other.step(np.array([[right, left]]))
        if one.states["score"].any():
            break
        reversed_states = other.states.copy()
        _reverse(reversed_states)
        assert (reversed_states == one.states).all()


def test_both_seats_see_the_same_when_the_court_is_reversed(game):
    """So one policy plays either seat."""
    batch, rng = Batch(game, 64), np.random.default_rng(0)
    batch.reset(3)
    turned = Batch(game, 64)
    turned.reset(3)
    for _ in range(60):
        turned.states[:] = batch.states
        _reverse(turned.states)
        seen = [
            Observer(each, ObsSpec("features", 1), *rows_of(each, seat)).observe()
            for each, seat in ((batch, 1), (turned, 0))
        ]
        np.testing.assert_allclose(*seen, atol=1e-5)
        batch.step(random_actions(batch, rng))
        batch.restart(~batch.running)


def _reverse(states):
    for name in ("ball_x", "slime_x"):
        states[name] = WIDTH - states[name]
    for name in ("ball_vx", "slime_vx"):
        states[name] = -states[name]
    for name in ("slime_x", "slime_y", "slime_vx", "slime_vy", "score"):
        states[name] = states[name][:, ::-1].copy()
    states["touched"] = 1 - states["touched"]


def test_features_foretell_where_the_ball_comes_down(game):
    """Over what the slimes leave alone: walls, net and serve included."""
    batch, rng = Batch(game, 200), np.random.default_rng(0)
    batch.reset(0)
    states = batch.states
    states["ball_vx"], states["wait"] = rng.integers(-300, 300, 200), rng.integers(0, 20, 200)
    states["slime_x"] = SLIME_R, WIDTH - SLIME_R
    names = game.spec.features_of("slime")
    told = Observer(batch, ObsSpec("features", 1), *rows_of(batch, 0)).observe()[:, names.index("landing_x")]
    landed = np.full(200, np.nan)
    for _ in range(90):
        before, points = states["ball_x"].copy(), states["score"].sum(axis=1)
        batch.step(np.zeros((200, 2), np.int32), ticks=1)
        ended = (states["score"].sum(axis=1) > points) & np.isnan(landed) & (states["gravity"] == LIGHTEST)
        landed[ended] = before[ended]
    untouched = ~np.isnan(landed) & (batch.event_counts[:, 0] == 0)
    off = np.abs((told + 1) * NET_X - landed)[untouched]
    assert untouched.sum() > 60 and np.quantile(off, 0.8) < 2 * CELL
