"""The options that all environments share, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from ..games.observation import ObsSpec

RENDER_MODES = ("rgb_array", "human")


def game_of(game: Game | str | Path) -> Game:
    return game if isinstance(game, Game) else registry.load(game)


def obs_of(obs: str | ObsSpec, stack: int, size: Sequence[int]) -> ObsSpec:
    return obs if isinstance(obs, ObsSpec) else ObsSpec(obs, stack, (size[0], size[1]))


def render_mode_of(render_mode: str | None) -> str | None:
    if render_mode not in (None, *RENDER_MODES):
        raise UserError(f"there is no render mode {render_mode!r}; choose rgb_array, human or none.")
    return render_mode


def metadata_of(game: Game) -> dict[str, Any]:
    return {"render_modes": list(RENDER_MODES), "render_fps": game.spec.tick_rate / game.spec.decision_ticks}
