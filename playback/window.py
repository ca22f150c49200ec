"""The window: one object that owns a pygame window and the event queue. Nothing here calls `pygame.quit()`.

`pygame.Window` is used rather than `pygame.display.set_mode`, so that a window can come and go inside a program that has one
of its own.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from numpy.typing import NDArray

from ..errors import UserError
from ..games.contract import Game
from .keyboard import Keyboard
from .painter import Painter, fit
from .palette import colours
from .pg import pygame

_HEADLESS = ("offscreen", "dummy", "evdev")  # SDL's drivers that show nothing
SMALLEST = 160, 120  # pixels of a window
USUAL_WIDTH = 960  # pixels of a field


def open_display(instead: str) -> None:
    """Starts pygame's video. UserError: there is no display; `instead` says what to do, as an imperative."""
    asked = os.environ.get("SDL_VIDEODRIVER")
    sentence = f"no display here; {instead}"
    if (
        sys.platform.startswith("linux")
        and not asked
        and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    ):
        raise UserError(sentence)
    if pygame.display.get_init():
        return
    try:
        pygame.display.init()
    except pygame.error:
        raise UserError(sentence) from None
    if not asked and pygame.display.get_driver() in _HEADLESS:
        pygame.display.quit()
        raise UserError(sentence)


def usual_size(game: Game, scale: float = 0.0) -> tuple[int, int]:
    """Width and height in pixels of a picture of a title; `scale` is in pixels for each field cell, 0 for the usual."""
    width, height = game.spec.field
    if scale == 0.0:
        scale = min(USUAL_WIDTH / width, 0.75 * USUAL_WIDTH / height)
    if not 0 < scale * max(width, height) <= 7680 or scale * min(width, height) < 32:
        raise UserError(
            f"a scale of {scale:g} makes a field of {scale * width:g} x {scale * height:g} pixels; use 32 to 7680 pixels."
        )
    return round(scale * width) + 24, round(scale * height) + 72


class Window:
    """A resizable window. `poll` must be called in every frame; `keyboard` then holds the keys that are down."""

    def __init__(self, title: str, size: tuple[int, int], keyboard: Keyboard | None = None) -> None:
        """After `open_display`. Larger than the desktop, it is made to fit."""
        self.keyboard = keyboard or Keyboard()
        desktop = pygame.display.get_desktop_sizes()[0]
        shrink = min(1.0, 0.9 * desktop[0] / size[0], 0.9 * desktop[1] / size[1])
        self._window = pygame.Window(title, (round(size[0] * shrink), round(size[1] * shrink)), resizable=True)
        self._window.minimum_size = SMALLEST
        self.is_open, self._is_full = True, False

    @property
    def surface(self) -> pygame.Surface:
        """To be drawn on, anew in every frame: it changes with the window's size."""
        return self._window.get_surface()

    def poll(self) -> list[pygame.event.Event]:
        """Takes all events; keys and closing are dealt with, and all are returned."""
        events = pygame.event.get()
        for event in events:
            if event.type == pygame.KEYDOWN:
                self.keyboard.press(event.key)
            elif event.type == pygame.KEYUP:
                self.keyboard.release(event.key)
            elif event.type == pygame.WINDOWFOCUSLOST:
                self.keyboard.release_all()
            elif event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
                self.is_open = False
        return events

    def flip(self) -> None:
        self._window.flip()

    def toggle_full(self) -> None:
        self._is_full = not self._is_full
        if self._is_full:
            self._window.set_fullscreen(desktop=True)
        else:
            self._window.set_windowed()

    def close(self) -> None:
        self.is_open = False
        self._window.destroy()


class Screen:
    """A plain window for an environment's `render_mode="human"`: opens at the first `show`, keeps the title's pace.

    Somebody who closes it is left alone: later pictures are dropped, and the program goes on.
    """

    def __init__(self, game: Game, title: str) -> None:
        self._game, self._title = game, title
        self._painter = Painter(game.spec, colours())
        self._clock = pygame.time.Clock()
        self._window: pygame.Window | None = None
        self._was_closed = False

    def show(self, shapes: NDArray[Any], caption: str = "") -> None:
        """Shows a display list (n, 8), once for each decision. UserError: there is no display."""
        if self._was_closed:
            return
        if self._window is None:
            open_display('use render_mode="rgb_array" instead, or `npckit record`.')
            self._window = pygame.Window(self._title, usual_size(self._game), resizable=True)
        self._window.title = f"{self._title}: {caption}" if caption else self._title
        surface = self._window.get_surface()
        surface.fill(self._painter.palette.backdrop)
        self._painter.paint(surface, shapes, fit(self._game.spec.field, surface.get_rect()))
        self._window.flip()
        self._listen()
        self._clock.tick(self._game.spec.tick_rate / self._game.spec.decision_ticks)

    def _listen(self) -> None:
        """Only closing matters here; other events stay for whoever else has a window in this program."""
        closing = pygame.event.get((pygame.QUIT, pygame.WINDOWCLOSE))
        if pygame.display.get_surface() is None:
            pygame.event.clear()
        for event in closing:
            if event.type == pygame.QUIT or getattr(event, "window", None) is self._window:
                self._was_closed = True
        if self._was_closed:
            self.close()

    def close(self) -> None:
        """Takes the window away; a later `show` opens it again unless a person closed it."""
        if self._window is not None:
            self._window.destroy()
            self._window = None
