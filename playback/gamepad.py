"""Gamepads: stick, cross and buttons press the keys of a seat, so everything else knows keys alone.

The first pad plays for the first person, the second for the second. Stick or cross steer; any of the front buttons fires, jumps or
flaps (the title's key for that); the start button pauses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .keyboard import Keyboard
from .pg import pygame

DEAD = 0.5  # of a stick's way that is no direction yet
START_BUTTONS = (7, 9)  # on most pads
WAYS = ("left", "right", "up", "down")
Pad = Mapping[str, int]  # way or "fire" -> key code


class Gamepads:
    """All pads that are plugged in, now or later. `hear` every event."""

    def __init__(self, keyboard: Keyboard, people: Sequence[Pad]) -> None:
        """`people` says which keys each person's pad presses."""
        self._keyboard, self._people = keyboard, people
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        self._held: dict[tuple[int, str], int] = {}  # (pad, control) -> key
        pygame.joystick.init()

    def hear(self, event: pygame.event.Event) -> int | None:
        """Turns an event of a pad into keys; returns the key that it pressed, if it did."""
        if event.type == pygame.JOYDEVICEADDED:
            pad = pygame.joystick.Joystick(event.device_index)
            self._pads[pad.get_instance_id()] = pad
        elif event.type == pygame.JOYDEVICEREMOVED:
            self._pads.pop(event.instance_id, None)
            for control in [control for control in self._held if control[0] == event.instance_id]:
                self._let_go(control)
        elif event.type == pygame.JOYAXISMOTION and event.axis < 2:
            ways = WAYS[:2] if event.axis == 0 else WAYS[2:]
            return self._steer(event.instance_id, "stick", ways, event.value)
        elif event.type == pygame.JOYHATMOTION:
            x, y = event.value
            pressed = (
                self._steer(event.instance_id, "hat", WAYS[:2], x),
                self._steer(event.instance_id, "hat", WAYS[2:], -y),
            )
            return pressed[0] or pressed[1]
        elif event.type == pygame.JOYBUTTONDOWN:
            return (
                pygame.K_p
                if event.button in START_BUTTONS
                else self._push((event.instance_id, f"button {event.button}"), "fire")
            )
        elif event.type == pygame.JOYBUTTONUP:
            self._let_go((event.instance_id, f"button {event.button}"))
        return None

    def _steer(self, pad: int, part: str, ways: Sequence[str], value: float) -> int | None:
        wanted = ways[0] if value < -DEAD else ways[1] if value > DEAD else ""
        pressed = None
        for way in ways:
            control = pad, f"{part} {way}"
            if way != wanted:
                self._let_go(control)
            elif control not in self._held:
                pressed = self._push(control, way)
        return pressed

    def _push(self, control: tuple[int, str], meaning: str) -> int | None:
        keys = self._keys_of(control[0])
        if meaning not in keys:
            return None
        self._held[control] = keys[meaning]
        self._keyboard.press(keys[meaning])
        return keys[meaning]

    def _let_go(self, control: tuple[int, str]) -> None:
        key = self._held.pop(control, None)
        if key is not None and key not in self._held.values():
            self._keyboard.release(key)

    def _keys_of(self, pad: int) -> Pad:
        """Pads are numbered in the order in which they came."""
        order = sorted({*self._pads, pad})
        return self._people[order.index(pad) % len(self._people)] if self._people else {}
