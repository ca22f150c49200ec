"""Words over the field: a banner in its middle, and the title screen that covers it."""

from __future__ import annotations

from dataclasses import dataclass

from .palette import RGB, Palette
from .pg import pygame
from .text import wrapped, write


@dataclass(frozen=True)
class Banner:
    """A headline, and lines below it; `colour` of the headline, the text's when None."""

    title: str
    lines: tuple[str, ...] = ()
    colour: RGB | None = None


@dataclass(frozen=True)
class TitleScreen:
    """What one sees before a match: the title, what it is, how it goes, who plays with which keys, and how to begin."""

    name: str
    summary: str
    rules: str
    controls: tuple[str, ...]
    begin: str
    colour: RGB


def draw_banner(surface: pygame.Surface, field: pygame.Rect, banner: Banner, palette: Palette) -> None:
    """On a veil, so that the field behind stays visible and the words stay legible."""
    unit = min(field.width / 14, field.height / 8)
    height = unit * (2.2 + 0.85 * len(banner.lines))
    top, room = field.centery - height / 2, field.width * 0.92
    _veil(surface, pygame.Rect(field.left, round(top), field.width, round(height)), palette, 238)
    at = field.centerx, top + unit * 1.1
    write(surface, banner.title, unit * 1.5, banner.colour or palette.text, at, side="center", room=room)
    for i, line in enumerate(banner.lines):
        at = field.centerx, top + unit * (2.15 + 0.85 * i)
        write(surface, line, unit * 0.72, palette.faint, at, side="center", room=room)


Line = tuple[str, float, RGB, float]  # text, its size, its colour, and how far below the line before it stands


def draw_title(surface: pygame.Surface, field: pygame.Rect, screen: TitleScreen, palette: Palette) -> None:
    """Over the whole field, which shines through; small enough to fit."""
    unit, room = min(field.width / 17, field.height / 12), field.width * 0.86
    _veil(surface, field, palette, 218)
    lines = _title_lines(screen, unit, room, palette)
    while _height(lines) > field.height * 0.94 and unit > 4:
        unit *= 0.95
        lines = _title_lines(screen, unit, room, palette)
    y = field.centery - _height(lines) / 2
    for text, size, colour, below in lines:
        y += below
        write(surface, text, size, colour, (field.centerx, y - size / 2), side="center", room=room)


def _title_lines(screen: TitleScreen, unit: float, room: float, palette: Palette) -> list[Line]:
    small, usual = unit * 0.62, unit * 0.72
    width = min(room, unit * 17)
    rules = wrapped(screen.rules, small, width) if screen.rules else []
    controls = [line for words in screen.controls for line in wrapped(words, usual, width)]
    return [
        (screen.name, unit * 2.2, screen.colour, unit * 2.0),
        (screen.summary, unit * 0.85, palette.text, unit * 1.4),
        *[(line, small, palette.faint, unit * (1.1 if i == 0 else 0.66)) for i, line in enumerate(rules)],
        *[(line, usual, palette.text, unit * (1.35 if i == 0 else 0.8)) for i, line in enumerate(controls)],
        (screen.begin, usual, screen.colour, unit * 1.5),
    ]


def _height(lines: list[Line]) -> float:
    return sum(below for *_, below in lines)


def _veil(surface: pygame.Surface, box: pygame.Rect, palette: Palette, opacity: int) -> None:
    veil = pygame.Surface(box.size, pygame.SRCALPHA, 32)
    veil.fill((*palette.backdrop, opacity))
    surface.blit(veil, box)
