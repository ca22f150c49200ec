"""Gamepads press the keys of a seat; events stand in for pads."""

import pygame
import pytest
from npckit.playback.gamepad import Gamepads
from npckit.playback.keyboard import Keyboard, bindings_for


@pytest.fixture
def keyboard():
    return Keyboard()


@pytest.fixture
def pads(keyboard):
    first = {"left": pygame.K_a, "right": pygame.K_d, "up": pygame.K_w, "down": pygame.K_s, "fire": pygame.K_LSHIFT}
    second = {"left": pygame.K_LEFT, "right": pygame.K_RIGHT, "fire": pygame.K_SPACE}
    return Gamepads(keyboard, [first, second])


def axis(value, pad=0, which=0):
    return pygame.event.Event(pygame.JOYAXISMOTION, instance_id=pad, axis=which, value=value)


def button(kind, number, pad=0):
    return pygame.event.Event(kind, instance_id=pad, button=number)


def down(keyboard):
    keyboard.end_tick()
    return set(keyboard.held())


def test_the_stick_steers_and_lets_go(pads, keyboard):
    pads.hear(axis(-0.9))
    assert down(keyboard) == {pygame.K_a}
    pads.hear(axis(-0.3))
    assert down(keyboard) == set()
    pads.hear(axis(0.8))
    pads.hear(axis(0.7, which=1))
    assert down(keyboard) == {pygame.K_d, pygame.K_s}


def test_the_cross_steers_too_and_both_must_let_go(pads, keyboard):
    pads.hear(pygame.event.Event(pygame.JOYHATMOTION, instance_id=0, hat=0, value=(1, 1)))
    pads.hear(axis(0.9))
    assert down(keyboard) == {pygame.K_d, pygame.K_w}
    pads.hear(pygame.event.Event(pygame.JOYHATMOTION, instance_id=0, hat=0, value=(0, 0)))
    assert down(keyboard) == {pygame.K_d}
    pads.hear(axis(0.0))
    assert down(keyboard) == set()


def test_any_front_button_fires_and_start_pauses(pads, keyboard):
    assert pads.hear(button(pygame.JOYBUTTONDOWN, 2)) == pygame.K_LSHIFT
    assert down(keyboard) == {pygame.K_LSHIFT}
    pads.hear(button(pygame.JOYBUTTONUP, 2))
    assert down(keyboard) == set()
    assert pads.hear(button(pygame.JOYBUTTONDOWN, 7)) == pygame.K_p


def test_the_second_pad_plays_for_the_second_person(pads, keyboard):
    pads._pads = {0: None, 4: None}
    pads.hear(axis(0.9, pad=4))
    pads.hear(axis(0.9, pad=4, which=1))  # which has no key in this seat
    assert down(keyboard) == {pygame.K_RIGHT}


def test_a_pad_that_is_unplugged_lets_go(pads, keyboard):
    pads.hear(axis(0.9))
    pads.hear(pygame.event.Event(pygame.JOYDEVICEREMOVED, instance_id=0))
    assert down(keyboard) == set()


def test_every_title_can_be_played_with_a_pad(title):
    """What its keys can do, a pad can: steering by the arrows, one button for the rest."""
    spec = title.spec
    bindings = bindings_for(spec, [0])[0]
    actions = {action for chord, action in bindings.chords.items() if set(chord) <= {*bindings.pad.values()}}
    assert actions == set(bindings.chords.values())
