"""Plays the sounds of events. Where there is no sound device it stays silent, and the game goes on."""

from __future__ import annotations

import time

import numpy as np

from ..games.contract import Spec
from .effects import Effect, effects_of
from .pg import pygame
from .synth import RATE, Tone, samples

REST = 0.05  # seconds before the same sound may come again
WIDTH = 0.6  # how far sounds are spread between left and right: 0 not at all, 1 wholly


class Speaker:
    """The voice of one title."""

    def __init__(self, spec: Spec, *, is_muted: bool = False) -> None:
        self.is_muted = is_muted
        self._effects = effects_of(spec)
        self._sounds: dict[Tone, pygame.mixer.Sound] = {}
        self._last: dict[Tone, float] = {}
        self.has_device = _open_mixer()

    def toggle(self) -> None:
        self.is_muted = not self.is_muted

    def hear(self, events: int, side: float = 0.0) -> None:
        """Sounds the events of a tick, given as bits; `side` is where it happened, -1 left to 1 right."""
        if self.is_muted or not self.has_device:
            return
        for bit, effect in enumerate(self._effects):
            if events >> bit & 1:
                self._play(effect, side)

    def _play(self, effect: Effect, side: float) -> None:
        tone, now = effect.tone, time.monotonic()
        if now - self._last.get(tone, -REST) < REST:
            return
        self._last[tone] = now
        if tone not in self._sounds:
            mono = (samples(tone) * 32767).astype(np.int16)
            self._sounds[tone] = pygame.mixer.Sound(buffer=np.repeat(mono, 2).tobytes())
        channel = self._sounds[tone].play()
        if channel is not None:  # all channels are busy
            channel.set_volume(1 - WIDTH * max(side, 0.0), 1 + WIDTH * min(side, 0.0))


def _open_mixer() -> bool:
    """Whether sounds can be played; a mixer that somebody else has opened is left as it is."""
    if not pygame.mixer.get_init():
        try:
            pygame.mixer.init(RATE, -16, 2, 512)
        except pygame.error:
            return False
    return pygame.mixer.get_init() == (RATE, -16, 2)
