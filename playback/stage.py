"""The whole picture: score bar, field, what an agent sees, a banner, a line of help. The same for the window and for videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..games.contract import CELL, SPECTATOR
from ..games.frame import MATE, OTHER, SELF
from .banner import Banner, TitleScreen, draw_banner, draw_title
from .feel import Feel
from .overlay import draw_overlay
from .painter import Painter, fit
from .palette import RGB, Palette
from .pg import pygame
from .session import Session
from .sight import Sight
from .text import write


@dataclass(frozen=True)
class Extras:
    """What is shown besides the match."""

    banner: Banner | TitleScreen | None = None
    sight: Sight | None = None
    status: str = ""  # in the middle of the help line: paused, speed
    help: str = ""


class Stage:
    """Draws sessions in one palette. With `effects`, events make sparks and shake the field."""

    def __init__(self, session: Session, palette: Palette, *, effects: bool = False) -> None:
        self.session, self.palette = session, palette
        self._painter = Painter(session.game.spec, palette)
        self._feel = Feel(session.game.spec) if effects else None

    def look(self) -> float:
        """Takes in the tick that has just been played; returns where its events happened, -1 left to 1 right."""
        if self._feel is None:
            return 0.0
        if self.session.match.tick <= 1:
            self._feel.clear()
        place = self._feel.look(self.session.before, self.session.now, self.session.events)
        return 2 * place[0] / (self.session.game.spec.field[0] * CELL) - 1 if place else 0.0

    def pass_time(self, seconds: float) -> None:
        """Lets sparks fly on and a shake calm down."""
        if self._feel:
            self._feel.pass_time(seconds)

    def draw(self, surface: pygame.Surface, share: float = 1.0, extras: Extras | None = None) -> None:
        """Paints the session between its last two ticks over the whole surface, whatever its size."""
        extras = extras or Extras()
        surface.fill(self.palette.backdrop)
        bar, room, panel, foot = layout(surface.get_size(), extras)
        field = fit(self.session.game.spec.field, room)
        self._field(surface, share, field)
        self._scores(surface, bar, field)
        if panel and extras.sight:
            seat = extras.sight.seat
            draw_overlay(surface, panel, extras.sight, f"What {self.session.names[seat]} sees", self.palette)
        if foot:
            self._foot(surface, foot, extras)
        if isinstance(extras.banner, Banner):
            draw_banner(surface, field, extras.banner, self.palette)
        elif extras.banner:
            draw_title(surface, field, extras.banner, self.palette)

    def _field(self, surface: pygame.Surface, share: float, field: pygame.Rect) -> None:
        shapes = self.session.shapes(share)
        if self._feel is None:
            self._painter.paint(surface, shapes, field)
            return
        cell = field.width / self.session.game.spec.field[0]
        shift = [round(cell * part) for part in self._feel.shift()]
        self._painter.paint(surface, np.concatenate([shapes, self._feel.rows()]), field.move(shift))

    def seat_colour(self, seat: int) -> RGB:
        """The ink in which the picture is likely to show this seat."""
        teams, viewer = self.session.game.spec.teams, max(self.session.viewer, 0)
        if seat == viewer:
            return self.palette.inks[SELF]
        if self.session.viewer == SPECTATOR or teams[seat] != teams[viewer]:
            return self.palette.inks[SELF if teams[seat] == teams[viewer] else OTHER]
        return self.palette.inks[MATE]

    def _scores(self, surface: pygame.Surface, bar: pygame.Rect, field: pygame.Rect) -> None:
        names, seats, size = self.session.names, self.session.seats, bar.height * 0.62
        if seats == 2:
            self._duel(surface, bar, field, names, size)
            return
        width = field.width / seats
        for seat, name in enumerate(names):
            text = f"{name}  {self.session.score(seat):g}"
            at = field.left + width * (seat + 0.5), bar.centery
            write(surface, text, size, self.seat_colour(seat), at, side="center", room=width * 0.94)

    def _duel(
        self, surface: pygame.Surface, bar: pygame.Rect, field: pygame.Rect, names: list[str], size: float
    ) -> None:
        """Names outside, points in the middle."""
        points, gap, y = [f"{self.session.score(seat):g}" for seat in range(2)], bar.height * 0.3, bar.centery
        write(surface, ":", size * 1.25, self.palette.faint, (field.centerx, y), side="center")
        write(surface, points[0], size * 1.25, self.palette.text, (field.centerx - gap, y), side="right")
        write(surface, points[1], size * 1.25, self.palette.text, (field.centerx + gap, y))
        room = field.width / 2 - bar.height * 1.5
        write(surface, names[0], size, self.seat_colour(0), (field.left, y), room=room)
        write(surface, names[1], size, self.seat_colour(1), (field.right, y), side="right", room=room)

    def _foot(self, surface: pygame.Surface, foot: pygame.Rect, extras: Extras) -> None:
        size = foot.height * 0.62
        used = write(surface, extras.status, size, self.palette.text, (foot.right, foot.centery), side="right")
        write(surface, extras.help, size, self.palette.faint, foot.midleft, room=foot.width - used - foot.height)


def layout(
    size: tuple[int, int], extras: Extras
) -> tuple[pygame.Rect, pygame.Rect, pygame.Rect | None, pygame.Rect | None]:
    """Score bar, room for the field, panel and help line of a picture; the panel takes the side that has more room."""
    width, height = size
    edge = max(2, round(min(width, height) * 0.02))
    bar = pygame.Rect(edge, 0, width - 2 * edge, max(14, round(min(height * 0.07, width * 0.06))))
    foot = (
        pygame.Rect(edge, 0, width - 2 * edge, round(max(12, bar.height * 0.6)))
        if extras.help or extras.status
        else None
    )
    bottom = height - (foot.height if foot else edge)
    room = pygame.Rect(edge, bar.bottom, width - 2 * edge, max(1, bottom - bar.bottom))
    if foot:
        foot.top = bottom
    if extras.sight is None:
        return bar, room, None, foot
    if width >= height:
        panel = pygame.Rect(0, room.top, round(room.width * 0.34), room.height)
        panel.right = room.right
        return bar, pygame.Rect(room.topleft, (room.width - panel.width - edge, room.height)), panel, foot
    panel = pygame.Rect(room.left, 0, room.width, round(room.height * 0.45))
    panel.bottom = room.bottom
    return bar, pygame.Rect(room.topleft, (room.width, room.height - panel.height - edge)), panel, foot
