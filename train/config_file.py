"""Configs as TOML: written whole, read strictly. A key that does not exist is refused with the nearest one that does."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ..errors import UserError
from ..games import registry
from .config import TrainConfig

Config = TypeVar("Config")


def to_toml(config: TrainConfig) -> str:
    """The config as TOML text, tables last.

    >>> print(to_toml(TrainConfig("pong", seed=3)).splitlines()[0])
    game = "pong"
    """
    plain = asdict(config)
    lines = [f"{key} = {_value(value)}" for key, value in plain.items() if not isinstance(value, dict)]
    for key, table in plain.items():
        if isinstance(table, dict):
            lines += ["", f"[{key}]", *(f"{_key(name)} = {_value(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """JSON's numbers, texts and lists are TOML's, too."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name, ensure_ascii=False)


def read_table(path: Path) -> dict[str, Any]:
    """A TOML file as a dict; a UserError says what is wrong with it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no file {path}; give the path of a TOML config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}; mend it and try again.") from None


def from_table(table: Mapping[str, Any], *, where: str, game: str | None = None) -> TrainConfig:
    """A config from a TOML table; `where` names its origin in errors, `game` overrides the title."""
    return _build(TrainConfig, {**table, **({"game": game} if game else {})}, where, "")


def _build(kind: type[Config], table: Mapping[str, Any], where: str, prefix: str) -> Config:
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]  # only dataclasses come here
    values = {}
    for key, value in table.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, 1, 0.0)[0]
            raise UserError(f"{where}: there is no setting {prefix}{key!s}; did you mean {prefix}{near}?")
        values[key] = _read(hints[key], value, where, prefix + key)
    if "game" in names and "game" not in values:
        raise UserError(f'{where}: it names no title; add a line such as game = "{registry.names()[0]}".')
    try:
        return kind(**values)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _read(hint: Any, value: Any, where: str, name: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, Mapping):
        return _build(hint, value, where, f"{name}.")
    if get_origin(hint) is tuple and isinstance(value, list):
        value = tuple(value)
    if not _fits(hint, value):
        raise UserError(f"{where}: {name} is {_wanted(hint)}; got {value!r}.")
    return value


def _fits(hint: Any, value: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in args
    if origin is tuple:
        open_ended = args[-1] is Ellipsis
        return (
            isinstance(value, tuple)
            and (open_ended or len(value) == len(args))
            and all(_fits(args[0], v) for v in value)
        )
    if origin is dict:
        return isinstance(value, dict) and all(_fits(args[1], v) for v in value.values())
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _wanted(hint: Any) -> str:
    """What a setting may be, in words.

    >>> _wanted(int), _wanted(tuple[str, ...]), _wanted(Literal["ppo", "dqn"])
    ('a whole number', 'a list of texts', 'one of ppo, dqn')
    """
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    if get_origin(hint) is tuple:
        return f"a list of {({int: 'whole numbers', float: 'numbers', str: 'texts'})[get_args(hint)[0]]}"
    words = {
        int: "a whole number",
        float: "a number",
        str: "a text",
        dict: "a table of numbers",
    }
    return words.get(get_origin(hint) or hint, "a table of settings")
