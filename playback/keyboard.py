"""Which keys are down, and what they mean in each seat: what a window tells to the people who play."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import UserError
from ..games.contract import Spec, key_constant, keys_of
from .pg import pygame

LEFT_HAND = {"up": "w", "down": "s", "left": "a", "right": "d", "space": "lshift", "return": "lctrl"}
Chord = tuple[int, ...]  # key codes that are held together


class Keyboard:
    """The keys that are down, in the order in which they were pressed. A tap shorter than a tick still counts for one."""

    def __init__(self) -> None:
        self._down: dict[int, None] = {}
        self._tapped: dict[int, None] = {}

    def press(self, key: int) -> None:
        self._down.pop(key, None)
        self._down[key] = self._tapped[key] = None

    def release(self, key: int) -> None:
        self._down.pop(key, None)

    def release_all(self) -> None:
        self._down.clear()
        self._tapped.clear()

    def end_tick(self) -> None:
        self._tapped.clear()

    def held(self) -> list[int]:
        """Key codes, oldest first; those pressed in this tick are the newest, released or not."""
        return [key for key in self._down if key not in self._tapped] + list(self._tapped)


class Bindings:
    """The chords of one seat: key codes -> an action of the rules (field directions).

    `pad` tells a gamepad which key stands for "left", "right", "up", "down" and "fire", as far as the title has them.
    """

    def __init__(self, chords: Mapping[Chord, int], pad: Mapping[str, int] | None = None) -> None:
        self.chords, self.pad = dict(chords), dict(pad or {})
        self.keys = frozenset(key for chord in chords for key in chord)

    def actions(self, held: list[int]) -> list[int]:
        """The actions of all chords that are held: the largest chord first, the newest of equals before the others."""
        ranked = [
            (len(chord), max(held.index(key) for key in chord), action)
            for chord, action in self.chords.items()
            if all(key in held for key in chord)
        ]
        return [action for _, _, action in sorted(ranked, reverse=True)]

    def action(self, held: list[int]) -> int | None:
        """The first of these; None when no key of this seat is down."""
        return next(iter(self.actions(held)), None)

    def describe(self, actions: tuple[str, ...]) -> str:
        """The keys in words, one by one: "left A, jump W, together for both"."""
        words: dict[int, list[str]] = {}
        for chord, action in self.chords.items():
            if len(chord) == 1:
                words.setdefault(action, []).append(pygame.key.name(chord[0]).title())
        told = [f"{actions[action]} {' or '.join(keys)}" for action, keys in words.items()]
        return ", ".join(told + ["together for both"] * any(len(chord) > 1 for chord in self.chords))


def bindings_for(spec: Spec, seats: list[int]) -> dict[int, Bindings]:
    """Keys for the people in some seats: one person has both hands of the keyboard, two share it, left seat on the left."""
    if not spec.keys:
        raise UserError(
            f"{spec.name} names no keys, so people cannot play it; add keys to its SPEC, or use `npckit watch`."
        )
    if len(seats) > 2:
        raise UserError(f"two people fit at one keyboard; got {len(seats)} seats.")
    if len(seats) == 1:
        chords = {**_chords(spec, seats[0], LEFT_HAND), **_chords(spec, seats[0], {})}
        return {seats[0]: Bindings(chords, _pad(spec, {}))}
    return {
        seat: Bindings(_chords(spec, seat, hand), _pad(spec, hand))
        for seat, hand in zip(sorted(seats), (LEFT_HAND, {}), strict=True)
    }


def _chords(spec: Spec, seat: int, hand: Mapping[str, str]) -> dict[Chord, int]:
    """Every action of the seat's role that has keys; a chord is written "left+space"."""
    names = spec.actions_of(spec.roles[seat])
    chords = {}
    for action, keys in spec.keys.items():
        if action in names:
            parts = [hand.get(part, part) for part in keys_of(keys)]
            chords[tuple(_code(spec, part) for part in parts)] = names.index(action)
    return chords


def _pad(spec: Spec, hand: Mapping[str, str]) -> dict[str, int]:
    """The keys that a gamepad presses; its buttons fire, or jump where nothing fires."""
    used = {part for keys in spec.keys.values() for part in keys_of(keys)}
    fire = next((key for key in ("space", "return", "up") if key in used), "")
    meant = {way: way for way in ("left", "right", "up", "down") if way in used} | ({"fire": fire} if fire else {})
    return {meaning: _code(spec, hand.get(key, key)) for meaning, key in meant.items()}


def _code(spec: Spec, key: str) -> int:
    code: int | None = getattr(pygame, key_constant(key), None)
    if code is None:
        raise UserError(f"{spec.name} names a key {key!r} that pygame does not know; mend `keys` in its SPEC.")
    return code
