"""Turns rules into fast batch loops: one source, three ways (interpreted, bounds-checked, compiled), the last two by Numba.

A driver is a loop over the batch that calls rules by global name; `build` copies it, and every rule it reaches, with the
title's rules put in. Compiled code is kept in a cache folder named by a hash of all sources, because Numba's own key
overlooks a change in another file. Numba is imported on first use only: without it the interpreted mode still works.
"""

from __future__ import annotations

import dis
import hashlib
import os
import platform
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ..errors import missing_extra
from .interpret import interpreted

Mode = Literal["interpreted", "checked", "compiled"]
MODES: tuple[Mode, ...] = ("interpreted", "checked", "compiled")


Made = dict[Any, Any]  # rule -> its compiled form


def build(
    driver: Callable[..., Any],
    rules: Mapping[str, Any],
    mode: Mode,
    folder: str,
    *,
    made: Made | None = None,
    apart: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[..., Any]:
    """`driver` with the names in `rules` bound, ready to be called with arrays; compiled code is kept in a cache `folder`.

    Drivers that share `made` share what they have compiled. Rules that see other records than these are bound `apart`:
    Numba takes a record that begins like another for that one.
    """
    if mode == "interpreted":
        return interpreted(_rebind(driver, {**rules, **apart}))
    made = {} if made is None else made
    bound = {name: _compile(value, mode, made) for name, value in rules.items()}
    own: Made = {}
    bound |= {name: _compile(value, mode, own) for name, value in apart.items()}
    function = _rebind(driver, {**_compiled_globals(driver, mode, made), **bound})
    return _cached(_numba().njit(function, **_flags(mode)), folder)


def _compile(value: Any, mode: Mode, made: Made) -> Any:
    """The compiled form of a rule and of all rules it calls; anything else unchanged."""
    if not getattr(value, "is_rule", False):
        return value
    if value not in made:
        function = _rebind(value, _compiled_globals(value, mode, made))
        dispatcher = _numba().njit(
            function, **_flags(mode), no_cpython_wrapper=True
        )  # only drivers are called from Python
        made[value] = _without_literals(dispatcher)
    return made[value]


def _without_literals(dispatcher: Any) -> Any:
    """Numba would compile a rule anew for every number that is written into a call of it."""
    template = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        return template(tuple(map(_numba().types.unliteral, args)), kws)

    dispatcher.get_call_template = get_call_template
    return dispatcher


def _compiled_globals(function: Any, mode: Mode, made: Made) -> dict[str, Any]:
    """What a function names among its globals; `co_names` would hold the attributes that it names as well."""
    names = {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"}
    named = {name: function.__globals__[name] for name in names if name in function.__globals__}
    return {name: _compile(value, mode, made) for name, value in sorted(named.items())}


def _rebind(function: Any, names: dict[str, Any]) -> Any:
    """A copy of a function that sees other globals; closures are not carried, rules have none."""
    copy = types.FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    return copy


def _flags(mode: Mode) -> dict[str, Any]:
    return {
        "nogil": True,
        "boundscheck": mode == "checked",
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        "_nrt": False,
    }


def _cached(dispatcher: Any, folder: str) -> Any:
    """Turns on Numba's cache in a folder that only these very sources share."""
    config, path = _numba().config, cache_root() / folder
    before, config.CACHE_DIR = config.CACHE_DIR, str(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        dispatcher.enable_caching()
    except (OSError, RuntimeError):
        pass  # a read-only home: compile anew at every start
    finally:
        config.CACHE_DIR = before
    return dispatcher


def cache_root() -> Path:
    """Where compiled rules are kept; `NPCKIT_CACHE` moves it."""
    base = os.environ.get("NPCKIT_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "npckit"
    return Path(base) / "rules"


def source_key(rules: Iterable[Any]) -> str:
    """A hash of what the rules are called, of all sources beside them, of our own, and of the tools that compile them."""
    rules = [*rules]
    names = [
        f"{rule.__module__}.{rule.__qualname__}" for rule in rules
    ]  # Numba imports the module when it loads its code
    digest = hashlib.sha256(f"{names} {sys.version} {platform.machine()} {_numba().__version__}".encode())
    folders = {Path(rule.__code__.co_filename).parent for rule in rules}
    for path in sorted(
        [*Path(__file__).parent.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    ):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache
def _numba() -> Any:
    try:
        import numba
    except ImportError:
        raise missing_extra("numba", "play") from None
    return numba
