"""Policy files with something changed: bytes, fields of the protobuf tree, the JSON of the card."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from ...agents.onnx_wire import BYTES, FIXED32, FIXED64, MESSAGES, VARINT, encode_varint, fields
from ...agents.policy_file import KEY

WILD = [
    -(2**63),
    -(2**31),
    -1000,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    64,
    1000,
    2**16,
    2**24,
    2**31 - 1,
    2**31,
    2**40,
    2**63 - 1,
]
TEXTS = [
    "",
    "a",
    "\x1b[2J\x07",
    "a\nb\r\n",
    "\u202eevil",
    "☃" * 300,
    "../../etc/passwd",
    "x" * 5000,
    "[red]",
    "obs",
    "npckit",
]
LONG = 256  # bytes of a payload that is taken for weights, where a change is hardly ever seen
Leaf = int | bytes
Tree = list[Any]  # of fields [number, wire, Leaf or Tree]


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """One of the files, changed in one to eight places of one kind."""
    change = rng.choice([bytes_changed, tree_changed, tree_changed, card_changed])
    return change(rng, rng.choice(seeds), rng.choice(seeds))


def bytes_changed(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Flips, holes, insertions, repetitions, splices and cuts, mostly outside the weights."""
    out, places = bytearray(data), structure(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        place = min(rng.choice(places) if rng.random() < 0.9 else rng.randrange(len(out) or 1), max(len(out) - 1, 0))
        size = rng.randint(1, 12)
        rng.choice(_BYTE_CHANGES)(rng, out, place, size, other)
        if not out:
            return b""
    return bytes(out)


def _flip(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    out[place] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    out[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])


def _cut_out(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    del out[place : place + size]


def _insert(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    out[place:place] = rng.choice([rng.randbytes(size), b"\xff" * size, b"\x80" * size, encode_varint(2**63)])


def _repeat(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    out[place:place] = out[max(0, place - rng.choice([size, 200])) : place]


def _splice(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    out[place:] = other[rng.randrange(len(other)) :]


def _end(rng: random.Random, out: bytearray, place: int, size: int, other: bytes) -> None:
    del out[place:]


_BYTE_CHANGES: list[Callable[..., None]] = [_flip, _flip, _overwrite, _cut_out, _insert, _repeat, _splice, _end]


def structure(data: bytes, kind: str = "Model", at: int = 0) -> list[int]:
    """The offsets of all bytes but long payloads: tags, lengths, names, numbers."""
    out: list[int] = []
    for found in fields(memoryview(data)):
        size = found.end - found.start
        slot = MESSAGES[kind].get(found.number)
        payload = len(found.value) if isinstance(found.value, memoryview) else 0
        head = range(at + found.start, at + found.start + size - payload)
        out += head
        if slot and slot.kind in MESSAGES and isinstance(found.value, memoryview):
            out += structure(bytes(found.value), slot.kind, head.stop)
        elif payload < LONG:
            out += range(head.stop, head.stop + payload)
    return out


def tree_of(data: bytes, kind: str = "Model") -> Tree:
    """The fields of a message, nested where the table of messages knows them."""
    out: Tree = []
    for found in fields(memoryview(data)):
        slot = MESSAGES[kind].get(found.number)
        value: Any = found.value if isinstance(found.value, int) else bytes(found.value)
        nested = slot is not None and slot.kind in MESSAGES and isinstance(value, bytes)
        out.append([found.number, found.wire, tree_of(value, slot.kind) if nested and slot else value])
    return out


def encoded(tree: Tree) -> bytes:
    """The bytes of a tree; lengths are right again.

    >>> encoded(tree_of(b"\\x08\\x0a"))
    b'\\x08\\n'
    """
    out = bytearray()
    for number, wire, value in tree:
        out += encode_varint((number << 3 | wire) % 2**64)
        if isinstance(value, int):
            out += encode_varint(value % 2**64)
        else:
            payload = value if isinstance(value, bytes) else encoded(value)
            out += payload if wire in (FIXED32, FIXED64) else encode_varint(len(payload)) + payload
    return bytes(out)


def tree_changed(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Fields doubled, lost, exchanged, renumbered, given wild values, or taken from another file."""
    tree, donor = tree_of(data), tree_of(other)
    for _ in range(rng.choice([1, 1, 2, 8])):
        siblings = rng.choice(_lists(tree))
        at = rng.randrange(len(siblings))
        change = rng.randrange(8)
        if change == 0:
            siblings.insert(at, deepcopy(siblings[rng.randrange(len(siblings))]))
        elif change == 1 and len(siblings) > 1:
            del siblings[at]
        elif change == 2:
            siblings[at][0] = rng.choice([rng.randint(1, 30), 2**28])
        elif change == 3:
            siblings.insert(at, deepcopy(rng.choice(rng.choice(_lists(donor)))))
        elif change == 4:
            rng.shuffle(siblings)
        else:
            siblings[at] = [siblings[at][0], *_wild(rng, siblings[at][1], siblings[at][2])]
    return encoded(tree)


def _lists(tree: Tree) -> list[Tree]:
    """All lists of fields that have some."""
    inner = [each for _, _, value in tree if isinstance(value, list) for each in _lists(value)]
    return [tree, *inner] if tree else inner


def _wild(rng: random.Random, wire: int, value: Any) -> tuple[int, Any]:
    if isinstance(value, int):
        return (VARINT, rng.choice([*WILD, value + 1, value - 1])) if rng.random() < 0.9 else (BYTES, b"\x01")
    if wire in (FIXED32, FIXED64):
        return wire, rng.randbytes(len(value)) if isinstance(value, bytes) else value
    if isinstance(value, list):
        return BYTES, rng.choice([[], value + value, encoded(value)[:-1]])
    cut = value[: rng.randrange(len(value) + 1)]
    return BYTES, rng.choice([cut, value + value[:9], rng.choice(TEXTS).encode(), rng.randbytes(9)])


def card_changed(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Another value, key or bracket somewhere in the JSON of the card; the graph stays sound."""
    tree = tree_of(data)
    for entry in tree:
        if entry[0] == 14 and entry[2][0][2] == KEY.encode():
            text = entry[2][1][2].decode()
            entry[2][1][2] = rng.choice([_json_changed, _json_changed, _text_changed])(rng, text).encode(
                "utf-8", "replace"
            )
    return encoded(tree)


def _json_changed(rng: random.Random, text: str) -> str:
    """One value of the JSON is another, in one of the ways in which JSON can hurt."""
    raw = json.loads(text)
    owner: Any = raw
    while True:
        key = rng.choice(list(owner) if isinstance(owner, dict) else range(len(owner)))
        if not (isinstance(owner[key], dict | list) and owner[key] and rng.random() < 0.8):
            break
        owner = owner[key]
    if rng.random() < 0.1 and isinstance(owner, dict):
        del owner[key]
        return json.dumps(raw)
    owner[key] = "@@"
    values = [
        str(rng.choice(WILD)),
        json.dumps(rng.choice(TEXTS)),
        "NaN",
        "1e999",
        "-Infinity",
        "9" * 5000,
        "1.5",
        "null",
    ]
    values += [
        "[" * 900 + "]" * 900,
        "[]",
        "{}",
        "true",
        '"\\ud800"',
        "[[1]]",
        "[1, [2]]",
        '{"a": 1, "a": 2}',
        "1e-400",
        "0.0",
    ]
    return json.dumps(raw).replace('"@@"', rng.choice(values), 1)


def _text_changed(rng: random.Random, text: str) -> str:
    at, size = rng.randrange(len(text)), rng.randint(1, 9)
    return rng.choice(
        [text[:at], text[:at] + text[at + size :], text[:at] + rng.choice(TEXTS) + text[at:], text[:at] + text]
    )
