"""Words on a surface: one font, its sizes kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from .palette import RGB
from .pg import pygame

Side = Literal["left", "center", "right"]
SMALLEST = 8  # pixels high: smaller cannot be read
FINE = 3  # words are rendered larger and scaled down, which spaces small letters evenly


@lru_cache(maxsize=64)
def _font(size: int) -> pygame.font.Font:
    if not pygame.font.get_init():
        pygame.font.init()
    return pygame.font.Font(None, size)


@lru_cache(maxsize=1024)
def _image(text: str, size: int, colour: RGB) -> pygame.Surface:
    large = _font(FINE * size).render(text, True, colour)
    return pygame.transform.smoothscale(large, (-(-large.get_width() // FINE), -(-large.get_height() // FINE)))


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines of at most so many pixels, broken between words."""
    font, lines = _font(FINE * max(SMALLEST, round(size))), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.size(longer)[0] > FINE * width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def write(
    surface: pygame.Surface,
    text: str,
    size: float,
    colour: RGB,
    at: tuple[float, float],
    *,
    side: Side = "left",
    room: float = 0,
) -> int:
    """Writes one line, its middle height at `at`, shrunk to a width of `room` pixels where given; returns its width."""
    height = max(SMALLEST, round(size))
    image = _image(text, height, colour)
    if room and image.get_width() > room:
        image = _image(text, max(SMALLEST, int(height * room / image.get_width())), colour)
    box = image.get_rect()
    box.centery = round(at[1])
    setattr(box, {"left": "left", "center": "centerx", "right": "right"}[side], round(at[0]))
    surface.blit(image, box)
    return box.width
