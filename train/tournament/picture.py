"""A tournament as one picture: everybody on a ladder of points, and who won how often against whom."""

from __future__ import annotations

from pathlib import Path

from ...games.files import written_beside
from ...games.frame import INKS
from ...playback.palette import RGB, Palette, blend, colours
from ...playback.pg import pygame
from ...playback.text import write
from .standing import Line, Standing

EDGE, HEAD, FOOT = 36, 92, 74  # pixels around
NAMES, LADDER, CELL, ROW, SPACE = 260, 460, 76, 52, 40
STEPS = (100, 200, 400, 500, 1000)  # points between two lines of the ladder
FEW_LINES = 6


def write_picture(standing: Standing, target: Path) -> None:
    """As a .png file."""
    picture = draw(standing, colours())
    with written_beside(target) as draft, draft.open("wb") as file:
        pygame.image.save(picture, file, target.name)


def draw(standing: Standing, palette: Palette) -> pygame.Surface:
    """Names, ladder and win rates, a row for each entrant."""
    count = len(standing.lines)
    width = EDGE + NAMES + LADDER + SPACE + CELL * count + EDGE
    surface = pygame.Surface((width, HEAD + ROW * count + FOOT), 0, 32)
    surface.fill(palette.backdrop)
    facts = standing.facts
    write(surface, str(facts["title"]).capitalize(), 34, palette.text, (EDGE, 34))
    told = f"{facts['matches']} matches of each pair, seed {facts['seed']}, rules version {facts['rules_version']}"
    write(surface, told, 18, palette.faint, (width - EDGE, 34), side="right")
    _draw_ladder(surface, standing, palette)
    _draw_rates(surface, standing, palette)
    return surface


def ink(palette: Palette, name: str) -> RGB:
    """The colour of an ink by its name."""
    return palette.inks[1 + INKS.index(name)]


def _row(place: int) -> float:
    return HEAD + ROW * (place + 0.5)


def _draw_ladder(surface: pygame.Surface, standing: Standing, palette: Palette) -> None:
    lines, left = standing.lines, EDGE + NAMES
    low, high = min(line.rating.low for line in lines), max(line.rating.high for line in lines)
    step = next((step for step in STEPS if high - low <= FEW_LINES * step), STEPS[-1])
    first, last = int(low // step) * step, -int(-high // step) * step
    pygame.draw.rect(surface, palette.field, (left, HEAD, LADDER, ROW * len(lines)))

    def at(points: float) -> float:
        return left + 24 + (LADDER - 48) * (points - first) / max(last - first, 1)

    for points in range(first, last + 1, step):
        pygame.draw.line(surface, palette.edge, (at(points), HEAD), (at(points), HEAD + ROW * len(lines)))
        write(surface, str(points), 16, palette.faint, (at(points), HEAD - 14), side="center")
    for place, line in enumerate(lines):
        _draw_name(surface, line, place, palette)
        _draw_rating(surface, line, (at(line.rating.low), at(line.rating.points), at(line.rating.high)), place, palette)
    told = "rating with 95% interval; the bots' are fixed (rings)"
    write(surface, told, 16, palette.faint, (left, HEAD + ROW * len(lines) + 22))


def _draw_name(surface: pygame.Surface, line: Line, place: int, palette: Palette) -> None:
    colour = palette.faint if line.anchor else palette.text
    write(surface, f"{place + 1}", 18, palette.faint, (EDGE, _row(place)))
    write(surface, line.name, 22, colour, (EDGE + 30, _row(place)), room=NAMES - 110)
    write(surface, f"{line.rating.points:.0f}", 22, colour, (EDGE + NAMES - 16, _row(place)), side="right")


def _draw_rating(
    surface: pygame.Surface, line: Line, ends: tuple[float, float, float], place: int, palette: Palette
) -> None:
    low, middle, high = ends
    y = _row(place)
    if line.anchor:
        pygame.draw.circle(surface, palette.faint, (middle, y), 7, 2)
        return
    colour = ink(palette, "self")
    bar = pygame.Rect(round(low), round(y) - 5, max(round(high - low), 1), 10)
    pygame.draw.rect(surface, blend(palette.field, colour, 0.45), bar, border_radius=5)
    pygame.draw.circle(surface, colour, (middle, y), 8)


def _draw_rates(surface: pygame.Surface, standing: Standing, palette: Palette) -> None:
    left = EDGE + NAMES + LADDER + SPACE
    for column, other in enumerate(standing.lines):
        x = left + CELL * (column + 0.5)
        write(surface, f"{column + 1}", 18, palette.faint, (x, HEAD - 14), side="center")
        for place, line in enumerate(standing.lines):
            _draw_cell(surface, standing, (line.name, other.name), (x, _row(place)), palette)
    what = "who scored more in the same episode" if standing.alone else "a draw counts half"
    text = f"win rate in % of the row against the column, with 95% interval; {what}"
    at = surface.get_width() - EDGE, HEAD + ROW * len(standing.lines) + 46
    write(surface, text, 16, palette.faint, at, side="right")


def _draw_cell(
    surface: pygame.Surface, standing: Standing, pair: tuple[str, str], at: tuple[float, float], palette: Palette
) -> None:
    """Coloured as who wins, the stronger the more clearly; empty where the two did not meet."""
    box = pygame.Rect(round(at[0] - CELL / 2) + 1, round(at[1] - ROW / 2) + 1, CELL - 2, ROW - 2)
    rate = standing.win_rate(*pair)
    if rate is None:
        pygame.draw.rect(surface, palette.field, box)
        return
    winner = ink(palette, "self" if rate.mean >= 0.5 else "other")
    pygame.draw.rect(surface, blend(palette.field, winner, 1.1 * abs(rate.mean - 0.5)), box)
    write(surface, f"{100 * rate.mean:.1f}", 21, palette.text, (at[0], at[1] - 8), side="center")
    interval = f"{100 * rate.low:.0f} to {100 * rate.high:.0f}"
    write(surface, interval, 14, blend(palette.faint, palette.text, 0.3), (at[0], at[1] + 12), side="center")
