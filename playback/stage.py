"""The whole picture: score bar, field, what an agent sees, a banner, a line of help. The same for the window and for videos."""

from __future__ import annotations

from dataclasses import dataclass

from ..games.contract import SPECTATOR
from ..games.frame import MATE, OTHER, SELF
from .overlay import draw_overlay
from .painter import Painter, fit
from .palette import RGB, Palette
from .pg import pygame
from .session import Session
from .sight import Sight
from .text import write


@dataclass(frozen=True)
class Banner:
    """Words over the field: a title, and lines below it."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extras:
    """What is shown besides the match."""

    banner: Banner | None = None
    sight: Sight | None = None
    status: str = ""  # in the middle of the help line: paused, speed
    help: str = ""


class Stage:
    """Draws sessions in one palette."""

    def __init__(self, session: Session, palette: Palette) -> None:
        self.session, self.palette = session, palette
        self._painter = Painter(session.game.spec, palette)

    def draw(self, surface: pygame.Surface, share: float = 1.0, extras: Extras | None = None) -> None:
        """Paints the session between its last two ticks over the whole surface, whatever its size."""
        extras = extras or Extras()
        surface.fill(self.palette.backdrop)
        bar, room, panel, foot = layout(surface.get_size(), extras)
        field = fit(self.session.game.spec.field, room)
        self._painter.paint(surface, self.session.shapes(share), field)
        self._scores(surface, bar, field)
        if panel and extras.sight:
            seat = extras.sight.seat
            draw_overlay(surface, panel, extras.sight, f"What {self.session.names[seat]} sees", self.palette)
        if foot:
            self._foot(surface, foot, extras)
        if extras.banner:
            self._banner(surface, field, extras.banner)

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

    def _banner(self, surface: pygame.Surface, field: pygame.Rect, banner: Banner) -> None:
        """On a veil, so that the field behind stays visible and the words stay legible."""
        unit = min(field.width / 14, field.height / 8)
        height = unit * (2.2 + 0.85 * len(banner.lines))
        veil = pygame.Surface((field.width, round(height)), pygame.SRCALPHA, 32)
        veil.fill((*self.palette.backdrop, 238))
        top = field.centery - height / 2
        surface.blit(veil, (field.left, top))
        write(
            surface,
            banner.title,
            unit * 1.5,
            self.palette.text,
            (field.centerx, top + unit * 1.1),
            side="center",
            room=field.width * 0.92,
        )
        for i, line in enumerate(banner.lines):
            y = top + unit * (2.15 + 0.85 * i)
            write(
                surface,
                line,
                unit * 0.72,
                self.palette.faint,
                (field.centerx, y),
                side="center",
                room=field.width * 0.92,
            )


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
