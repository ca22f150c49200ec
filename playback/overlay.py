"""Draws what an agent sees: features as bars, planes as coloured grids, pixels as a picture, and its action."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..games.frame import INKS
from .palette import RGB, Palette, blend
from .pg import pygame
from .sight import Sight
from .text import write

OLDER = 0.35  # brightness of the frames of a stack before the newest


def draw_overlay(surface: pygame.Surface, box: pygame.Rect, sight: Sight, heading: str, palette: Palette) -> None:
    """Fills a box with the view of one seat."""
    unit = max(11.0, min(box.width / 17, box.height / 30))
    pygame.draw.rect(surface, palette.field, box, border_radius=round(unit / 2))
    room = box.inflate(-2 * unit, -2 * unit)
    surface.set_clip(box)
    write(surface, heading, unit * 1.5, palette.text, (room.left, room.top + unit * 0.6), room=room.width)
    write(surface, _about(sight), unit * 1.1, palette.faint, (room.left, room.top + unit * 2.1), room=room.width)
    below = round(_pitch(sight, unit) * len(sight.actions) + unit * 0.7)
    _actions(surface, pygame.Rect(room.left, room.bottom - below, room.width, below), sight, unit, palette)
    middle = pygame.Rect(room.left, room.top + round(unit * 3.4), room.width, room.height - below - round(unit * 3.9))
    share = middle.height // max(1, len(sight.parts))
    for i, (part, value) in enumerate(sight.parts.items()):
        place = pygame.Rect(middle.left, middle.top + i * share, middle.width, share)
        _PARTS[part](surface, place, value, sight, unit, palette)
    surface.set_clip(None)


def _about(sight: Sight) -> str:
    spec = sight.match.game.spec
    stack = f" x {sight.spec.stack}" if sight.spec.stack > 1 else ""
    turned = ", mirrored" if spec.is_mirrored(sight.seat) else ""
    period = sight.agent.period(sight.match.game)
    return f"{sight.spec.kind}{stack}, every {f'{period} ticks' if period > 1 else 'tick'}{turned}"


def _pitch(sight: Sight, unit: float) -> float:
    """From one action's row to the next; many actions stand closer."""
    return unit * min(1.7, 15 / len(sight.actions))


def _actions(surface: pygame.Surface, box: pygame.Rect, sight: Sight, unit: float, palette: Palette) -> None:
    """One row for each action: the one in force is marked, and bars show what the policy prefers, if it says so."""
    pygame.draw.line(surface, palette.edge, box.topleft, box.topright)
    preferences, pitch = sight.preferences(), _pitch(sight, unit)
    top, unit = box.top + unit * 0.65, pitch / 1.7
    for i, name in enumerate(sight.actions):
        y = top + pitch * (i + 0.5)
        chosen = i == sight.action
        colour = palette.inks[1] if chosen else palette.faint
        bar = pygame.Rect(box.left + box.width * 0.42, y - unit * 0.45, box.width * 0.42, unit * 0.9)
        if chosen:
            pygame.draw.aacircle(surface, colour, (box.left + unit * 0.4, y), unit * 0.3)
        write(
            surface,
            name,
            unit * 1.25,
            colour if chosen else palette.text,
            (box.left + unit * 1.2, y),
            room=bar.left - box.left - unit * 1.6,
        )
        if preferences is not None:
            pygame.draw.rect(surface, palette.backdrop, bar, border_radius=round(unit / 4))
            pygame.draw.rect(
                surface,
                colour,
                (*bar.topleft, bar.width * float(preferences[i]), bar.height),
                border_radius=round(unit / 4),
            )
            write(surface, f"{preferences[i]:.0%}", unit * 1.15, colour, (box.right, y), side="right")


def _features(
    surface: pygame.Surface, box: pygame.Rect, value: NDArray[Any], sight: Sight, unit: float, palette: Palette
) -> None:
    """A bar for each feature, from its middle (0) to -1 on the left or 1 on the right; of very many, tiles for the last."""
    spec = sight.match.game.spec
    names = spec.features_of(spec.roles[sight.seat])
    newest = value[-len(names) :]
    most = max(4, int(box.height / (unit * 1.05)))
    named = len(names) if len(names) <= most else max(4, round(most * 0.7))
    tiled = round(box.height * 0.3) if named < len(names) else 0
    step = min(unit * 2.0, (box.height - tiled) / named)
    _bars(surface, box, names[:named], newest, step, unit, palette)
    if tiled:
        room = pygame.Rect(box.left, box.bottom - tiled, box.width, tiled)
        _tiles(surface, room, newest[named:], f"{len(names) - named} more, from {names[named]}", unit, palette)


def _bars(
    surface: pygame.Surface,
    box: pygame.Rect,
    names: tuple[str, ...],
    numbers: NDArray[Any],
    step: float,
    unit: float,
    palette: Palette,
) -> None:
    bar = pygame.Rect(box.left + box.width * 0.42, 0, box.width * 0.42, max(2, step * 0.4))
    for i, (name, number) in enumerate(zip(names, numbers, strict=False)):
        y = box.top + step * (i + 0.5)
        bar.centery = round(y)
        pygame.draw.rect(surface, palette.backdrop, bar, border_radius=bar.height // 2)
        reach = float(np.clip(number, -1, 1)) * bar.width / 2
        lit = pygame.Rect(bar.centerx + min(reach, 0), bar.top, max(2, abs(reach)), bar.height)
        pygame.draw.rect(surface, palette.inks[4 if number >= 0 else 3], lit, border_radius=bar.height // 4)
        write(surface, name, min(unit * 1.25, step), palette.text, (box.left, y), room=bar.left - box.left - unit / 2)
        write(surface, f"{number:+.2f}", min(unit * 1.15, step), palette.faint, (box.right, y), side="right")


def _tiles(
    surface: pygame.Surface, box: pygame.Rect, numbers: NDArray[Any], words: str, unit: float, palette: Palette
) -> None:
    """A tile for each number, the brighter the farther from 0, row by row."""
    write(surface, words, unit * 1.1, palette.faint, (box.left, box.top + unit * 0.7), room=box.width)
    room = pygame.Rect(box.left, box.top + unit * 1.5, box.width, max(2, box.height - unit * 2))
    columns = max(1, round((len(numbers) * room.width / room.height) ** 0.5))
    side = min(room.width / columns, room.height / -(-len(numbers) // columns))
    for i, number in enumerate(numbers):
        tile = pygame.Rect(
            room.left + i % columns * side, room.top + i // columns * side, max(1, side - 1), max(1, side - 1)
        )
        colour = palette.inks[4 if number >= 0 else 3]
        pygame.draw.rect(surface, blend(palette.backdrop, colour, min(1.0, abs(float(number)))), tile)


def _planes(
    surface: pygame.Surface, box: pygame.Rect, value: NDArray[Any], sight: Sight, unit: float, palette: Palette
) -> None:
    """A grid for each plane in the colour of its ink; the older frames of a stack shine through, dimmer."""
    names = sight.match.game.spec.planes
    frames = value.reshape(-1, len(names), *value.shape[1:])
    columns, cell = _layout(box, len(names), value.shape[2] / value.shape[1], unit)
    for i, name in enumerate(names):
        place = pygame.Rect(
            box.left + i % columns * cell[0], box.top + i // columns * cell[1], cell[0] - unit * 0.6, cell[1]
        )
        colour = palette.inks[1 + INKS.index(name)]
        image = _grid(frames[:, i], colour, palette.backdrop)
        write(surface, name, unit * 1.15, colour, (place.left, place.top + unit * 0.7), room=place.width)
        _picture(
            surface,
            image,
            pygame.Rect(place.left, place.top + unit * 1.5, place.width, place.height - unit * 2),
            palette,
        )


def _pixels(
    surface: pygame.Surface, box: pygame.Rect, value: NDArray[Any], sight: Sight, unit: float, palette: Palette
) -> None:
    """The newest frame large, the older ones of the stack in a row below, oldest first."""
    older = value[:-1]
    strip = round(min(box.height * 0.25, box.width / max(1, len(older)))) if len(older) else 0
    _picture(surface, _grey(value[-1]), pygame.Rect(box.left, box.top, box.width, box.height - strip - unit), palette)
    for i, frame in enumerate(older):
        place = pygame.Rect(
            box.left + i * (box.width // len(older)), box.bottom - strip, box.width // len(older) - unit // 2, strip
        )
        _picture(surface, _grey(frame), place, palette)


_PARTS = {"features": _features, "planes": _planes, "pixels": _pixels}


def _layout(box: pygame.Rect, count: int, aspect: float, unit: float) -> tuple[int, tuple[int, int]]:
    """Columns, and the width and height of a cell, that show `count` pictures of an aspect as large as they can be."""

    def cell(columns: int) -> tuple[int, int]:
        width = box.width // columns
        rows = -(-count // columns)
        return width, round(min(width / aspect + 2.4 * unit, box.height / rows))

    def picture_height(columns: int) -> float:
        width, height = cell(columns)
        return min(height - 2 * unit, (width - 0.6 * unit) / aspect)

    best = max(range(1, count + 1), key=picture_height)
    return best, cell(best)


def _grid(frames: NDArray[np.uint8], colour: RGB, dark: RGB) -> pygame.Surface:
    """(stack, h, w) of 0 and 1 as one coloured picture."""
    shades = np.array([dark, blend(dark, colour, OLDER), colour], np.uint8)
    level = np.where(frames[-1] > 0, 2, frames.any(axis=0))
    return _surface(shades[level.astype(int)])


def _grey(frame: NDArray[np.uint8]) -> pygame.Surface:
    return _surface(np.repeat(frame[:, :, None], 3, axis=2))


def _surface(rgb: NDArray[np.uint8]) -> pygame.Surface:
    """(h, w, 3) uint8 as a surface."""
    return pygame.image.frombytes(np.ascontiguousarray(rgb).tobytes(), (rgb.shape[1], rgb.shape[0]), "RGB")


def _picture(surface: pygame.Surface, image: pygame.Surface, box: pygame.Rect, palette: Palette) -> None:
    """An image blown up in hard squares, at the top left of a box, with a thin frame."""
    scale = min(box.width / image.get_width(), box.height / image.get_height())
    if scale <= 0:
        return
    size = max(1, round(image.get_width() * scale)), max(1, round(image.get_height() * scale))
    surface.blit(pygame.transform.scale(image, size), box.topleft)
    pygame.draw.rect(surface, palette.edge, (*box.topleft, *size), 1)
