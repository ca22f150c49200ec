"""People: held keys in field directions, only legal actions, and seats that are taken over and given back."""

import numpy as np
import pygame
import pytest
from npckit.agents.match import Match
from npckit.agents.seats import BotAgent
from npckit.errors import UserError
from npckit.games import registry
from npckit.playback.casting import may_be_taken_over, seat_people
from npckit.playback.keyboard import Bindings, Keyboard, bindings_for
from npckit.playback.person import AWAY_SECONDS

pygame.display.init()
UP, DOWN, W, S, SPACE = pygame.K_UP, pygame.K_DOWN, pygame.K_w, pygame.K_s, pygame.K_SPACE


@pytest.fixture
def keyboard():
    return Keyboard()


def match_of_people(game, seats, keyboard):
    people, _ = seat_people(game, seats, keyboard)
    return Match(game, [people.get(seat) or BotAgent("easy") for seat in range(game.spec.max_seats)])


def paddle(match, seat):
    return int(match.batch.states["paddle_y"][0, seat])


def test_a_held_key_acts_in_every_tick(pong, keyboard):
    match = match_of_people(pong, [0], keyboard)
    start = paddle(match, 0)
    keyboard.press(UP)
    for _ in range(5):
        match.advance(1)
        keyboard.end_tick()
    moved = start - paddle(match, 0)
    keyboard.release(UP)
    match.advance(1)
    assert moved == 5 * 192
    assert start - paddle(match, 0) == moved


def test_a_tap_within_one_tick_counts_for_one_tick(pong, keyboard):
    match = match_of_people(pong, [0], keyboard)
    start = paddle(match, 0)
    keyboard.press(DOWN)
    keyboard.release(DOWN)
    for _ in range(3):
        match.advance(1)
        keyboard.end_tick()
    assert paddle(match, 0) - start == 192


def test_the_newest_of_two_held_keys_wins_and_the_older_comes_back(pong, keyboard):
    bindings = bindings_for(pong.spec, [0])[0]
    keyboard.press(UP)
    keyboard.press(DOWN)
    assert bindings.action(keyboard.held()) == 2
    keyboard.release(DOWN)
    keyboard.end_tick()
    assert bindings.action(keyboard.held()) == 1


def test_of_a_chord_that_is_not_legal_what_is_legal_remains(keyboard):
    """A tank that drives and fires goes on driving while it reloads."""
    match = match_of_people(registry.load("tanks"), [0], keyboard)
    match.batch.states["wait"] = 0
    keyboard.press(UP)
    keyboard.press(SPACE)
    moved = []
    for _ in range(12):
        match.advance(1)
        state = match.batch.states[0]
        moved.append(bool(state["move_x"][0] or state["move_y"][0]))
    assert state["reload"][0] > 0 and all(moved)


def test_one_person_has_arrows_and_wasd_and_two_share_them(pong, keyboard):
    alone = bindings_for(pong.spec, [1])[1]
    left, right = bindings_for(pong.spec, [0, 1]).values()
    assert alone.keys == {UP, DOWN, W, S}
    assert (left.keys, right.keys) == ({W, S}, {UP, DOWN})


def test_two_people_move_their_own_paddles(pong, keyboard):
    match = match_of_people(pong, [0, 1], keyboard)
    start = paddle(match, 0)
    keyboard.press(W)
    keyboard.press(DOWN)
    match.advance(1)
    assert (paddle(match, 0) - start, paddle(match, 1) - start) == (-192, 192)


def test_three_people_do_not_fit_at_one_keyboard(lantern, keyboard):
    with pytest.raises(UserError, match="two people fit"):
        bindings_for(lantern.spec, [0, 1, 2])


def test_keys_mean_field_directions_in_a_mirrored_seat(pong, keyboard):
    """A title that mirrors up and down for the second team: the key still moves the paddle the way it points."""
    from dataclasses import replace

    spec = replace(pong.spec, mirror="xy", mirror_actions=("stay", "down", "up"))
    match = match_of_people(replace(pong, spec=spec), [1], keyboard)
    start = paddle(match, 1)
    keyboard.press(UP)
    match.advance(1)
    assert paddle(match, 1) == start - 192


def test_whatever_keys_are_held_a_person_acts_legally(lantern, keyboard):
    people, bindings = seat_people(lantern, [0, 2], keyboard)
    match = Match(lantern, [people.get(seat) or BotAgent("easy") for seat in range(4)])
    keys, rng = sorted({key for each in bindings.values() for key in each.keys}), np.random.default_rng(0)
    while match.running:
        for key in rng.choice(keys, 2):
            (keyboard.press if rng.random() < 0.5 else keyboard.release)(key)
        match.advance(1)  # the batch refuses what is not legal
        keyboard.end_tick()


def test_a_chord_wins_over_its_parts(keyboard):
    bindings = Bindings({(UP,): 1, (SPACE,): 2, (UP, SPACE): 3})
    for key in (SPACE, UP):
        keyboard.press(key)
    assert bindings.action(keyboard.held()) == 3


def test_a_title_without_an_idle_action_keeps_its_course(pong, keyboard):
    from dataclasses import replace

    game = replace(pong, spec=replace(pong.spec, keys={"stay": "left", "up": "up", "down": "down"}))
    match = match_of_people(game, [0], keyboard)
    start = paddle(match, 0)
    keyboard.press(DOWN)
    match.advance(1)
    keyboard.release_all()
    match.advance(1)
    assert paddle(match, 0) - start == 2 * 192


def test_a_key_that_pygame_does_not_know_is_named(pong):
    from dataclasses import replace

    with pytest.raises(UserError, match="names a key 'banana'"):
        bindings_for(replace(pong.spec, keys={"up": "banana"}), [0])


def test_a_title_without_keys_says_so(pong):
    from dataclasses import replace

    with pytest.raises(UserError, match="names no keys"):
        bindings_for(replace(pong.spec, keys={}), [0])


def test_a_movement_key_takes_a_seat_over_and_the_agent_comes_back(pong, keyboard):
    agents, _ = may_be_taken_over(pong, [BotAgent("hard"), BotAgent("easy")], keyboard)
    match = Match(pong, agents, seed=3)
    match.advance(1)
    assert [agent.name for agent in agents] == ["hard", "easy"]
    keyboard.press(W)
    for _ in range(60):
        match.advance(1)
    assert [agent.name for agent in agents] == ["Left", "easy"]
    assert paddle(match, 0) == 4 * 256  # at the top
    keyboard.release_all()
    for _ in range(round(AWAY_SECONDS * 60)):
        match.advance(1)
    assert agents[0].name == "hard"


def test_an_agent_whom_nobody_disturbs_plays_as_if_alone(pong, keyboard):
    alone = Match(pong, [BotAgent("hard"), BotAgent("normal")], seed=5)
    watched = Match(pong, may_be_taken_over(pong, [BotAgent("hard"), BotAgent("normal")], keyboard)[0], seed=5)
    alone.play()
    watched.play()
    assert alone.batch.hash() == watched.batch.hash()
