"""Names of a package that are imported when they are first asked for: some bring torch or Gymnasium with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .errors import missing_extra


def lazily(package: str, places: Mapping[str, str], extra: str) -> Callable[[str], Any]:
    """A package's `__getattr__`, from the module of each name. A package that is missing is a UserError with the extra to install."""

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"{package} has no {name!r}; it has {', '.join(places)}.")
        try:
            return getattr(import_module(f".{places[name]}", package), name)
        except ModuleNotFoundError as error:
            missing = (error.name or name).split(".")[0]
            if missing == "npckit":
                raise
            raise missing_extra(missing, extra) from error

    return get
