"""A sheet of pictures, one for each title, in the middle of a real match between its strongest players."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..games.contract import Game
from .casting import cast
from .feel import Feel
from .painter import Painter, fit
from .palette import Palette
from .pg import pygame
from .session import Session
from .text import write

COLUMNS, TILE, GAP = 4, (340, 300), 14  # a tile holds a field and, below it, a line
CAPTION = 40  # pixels high
MOMENT = 0.45  # of a match, where its picture is taken: at the next event from there on
PATIENCE = 600  # ticks to wait for an event
AFTER = 0.06  # seconds from the event to the picture, in which sparks spread


def draw_sheet(games: Sequence[Game], palette: Palette, seed: int) -> pygame.Surface:
    """Rows of tiles, a title in each."""
    columns = min(COLUMNS, len(games))
    rows = -(-len(games) // columns)
    surface = pygame.Surface((columns * (TILE[0] + GAP) + GAP, rows * (TILE[1] + GAP) + GAP), 0, 32)
    surface.fill(palette.backdrop)
    for index, game in enumerate(games):
        corner = GAP + index % columns * (TILE[0] + GAP), GAP + index // columns * (TILE[1] + GAP)
        draw_tile(surface, pygame.Rect(corner, TILE), game, palette, seed)
    return surface


def draw_tile(surface: pygame.Surface, tile: pygame.Rect, game: Game, palette: Palette, seed: int) -> None:
    """A title's field and its name."""
    room = pygame.Rect(tile.topleft, (tile.width, tile.height - CAPTION))
    session, feel = in_the_middle(game, seed)
    rows = np.concatenate([session.shapes(1.0), feel.rows()])
    Painter(game.spec, palette).paint(surface, rows, fit(game.spec.field, room))
    at = tile.centerx, tile.bottom - CAPTION * 0.68
    write(surface, game.spec.name.capitalize(), 24, palette.text, at, side="center")
    at = tile.centerx, tile.bottom - CAPTION * 0.2
    write(surface, game.spec.summary, 16, palette.faint, at, side="center", room=tile.width)


def in_the_middle(game: Game, seed: int) -> tuple[Session, Feel]:
    """A match between the strongest players, shortly after something has happened about half-way through."""
    ticks = _until(Session(game, cast(game, (), 0, seed), seed=seed), game.spec.max_ticks)
    session, feel = Session(game, cast(game, (), 0, seed), seed=seed), Feel(game.spec)
    _until(session, round(MOMENT * ticks), feel)
    for _ in range(PATIENCE):
        if session.is_over or _tick(session, feel):
            break
    _until(session, session.match.tick + round(AFTER * game.spec.tick_rate), feel)
    return session, feel


def _until(session: Session, tick: int, feel: Feel | None = None) -> int:
    """Plays to a tick or to the end; returns the tick that was reached."""
    while session.match.tick < tick and not session.is_over:
        _tick(session, feel)
    return session.match.tick


def _tick(session: Session, feel: Feel | None) -> int:
    """Plays one tick, and returns its events as bits."""
    session.tick()
    if feel:
        feel.look(session.before, session.now, session.events)
        feel.pass_time(1 / session.game.spec.tick_rate)
    return session.events
