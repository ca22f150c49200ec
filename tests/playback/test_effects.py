"""What events sound and look like: sounds made of numbers, sparks and shake where things happened."""

import numpy as np
import pygame
import pytest
from npckit.errors import UserError
from npckit.games.contract import CELL
from npckit.games.frame import BALL, DISC, HUD, INK, RECT, SELF, X, Y
from npckit.playback import speaker
from npckit.playback.effects import CATALOGUE, effects_of
from npckit.playback.feel import LIFE, MOST, Feel
from npckit.playback.palette import colours
from npckit.playback.speaker import Speaker
from npckit.playback.stage import Stage
from npckit.playback.synth import RATE, samples


@pytest.mark.parametrize("name", CATALOGUE)
def test_sounds_are_short_within_range_and_without_clicks(name):
    tone = CATALOGUE[name].tone
    wave = samples(tone)
    assert wave.dtype == np.float32
    assert abs(len(wave) / RATE - tone.seconds) < 0.01
    assert tone.seconds <= 1.0
    assert np.isclose(np.abs(wave).max(), tone.loud)
    assert tone.loud <= 1.0
    assert abs(wave[0]) < 0.01
    assert abs(wave[-1]) < 0.01
    assert np.array_equal(wave, samples(tone))


def test_no_two_effects_sound_the_same():
    waves = [samples(effect.tone).tobytes() for effect in CATALOGUE.values()]
    assert len(set(waves)) == len(waves)


def test_every_title_chooses_effects_that_exist(title):
    assert len(effects_of(title.spec)) == len(title.spec.events)


def test_an_effect_that_does_not_exist_is_named(plain_spec):
    from dataclasses import replace

    with pytest.raises(UserError, match="'boing' that is not one of tick, step"):
        effects_of(replace(plain_spec, events=("hop",), effects={"hop": "boing"}))
    with pytest.raises(UserError, match="gives an effect to 'hip'; its events are hop"):
        effects_of(replace(plain_spec, events=("hop",), effects={"hip": "jump"}))


@pytest.fixture
def feel(plain_spec):
    from dataclasses import replace

    return Feel(replace(plain_spec, events=("knock", "boom", "shot")))


def _list(*rows):
    return np.array(rows).reshape(-1, 8)


def test_sparks_fly_off_what_has_gone(feel, shape):
    ball, wall = shape(DISC, BALL, 10, 10, 1, 1, tag=1), shape(RECT, SELF, 0, 0, 1, 20, tag=2)
    place = feel.look(_list(ball, wall), _list(wall), 0b010)
    assert place == (10 * CELL, 10 * CELL)
    rows = feel.rows()
    assert len(rows) == CATALOGUE["boom"].sparks
    assert (rows[:, INK] == BALL).all()
    assert np.allclose(rows[:, X : Y + 1], 10 * CELL)


def test_sparks_fly_off_what_has_turned(feel, shape):
    def at(x):
        return _list(shape(DISC, BALL, x, 5, 1, 1, tag=1), shape(RECT, SELF, 0, 0, 1, 20, tag=2))

    assert feel.look(at(4), at(3), 0) is None
    assert feel.look(at(3), at(4), 0b001) == (4 * CELL, 5 * CELL)
    assert (feel.rows()[:, INK] == BALL).all()


def test_sparks_fly_off_what_has_appeared(feel, shape):
    wall, shell = shape(RECT, SELF, 0, 0, 1, 20, tag=2), shape(DISC, BALL, 7, 7, 1, 1, tag=3)
    assert feel.look(_list(wall), _list(wall, shell), 0b100) == (7 * CELL, 7 * CELL)


def test_nothing_flies_without_an_event_or_off_the_hud(feel, shape):
    ball, points = shape(DISC, BALL, 10, 10, 1, 1, tag=1), shape(DISC, HUD, 3, 3, 1, 1, tag=4)
    assert feel.look(_list(ball), _list(points), 0) is None
    assert feel.look(_list(points), _list(ball), 0b010) is None
    assert len(feel.rows()) == 0


def test_sparks_and_shake_pass(feel, shape):
    ball, nothing = _list(shape(DISC, BALL, 10, 10, 1, 1, tag=1)), _list()
    feel.look(ball, nothing, 0b010)
    feel.pass_time(0.01)
    assert max(map(abs, feel.shift())) > 0.1
    for _ in range(20):
        feel.look(ball, nothing, 0b010)
        assert len(feel.rows()) <= MOST
    for _ in range(200):
        feel.pass_time(LIFE / 20)
    assert len(feel.rows()) == 0
    assert max(map(abs, feel.shift())) < 0.001


def test_without_effects_the_picture_is_that_of_the_display_list(session):
    """What the rasteriser is compared with has no sparks in it."""
    played = session("hard", "hard", seed=3)
    quiet, loud = Stage(played, colours()), Stage(played, colours(), effects=True)
    one, other = pygame.Surface((320, 240)), pygame.Surface((320, 240))
    differed = False
    for _ in range(400):
        played.tick()
        quiet.look()
        loud.look()
        loud.pass_time(1 / 60)
        if played.events:
            loud.pass_time(0.02)
            quiet.draw(one)
            loud.draw(other)
            differed |= pygame.image.tobytes(one, "RGB") != pygame.image.tobytes(other, "RGB")
    assert differed


@pytest.fixture
def played(monkeypatch):
    """The sounds that a speaker plays, as lengths in samples."""
    heard = []

    class Sound:
        def __init__(self, buffer):
            self.length = len(buffer) // 4

        def play(self):
            heard.append(self.length)

    monkeypatch.setattr(pygame.mixer, "Sound", Sound)
    monkeypatch.setattr(speaker, "_open_mixer", lambda: True)
    return heard


def test_events_are_heard_unless_muted(pong, played):
    voice = Speaker(pong.spec)
    voice.hear(0)
    assert played == []
    voice.hear(0b001)
    voice.hear(0b010)
    voice.toggle()
    voice.hear(0b100)
    assert played == [len(samples(CATALOGUE[name].tone)) for name in ("knock", "bounce")]


def test_the_same_sound_does_not_stutter(pong, played):
    voice = Speaker(pong.spec)
    for _ in range(10):
        voice.hear(0b001)
    assert len(played) == 1


def test_without_a_sound_device_the_game_goes_on_in_silence(pong, monkeypatch):
    def refuse(*settings):
        raise pygame.error("no device")

    monkeypatch.setattr(pygame.mixer, "get_init", lambda: None)
    monkeypatch.setattr(pygame.mixer, "init", refuse)
    voice = Speaker(pong.spec)
    assert not voice.has_device
    voice.hear(0b111)
