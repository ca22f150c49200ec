"""A title's drivers, built on first use and kept: `program_of(game, mode).driver("advance")`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from . import drivers
from .compiler import Made, Mode, build, cache_root, source_key
from .contract import Game, Rule


class Program:
    """One title in one mode. Drivers compile when they are first called, and are found in the cache afterwards."""

    def __init__(self, game: Game, mode: Mode) -> None:
        self.game, self.mode = game, mode
        self._rules = {
            "RESET": game.reset,
            "STEP": game.step,
            "DRAW": game.draw,
            "FEATURES": game.features,
            "LEGAL": game.legal or drivers.all_legal,
        }
        self._made: Made = {}
        self._drivers: dict[Any, Callable[..., Any]] = {}
        self._folder = "" if mode == "interpreted" else self._cache_folder()

    def driver(self, name: str, bot: Rule | None = None) -> Callable[..., Any]:
        """A loop of `drivers`, bound to this title's rules (and to one bot, for `bots`)."""
        key = name, bot
        if key not in self._drivers:
            apart = {} if bot is None else {"BOT": bot}
            folder = self._folder if bot is None else f"{self._folder}/{source_key([bot])}"
            self._drivers[key] = build(
                getattr(drivers, name), self._rules, self.mode, folder, made=self._made, apart=apart
            )
        return self._drivers[key]

    def _cache_folder(self) -> str:
        folder = f"{self.game.name}-{self.mode}-{source_key(self._rules.values())}"
        if not (cache_root() / folder).exists():
            print(f"npckit: compiling {self.game.name} (once; 3 to 20 seconds)", file=sys.stderr)
        return folder


@lru_cache
def shared_driver(name: str, mode: Mode) -> Callable[..., Any]:
    """A loop of `drivers` that calls no rule of a title."""
    driver = getattr(drivers, name)
    return build(driver, {}, mode, "" if mode == "interpreted" else f"shared-{mode}-{source_key([driver])}")


@lru_cache(maxsize=64)
def program_of(game: Game, mode: Mode = "compiled") -> Program:
    return Program(game, mode)
