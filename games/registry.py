"""Finds titles: folders beside this file, entry points in the group `npckit.games`, and folders given by path."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from ..errors import UserError, plain
from .contract import Game

GROUP = "npckit.games"


def names() -> tuple[str, ...]:
    """The titles that are installed, ours and those of other packages."""
    folders = (path.parent.name for path in Path(__file__).parent.glob("*/rules.py"))
    return tuple(sorted({*folders, *(entry.name for entry in entry_points(group=GROUP))}))


def load(name: str | Path) -> Game:
    """A title by name, or by the path of its folder; a UserError says what there is. A name that is known comes first."""
    if "/" in str(name) or (str(name) not in names() and Path(name).is_dir()):
        return _load_folder(Path(name).resolve())
    return _load_name(str(name))


def installed(name: str) -> Game:
    """A title by the name that a policy file or a replay tells. Never by a path: a title's folder is code, and the file may
    be hostile. Raises UserError where no such title is installed."""
    if name not in names():
        raise UserError(
            f"{plain(name)!r} is none of the titles here ({', '.join(names())}); if it is a folder of yours, name that yourself."
        )
    return _load_name(name)


@lru_cache
def _load_name(name: str) -> Game:
    if name in {path.parent.name for path in Path(__file__).parent.glob("*/rules.py")}:
        return _game_of(import_module(f"{__package__}.{name}"), name)
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            return _game_of(entry.load(), name)
    raise UserError(
        f"there is no title {name!r}; the titles are {', '.join(names())}, or give the path of a title's folder."
    )


@lru_cache
def _load_folder(folder: Path) -> Game:
    """Imports a title's folder as a package of its own name, without touching `sys.path`."""
    start = folder / "__init__.py"
    if not start.is_file():
        raise UserError(f"{folder} is no title: it has no __init__.py with a GAME; see CONTRIBUTING.md for the layout.")
    module_name = f"npckit_title_{folder.name}_{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(module_name, start, submodule_search_locations=[str(folder)])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_name]
        raise UserError(
            f"{folder} could not be imported: {type(error).__name__}: {error}; mend it and try again."
        ) from error
    return _game_of(module, str(folder))


def _game_of(module: object, name: str) -> Game:
    game = module if isinstance(module, Game) else getattr(module, "GAME", None)
    if not isinstance(game, Game):
        raise UserError(f"{name} defines no GAME = Game(...) in its __init__.py; see CONTRIBUTING.md for the layout.")
    return game


def folder_of(game: Game) -> Path:
    """Where a title's card, golden trace and presets lie: beside its rules."""
    return Path(game.step.__code__.co_filename).parent
