"""Presets: TOML configs in a title's own folder, `presets/*.toml`, that ship with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from .config import TrainConfig
from .config_file import from_table, read_table


def preset_names(game: Game) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (registry.folder_of(game) / "presets").glob("*.toml")))


def load_preset(game_name: str, preset: str) -> TrainConfig:
    """A preset of a title by name, or any TOML file by path; a UserError names the presets there are."""
    game = registry.load(game_name)
    if preset.endswith(".toml"):
        return from_table(read_table(Path(preset)), where=preset, game=game_name)
    if preset not in preset_names(game):
        known = ", ".join(preset_names(game)) or "none yet"
        raise UserError(
            f"{game.name} has no preset {preset!r}; its presets are {known}; or give the path of a .toml file."
        )
    path = registry.folder_of(game) / "presets" / f"{preset}.toml"
    return from_table(read_table(path), where=str(path), game=game_name)


def starting_point(game_name: str, preset: str | None, algorithm: str | None, obs: str | None) -> TrainConfig:
    """What flags change: the preset asked for, else the title's own for this algorithm and observation, else the defaults."""
    if preset is not None:
        return load_preset(game_name, preset)
    usual = f"{algorithm or 'ppo'}-{obs or 'features'}"
    if usual in preset_names(registry.load(game_name)):
        return load_preset(game_name, usual)
    return replace(TrainConfig(game_name), algorithm=algorithm or "ppo", obs=obs or "features")  # type: ignore[arg-type]


def find_preset(preset: str) -> TrainConfig:
    """A preset of whichever title has it first, or a TOML file that names its title itself."""
    if preset.endswith(".toml"):
        return from_table(read_table(Path(preset)), where=preset)
    for name in registry.names():
        if preset in preset_names(registry.load(name)):
            return load_preset(name, preset)
    raise UserError(f"no title has a preset {preset!r}; name a title and one of its presets.")
