"""Colours for inks: two palettes, one of them safe for colour-blind people (after Okabe and Ito 2008)."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .frame import INKS

RGB = tuple[int, int, int]
_NIGHT: dict[str, RGB] = {
    "background": (16, 18, 27), "self": (94, 196, 255), "mate": (110, 231, 183), "other": (255, 122, 105), "ball": (250, 250, 245),
    "wall": (84, 92, 120), "food": (255, 209, 102), "danger": (255, 77, 109), "hud": (70, 77, 102),
}  # fmt: skip
_SAFE: dict[str, RGB] = {
    "background": (12, 12, 16), "self": (86, 180, 233), "mate": (0, 158, 115), "other": (230, 159, 0), "ball": (245, 245, 245),
    "wall": (110, 110, 120), "food": (240, 228, 66), "danger": (213, 94, 0), "hud": (80, 80, 92),
}  # fmt: skip
PALETTES = MappingProxyType({"night": _NIGHT, "safe": _SAFE})


def palette_named(name: str) -> dict[str, RGB]:
    if name not in PALETTES:
        raise UserError(f"there is no palette {name!r}; choose one of {', '.join(PALETTES)}.")
    return PALETTES[name]


def rgb_table(name: str = "night") -> NDArray[np.uint8]:
    """(9, 3) uint8: the background and the colour of every ink, by number."""
    palette = palette_named(name)
    return np.array([palette[ink] for ink in ("background", *INKS)], np.uint8)
