"""Tanks: facts of its rules, fog that hides, players of rising strength, and a need of memory."""

import math

import numpy as np
import pytest
from npckit.agents.match import Match, duel
from npckit.agents.seats import BotAgent, agent_named
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import rows_of
from npckit.games.contract import SPECTATOR
from npckit.games.frame import INK, OTHER
from npckit.games.geometry import clear_line
from npckit.games.observation import Observer, ObsSpec

TANKS = "tanks"
CELL, WIDTH, HEIGHT = 256, 25 * 256, 19 * 256
RADIUS, REACH, NEAR = 177, 213, 3 * CELL
GOAL, RELOAD, NOISE, READY, WRECK = 3, 60, 18, 45, 30
STAY, FORWARD, BACK, LEFT, RIGHT, FIRE = 0, 1, 2, 3, 6, 9
SHOT, RICOCHET, BURST, HIT, READIED, WON = 1, 2, 4, 8, 16, 32


@pytest.fixture(scope="module")
def game():
    return registry.load(TANKS)


def _duel_in_the_open(game, first, second, angles=(0, 128)):
    """A match that has begun, in an arena without inner walls; places are in cells."""
    batch = Batch(game)
    batch.reset(1)
    state = batch.states[0]
    state["wait"] = 0
    state["walls"][1:-1, 1:-1] = 0
    state["heading"] = angles
    for tank, (x, y) in enumerate((first, second)):
        state["x"][tank], state["y"][tank] = int(x * CELL) | 1, int(y * CELL) | 1
    return batch, state


def _step(batch, first, second=STAY, ticks=1):
    batch.step(np.array([[first, second]]), ticks)


def _features(batch, seat):
    names = batch.game.spec.features
    seen = np.asarray(Observer(batch, ObsSpec("features", 1), *rows_of(batch, seat)).observe())
    return dict(zip(names, seen[0].tolist(), strict=True))


# --- players ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stronger", "weaker"), [("easy", "random"), ("normal", "easy"), ("hard", "normal")])
def test_bots_are_of_rising_strength(game, stronger, weaker):
    points, _ = duel(game, agent_named(stronger, game), agent_named(weaker, game), num_games=1000)
    assert points.mean() >= 0.70


def test_the_same_player_without_its_memory_loses(game, forgetful):
    """It sees as much in every moment, and acts on it in the same way."""
    points, _ = duel(game, BotAgent("hard"), forgetful("hard"), num_games=1000)
    assert points.mean() >= 0.65


def test_a_match_is_fair_to_both_seats_and_mostly_ends_with_a_winner(game):
    outcome = Match(game, [agent_named("normal", game)] * 2, num_games=1000).play()
    assert abs(outcome.scores[:, 0].mean()) < 0.2
    assert (outcome.scores[:, 0] != 0).mean() > 0.75


def test_perf_runs_from_an_even_match_to_a_clean_sheet(game):
    assert (game.spec.perf(0), game.spec.perf(GOAL)) == (0.0, 1.0)


# --- driving ------------------------------------------------------------------------------------------------------------


def test_a_tank_drives_where_it_points_and_slower_backwards(game):
    batch, state = _duel_in_the_open(game, (5, 5), (20, 15), (32, 128))
    _step(batch, FORWARD)
    assert state["move_x"][0] == state["move_y"][0] == 16
    _step(batch, BACK)
    assert state["move_x"][0] == state["move_y"][0] == -12


def test_a_tank_turns_the_faster_the_longer_it_turns(game):
    batch, state = _duel_in_the_open(game, (5, 5), (20, 15))
    headings = []
    for _ in range(5):
        _step(batch, RIGHT, ticks=4)
        headings.append(int(state["heading"][0]))
    assert headings == [4, 12, 24, 40, 56]
    _step(batch, LEFT)
    assert state["heading"][0] == 55


def test_a_tank_slides_along_a_wall(game):
    batch, state = _duel_in_the_open(game, (5, 2), (20, 15), (230, 128))
    _step(batch, FORWARD, ticks=60)
    assert state["y"][0] == CELL + RADIUS and state["x"][0] > 8 * CELL


def test_a_tank_slides_around_the_end_of_a_wall(game):
    batch, state = _duel_in_the_open(game, (5, 5), (20, 15))
    state["walls"][6, 8] = 1  # its upper side lies 1 cell below the tank's middle, nearer than the tank reaches
    state["y"][0] = 5.5 * CELL + 1
    _step(batch, FORWARD, ticks=60)
    assert state["x"][0] > 9 * CELL and state["y"][0] < 6 * CELL - RADIUS + 2


def test_tanks_do_not_drive_through_each_other_and_neither_can_hold_the_other(game):
    batch, state = _duel_in_the_open(game, (5, 5), (7, 5), (0, 64))
    _step(batch, FORWARD, ticks=30)
    stopped = int(state["x"][0])
    assert stopped <= 7 * CELL - 2 * RADIUS + 2
    _step(batch, FORWARD, FORWARD, ticks=8)
    assert state["y"][1] > 5 * CELL + 100


# --- shells -------------------------------------------------------------------------------------------------------------


def test_a_shot_hits_and_is_worth_a_point(game):
    batch, state = _duel_in_the_open(game, (5, 5), (12, 5))
    _step(batch, FIRE)
    assert batch.events[0] == SHOT and state["reload"][0] == RELOAD - 1
    _step(batch, STAY, ticks=40)
    assert batch.events[0] & HIT and state["score"].tolist() == [1, 0] and batch.rewards[0].tolist() == [1, -1]
    assert state["wreck"].tolist() == [0, 1] and state["wait"] > READY


def test_a_shell_bounces_once_and_then_bursts(game):
    batch, state = _duel_in_the_open(game, (5, 3), (20, 15), (192 + 20, 128))
    _step(batch, FIRE)
    speed = int(state["shell_vy"][0])
    _step(batch, STAY, ticks=12)
    assert batch.events[0] == RICOCHET and state["shell_vy"][0] == -speed and state["legs"][0] == 1
    while state["legs"][0]:
        _step(batch, STAY)
    assert batch.events[0] & BURST and state["score"].sum() == 0


def test_a_shell_spares_its_own_tank_until_it_has_bounced(game):
    batch, state = _duel_in_the_open(game, (5, 5), (20, 15), (192, 128))
    for _ in range(60):
        _step(batch, FIRE if state["tick"] == 0 else STAY)
        if state["wreck"].any():
            break
    assert state["tick"] > 20 and state["wreck"].tolist() == [1, 0] and batch.rewards[0].tolist() == [-1, 1]


def test_tanks_that_hit_each_other_at_once_both_score(game):
    batch, state = _duel_in_the_open(game, (5, 5), (12, 5))
    state["x"][1] = WIDTH - state["x"][0]
    _step(batch, FIRE, FIRE)
    _step(batch, STAY, ticks=60)
    assert state["score"].tolist() == [1, 1] and not batch.rewards.any()


def test_three_hits_win(game):
    batch, state = _duel_in_the_open(game, (5, 5), (9, 5))
    state["score"] = (2, 1)
    _step(batch, FIRE)
    _step(batch, STAY, ticks=40)
    assert batch.terminated[0] and batch.events[0] & WON and state["score"].tolist() == [3, 1]


def test_after_a_hit_both_wait_and_begin_anew_elsewhere(game):
    batch, state = _duel_in_the_open(game, (5, 5), (9, 5))
    _step(batch, FIRE)
    while state["wait"] == 0:
        _step(batch, STAY)
    before = state["x"].tolist(), state["y"].tolist()
    _step(batch, FORWARD, FORWARD, ticks=WRECK - 1)
    assert (state["x"].tolist(), state["y"].tolist()) == before and state["wreck"][1] == 1
    _step(batch, FORWARD, FORWARD, ticks=1)
    assert (state["x"].tolist(), state["y"].tolist()) != before
    assert state["wait"] == READY and not state["legs"].any() and not state["wreck"].any()
    _step(batch, FORWARD, FORWARD, ticks=READY)
    assert batch.events[0] == READIED


def test_the_mask_forbids_to_fire_while_reloading_and_the_batch_refuses(game):
    batch, _ = _duel_in_the_open(game, (5, 5), (20, 15))
    fire = np.arange(18) >= FIRE
    for decision in range(20):
        mask = batch.masks(*rows_of(batch, 0))[0]
        assert (mask[~fire] == 1).all() and (mask[fire] == (decision in (0, 15))).all()
        if not mask[FIRE]:
            with pytest.raises(UserError, match="not legal"):
                _step(batch, FIRE)
        _step(batch, FIRE if mask[FIRE] else STAY, ticks=4)


def test_the_mask_forbids_to_fire_while_two_own_shells_fly_and_before_a_round(game):
    batch, state = _duel_in_the_open(game, (5, 5), (20, 15))
    state["legs"][:2], state["shell_x"][:2], state["shell_y"][:2] = 2, CELL * 3 + 1, CELL * 3 + 1
    assert not batch.masks(*rows_of(batch, 0))[0][FIRE:].any() and batch.masks(*rows_of(batch, 1))[0].all()
    state["wait"] = 5
    assert not batch.masks(*rows_of(batch, 1))[0][FIRE:].any()


def _is_hidden(state, seat, x, y):
    """Surely: behind a wall, or neither near nor ahead."""
    own_x, own_y = int(state["x"][seat]), int(state["y"][seat])
    aside = math.atan2(y - own_y, x - own_x) - state["heading"][seat] * math.tau / 256
    is_aside = abs((aside + math.pi) % math.tau - math.pi) > math.radians(46)
    if is_aside and math.hypot(x - own_x, y - own_y) > NEAR + 2:
        return True
    return not clear_line(state["walls"], own_x, own_y, x, y)


def _hidden_place(state, seat, rng):
    """Some open place that the seat does not see; None when none was found."""
    for _ in range(20):
        x, y = int(rng.integers(2 * CELL, WIDTH - 2 * CELL)) | 1, int(rng.integers(2 * CELL, HEIGHT - 2 * CELL)) | 1
        if state["walls"][y // CELL, x // CELL] == 0 and _is_hidden(state, seat, x, y):
            return x, y
    return None


def test_a_seat_perceives_nothing_of_what_is_hidden(game, see_through_fog):
    moved = []

    def alter(states, seat, rng):
        other = 1 - seat
        for state in states:
            state["rng"] = rng.integers(2**63)
            state["noise"][other], state["noise_room"][other] = rng.integers(NOISE), rng.integers(48)
            is_hidden = _is_hidden(state, seat, int(state["x"][other]), int(state["y"][other]))
            moved.append(is_hidden)
            if is_hidden:
                _alter_tank(state, seat, other, rng)
            state["reload"][other] = rng.integers(RELOAD)
            for shell in (2 * other, 2 * other + 1):
                _alter_shell(state, seat, shell, rng)

    assert see_through_fog(game, alter) == 1.0
    assert np.mean(moved) > 0.7


def _alter_tank(state, seat, other, rng):
    state["heading"][other], state["spin"][other] = rng.integers(256), rng.integers(-12, 13)
    state["move_x"][other], state["move_y"][other] = rng.integers(-24, 25, 2)
    place = _hidden_place(state, seat, rng)
    if place:
        state["x"][other], state["y"][other] = place


def _alter_shell(state, seat, shell, rng):
    if state["legs"][shell] and not _is_hidden(state, seat, int(state["shell_x"][shell]), int(state["shell_y"][shell])):
        return
    place = _hidden_place(state, seat, rng)
    state["legs"][shell] = rng.integers(3) if place else 0
    if place:
        state["shell_x"][shell], state["shell_y"][shell] = place
        state["shell_vx"][shell], state["shell_vy"][shell] = rng.integers(-72, 73, 2)


@pytest.mark.parametrize(("angle", "x", "seen"), [(0, 20, 1), (28, 20, 1), (38, 20, 0), (128, 20, 0), (128, 7.5, 1)])
def test_a_tank_sees_ahead_and_a_little_way_around(game, angle, x, seen):
    batch, _ = _duel_in_the_open(game, (5, 5), (x, 5), (angle, 0))
    assert _features(batch, 0)["seen"] == seen


def test_a_wall_hides_a_tank_from_a_seat_but_not_from_onlookers(game):
    batch, state = _duel_in_the_open(game, (5, 5), (12, 5))
    assert OTHER in batch.draw(0, 0)[:, INK] and _features(batch, 0)["seen"] == 1
    state["walls"][4:7, 8] = 1
    assert OTHER not in batch.draw(0, 0)[:, INK] and _features(batch, 0)["seen"] == 0
    assert OTHER in batch.draw(0, SPECTATOR)[:, INK]


def test_a_shot_is_heard_from_its_room_for_a_moment(game):
    batch, _ = _duel_in_the_open(game, (5, 5), (20.2, 14.1), (128, 192))
    _step(batch, STAY, FIRE)
    heard = _features(batch, 0)
    assert heard["seen"] == 0 and heard["noise"] == 1.0
    assert [heard["noise_dx"] * 25, heard["noise_dy"] * 25] == pytest.approx([20 - 5, 14 - 5], abs=0.01)
    _step(batch, STAY, ticks=NOISE)
    assert _features(batch, 0)["noise"] == 0.0


def test_what_a_tank_is_told_of_the_other_is_right(game):
    batch, state = _duel_in_the_open(game, (5, 5), (10, 8), (16, 64))
    _step(batch, STAY, FORWARD)
    told = _features(batch, 0)
    dx, dy = ((int(state[axis][1]) - int(state[axis][0])) / CELL for axis in ("x", "y"))
    cos, sin = math.cos(math.tau / 16), math.sin(math.tau / 16)
    assert [told["other_dx"] * 25, told["other_dy"] * 25] == pytest.approx([dx, dy], abs=1e-3)
    assert told["other_ahead"] * 25 == pytest.approx(dx * cos + dy * sin, abs=0.05)
    assert told["other_side"] * 25 == pytest.approx(dy * cos - dx * sin, abs=0.05)
    assert (told["other_cos"], told["other_sin"], told["other_vx"]) == (0.0, 1.0, 0.0) and told["other_vy"] > 0.9
    _step(batch, RIGHT, FORWARD)
    assert told["aim_turn"] * 128 > math.degrees(math.atan2(dy, dx)) * 256 / 360 - 16  # it leads the target


@pytest.mark.parametrize(("angle", "hits", "returns"), [(0, 1, 0), (192, 0, 1), (20, 0, 0)])
def test_a_tank_is_told_where_its_shell_would_go(game, angle, hits, returns):
    batch, _ = _duel_in_the_open(game, (5, 5), (12, 5), (angle, 0))
    told = _features(batch, 0)
    assert (told["shot_hits"], told["shot_returns"]) == (hits, returns)


def test_a_bank_shot_is_told(game):
    """By way of the upper wall, which lies four cells above both."""
    batch, _ = _duel_in_the_open(game, (5, 5), (14.7, 5), (256 - 28, 0))
    assert _features(batch, 0)["shot_hits"] == 1.0


# --- both seats alike ---------------------------------------------------------------------------------------------------


def _turned_half_round(states):
    """The same game seen from the other side, seats and all."""
    turned = states.copy()
    for name in ("score", "x", "y", "move_x", "move_y", "heading", "spin", "reload", "wreck", "noise", "noise_room"):
        turned[name] = states[name][:, ::-1]
    for name in ("shell_x", "shell_y", "shell_vx", "shell_vy", "legs"):
        turned[name] = np.roll(states[name], 2, axis=1)
    for name, size in (("x", WIDTH), ("y", HEIGHT), ("shell_x", WIDTH), ("shell_y", HEIGHT)):
        turned[name] = size - turned[name]
    for name in ("move_x", "move_y", "shell_vx", "shell_vy"):
        turned[name] = -turned[name]
    turned["heading"] = (turned["heading"] + 128) % 256
    turned["noise_room"] = 47 - turned["noise_room"]
    return turned


def test_both_seats_play_and_see_the_same_game_turned_half_round(game):
    """So one policy plays either seat. Compared where both know of the same: new rounds are drawn by lot."""
    levels = ("random", "hard")
    for level in levels:
        match = Match(game, [agent_named(level, game), agent_named(level, game)], num_games=64)
        batch, turned = match.batch, Batch(game, 64)
        for _ in range(150):
            turned.reset(0)
            turned.states[:] = _turned_half_round(batch.states)
            turned.running[:] = batch.running
            _assert_seen_alike(batch, turned)
            match.advance()
            turned.step(match.actions[:, ::-1])
            same = abs(READY - batch.states["wait"]) >= 4
            back = _turned_half_round(turned.states)
            for name in game.state.names:
                np.testing.assert_array_equal(_tidied(back[same])[name], _tidied(batch.states[same])[name], name)
            np.testing.assert_array_equal(turned.rewards, batch.rewards[:, ::-1])


def _tidied(states):
    """Without what shells and noises that are over have left behind."""
    states = states.copy()
    for name in ("shell_x", "shell_y", "shell_vx", "shell_vy"):
        states[name][states["legs"] == 0] = 0
    states["noise_room"][states["noise"] == 0] = 0
    return states


def _assert_seen_alike(batch, turned):
    for kind in ("features", "planes"):
        one, other = (
            np.asarray(Observer(each, ObsSpec(kind, 1), *rows_of(each, seat)).observe())
            for each, seat in ((batch, 1), (turned, 0))
        )
        differs = abs(one - other.astype(np.float32)) > 1e-6
        assert differs.mean() <= (0.0 if kind == "features" else 1e-4)  # a stroke may be rounded to another cell
    np.testing.assert_array_equal(batch.masks(*rows_of(batch, 1)), turned.masks(*rows_of(turned, 0)))
