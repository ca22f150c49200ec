"""How events sound and look: a catalogue that titles choose from by name, in `Spec.effects`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..errors import UserError
from ..games.contract import Spec
from .synth import Tone

Place = Literal["gone", "turned", "new"]  # whatever has left the picture, has changed its course, has come into it


@dataclass(frozen=True)
class Effect:
    """One event's worth of sound, sparks and shake."""

    tone: Tone
    sparks: int = 0
    place: Place = "gone"  # of the sparks
    shake: float = 0.0  # field cells


CATALOGUE: Mapping[str, Effect] = MappingProxyType(
    {
        "tick": Effect(Tone("sine", 660, 620, 0.04, loud=0.25)),
        "step": Effect(Tone("noise", 500, 200, 0.05, loud=0.18)),
        "wing": Effect(Tone("triangle", 330, 620, 0.09, loud=0.45)),
        "jump": Effect(Tone("triangle", 180, 420, 0.12, loud=0.45)),
        "knock": Effect(Tone("square", 440, 430, 0.07, loud=0.4), sparks=7, place="turned", shake=0.06),
        "bounce": Effect(Tone("square", 240, 235, 0.05, loud=0.25), sparks=3, place="turned"),
        "pop": Effect(Tone("triangle", 700, 1100, 0.08, loud=0.5), sparks=12, shake=0.06),
        "pick": Effect(Tone("triangle", 620, 620, 0.14, loud=0.45, notes=(0, 7)), sparks=14),
        "shot": Effect(Tone("square", 900, 180, 0.14, loud=0.35), sparks=5, place="new", shake=0.05),
        "thud": Effect(Tone("noise", 900, 90, 0.22, loud=0.7), sparks=18, shake=0.35),
        "boom": Effect(Tone("noise", 2400, 60, 0.5, loud=0.9), sparks=40, shake=0.6),
        "alarm": Effect(Tone("square", 660, 660, 0.6, loud=0.4, notes=(0, 5, 0, 5)), sparks=20, shake=0.2),
        "point": Effect(Tone("triangle", 520, 520, 0.24, loud=0.5, notes=(0, 4, 7)), sparks=26, shake=0.3),
        "lost": Effect(Tone("triangle", 440, 440, 0.45, loud=0.5, notes=(0, -3, -7)), sparks=26, shake=0.4),
        "fanfare": Effect(Tone("triangle", 523, 523, 0.7, loud=0.5, notes=(0, 4, 7, 12, 7, 12)), sparks=40),
    }
)


def effects_of(spec: Spec) -> tuple[Effect, ...]:
    """The effect of every event, in the order of their bits; a UserError names an entry that is wrong."""
    for event, name in spec.effects.items():
        if event not in spec.events:
            raise UserError(f"{spec.name} gives an effect to {event!r}; its events are {', '.join(spec.events)}.")
        if name not in CATALOGUE:
            raise UserError(f"{spec.name} names an effect {name!r} that is not one of {', '.join(CATALOGUE)}.")
    names = [spec.effects.get(event, event) for event in spec.events]
    return tuple(CATALOGUE.get(name, CATALOGUE["tick"]) for name in names)
