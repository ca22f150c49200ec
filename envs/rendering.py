"""Pictures of a game in an environment: an RGB array from the rasteriser, or a window through playback."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..games.batch import Batch
from ..games.contract import SPECTATOR
from ..games.observation import ink_tables
from ..games.palette import rgb_table

SCALE = 8  # pixels to a field cell


def rgb_array(batch: Batch, game: int = 0) -> NDArray[np.uint8]:
    """(h, w, 3) uint8: what a spectator sees of one game."""
    return rgb_table()[ink_array(batch, game)]


def ink_array(batch: Batch, game: int = 0, scale: int = SCALE) -> NDArray[np.uint8]:
    """(h, w) uint8 ink numbers: what a spectator sees of one game, before a palette colours it."""
    width, height = batch.game.spec.field
    inks = np.zeros((1, 1, height * scale, width * scale), np.uint8)
    where = np.array([game], np.int32), np.array([SPECTATOR], np.int32)
    batch.see_layers(*where, *ink_tables(batch.game, "inks"), inks)
    picture: NDArray[np.uint8] = inks[0, 0]
    return picture


class Renderer:
    """`render()` of an environment."""

    def __init__(self, batch: Batch, mode: str | None) -> None:
        self._batch, self.mode = batch, mode
        self._screen: Any = None

    def render(self) -> NDArray[np.uint8] | None:
        if self.mode == "rgb_array":
            return rgb_array(self._batch)
        if self.mode == "human":
            self.show()
        return None

    def show(self) -> None:
        """Shows the game in a window, paced to its real speed."""
        if self._screen is None:
            from ..playback.window import Screen

            self._screen = Screen(self._batch.game, self._batch.game.name)
        self._screen.show(self._batch.draw(0, SPECTATOR))

    def close(self) -> None:
        if self._screen is not None:
            self._screen.close()
            self._screen = None
