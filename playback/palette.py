"""The colours of a picture: the inks of `games.palette`, and what a window puts around them."""

from __future__ import annotations

from dataclasses import dataclass

from ..games.frame import HUD, INKS
from ..games.palette import RGB, palette_named


@dataclass(frozen=True)
class Palette:
    """`inks[ink]` is the colour of an ink of `games.frame`; entry 0, which paints nothing, is the field's."""

    name: str
    inks: tuple[RGB, ...]
    backdrop: RGB  # around the field
    edge: RGB  # lines of panels
    text: RGB
    faint: RGB  # text that matters less

    @property
    def field(self) -> RGB:
        return self.inks[0]


def colours(name: str = "night") -> Palette:
    """A palette by name, with the head-up display dimmed to a hint; a UserError names the palettes there are."""
    named = palette_named(name)
    inks = [named["background"], *(named[ink] for ink in INKS)]
    inks[HUD] = blend(inks[0], inks[HUD], 0.6)
    text, ground = (236, 239, 247), inks[0]
    return Palette(
        name, tuple(inks), blend(ground, (0, 0, 0), 0.45), blend(ground, text, 0.15), text, blend(ground, text, 0.56)
    )


def blend(one: RGB, other: RGB, share: float) -> RGB:
    """A colour between two.

    >>> blend((0, 0, 0), (200, 100, 50), 0.5)
    (100, 50, 25)
    """
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b
