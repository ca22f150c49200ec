"""The text of a replay, format 1: a JSON object whose `actions` is base64 of zlib of runs. Read strictly: files come from anywhere.

The runs are, for each seat, the lengths (little-endian uint32) and then the actions (uint16).
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

FORMAT = 1
MAX_FILE = 2**22  # bytes of text
MAX_UNPACKED = 2**24  # bytes of runs
MAX_TICKS, MAX_SEATS, MAX_NAME = 10**6, 64, 100
MAX_ACTIONS = 2**22  # ticks times seats
_PLAIN = ("npckit", "game", "rules_version", "seed", "max_ticks", "players", "hash", "scores")
_NUMBERS = (("rules_version", 0, 10**6), ("seed", 0, 2**64 - 1), ("max_ticks", 1, MAX_TICKS), ("ticks", 0, MAX_TICKS))


class Damaged(Exception):
    """What is wrong with a file, as the middle of a sentence."""


def _need(ok: bool, damage: str) -> None:
    if not ok:
        raise Damaged(damage)


def render(fields: Mapping[str, Any]) -> str:
    """The text of a replay's fields, as `parse` gives them."""
    actions = fields["actions"]
    runs = [_runs(actions[:, seat]) for seat in range(actions.shape[1])]
    packed = b"".join(lengths.tobytes() + chosen.tobytes() for lengths, chosen in runs)
    raw = {"format": FORMAT, **{name: fields[name] for name in _PLAIN}, "ticks": len(actions)}
    raw |= {
        "runs": [len(lengths) for lengths, _ in runs],
        "actions": base64.b64encode(zlib.compress(packed, 9)).decode(),
    }
    return json.dumps(raw, indent=1) + "\n"


def parse(text: bytes) -> dict[str, Any]:
    """The fields of a `Replay`. Damaged: what is wrong; UserError, without its subject: a newer format."""
    _need(len(text) <= MAX_FILE, f"it is longer than {MAX_FILE} bytes")
    try:
        raw = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise Damaged("it is not JSON, or cut short") from None
    _need(isinstance(raw, dict) and type(raw.get("format")) is int, "it has no format number")
    if raw["format"] > FORMAT:
        raise UserError(f"was made by a newer npckit (format {raw['format']}); upgrade: pip install -U npckit")
    _need(
        raw["format"] == FORMAT and set(raw) == {*_PLAIN, "format", "ticks", "runs", "actions"},
        "its fields are not those of a replay",
    )
    _check_fields(raw)
    plain = {name: raw[name] for name in _PLAIN}
    return plain | {
        "actions": _unpack(raw),
        "players": tuple(raw["players"]),
        "scores": tuple(map(float, raw["scores"])),
    }


def _check_fields(raw: dict[str, Any]) -> None:
    for name in ("npckit", "game", "hash"):
        _need(_is_name(raw[name]), f"its {name} is not a short text")
    for name, low, high in _NUMBERS:
        fits = type(raw[name]) is int and low <= raw[name] <= high
        _need(fits, f"its {name} is not a whole number from {low} to {high}")
    _need(raw["ticks"] <= raw["max_ticks"], "it is longer than its max_ticks")
    players, runs, scores = raw["players"], raw["runs"], raw["scores"]
    _need(all(isinstance(raw[name], list) for name in ("players", "runs", "scores")), "its seats are not lists")
    _need(1 <= len(players) <= MAX_SEATS and all(map(_is_name, players)), "its players are not names")
    _need(raw["ticks"] * len(players) <= MAX_ACTIONS, "it is too long")
    _need(len(runs) == len(scores) == len(players), "its runs or scores do not fit its players")
    _need(all(type(n) is int and 0 <= n <= raw["ticks"] for n in runs), "its runs do not fit its length")
    _need(all(type(s) in (int, float) and abs(s) < 1e30 for s in scores), "its scores are not numbers")
    _need(isinstance(raw["actions"], str), "its actions are not a text")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()


def _unpack(raw: dict[str, Any]) -> NDArray[np.uint16]:
    """(ticks, seats): the runs of every seat, laid out tick by tick; no more is unpacked than the runs announce."""
    size = 6 * sum(raw["runs"])
    _need(size <= MAX_UNPACKED, "it has too many runs")
    inflate = zlib.decompressobj()
    try:
        packed = inflate.decompress(base64.b64decode(raw["actions"], validate=True), size + 1)
    except (zlib.error, binascii.Error, ValueError):
        raise Damaged("its actions are damaged") from None
    _need(len(packed) == size and not inflate.unconsumed_tail, "its actions are cut short or too long")
    actions, at = np.zeros((raw["ticks"], len(raw["runs"])), np.uint16), 0
    for seat, count in enumerate(raw["runs"]):
        lengths = np.frombuffer(packed, "<u4", count, at).astype(np.int64)
        _need(int(lengths.sum()) == raw["ticks"] and bool((lengths > 0).all()), "its runs do not add up")
        actions[:, seat] = np.repeat(np.frombuffer(packed, "<u2", count, at + 4 * count), lengths)
        at += 6 * count
    return actions


def _edges(changed: NDArray[np.bool_], ticks: int) -> NDArray[np.int64]:
    """The first tick of every run, and the end.

    >>> _edges(np.array([False, True, False]), 4).tolist()
    [0, 2, 4]
    """
    return (
        np.concatenate([[0], np.flatnonzero(changed) + 1, [ticks]]).astype(np.int64) if ticks else np.zeros(1, np.int64)
    )


def _runs(actions: NDArray[np.uint16]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Lengths (uint32) and actions (uint16) of the runs of one seat, both little-endian."""
    edges = _edges(actions[1:] != actions[:-1], len(actions))
    return np.diff(edges).astype("<u4"), actions[edges[:-1]].astype("<u2")


def joint_runs(actions: NDArray[np.uint16]) -> Iterator[tuple[np.int64, NDArray[np.uint16]]]:
    """How long every seat keeps its action, and those actions (seats,)."""
    edges = _edges((actions[1:] != actions[:-1]).any(axis=1), len(actions))
    yield from zip(np.diff(edges), actions[edges[:-1]], strict=True)
