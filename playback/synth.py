"""Sounds made of numbers: short tones with a falling pitch or a run of notes, so that no sound file is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RATE = 22050  # samples a second
ATTACK = 0.004  # seconds in which a note comes, and at least goes: shorter ones click
Wave = Literal["sine", "triangle", "square", "noise"]


@dataclass(frozen=True)
class Tone:
    """A wave that glides from one pitch to another, in hertz, and dies away; `notes` repeats it, shifted by semitones."""

    wave: Wave
    start: float
    end: float
    seconds: float
    loud: float = 0.5  # peak, 0 to 1
    notes: tuple[int, ...] = (0,)


def samples(tone: Tone) -> NDArray[np.float32]:
    """(n,) float32 in [-1, 1], at `RATE`; the same at every call."""
    length = round(RATE * tone.seconds / len(tone.notes))
    ring = np.geomspace(1.0, 0.02, length)  # how a note dies away
    ramp = np.minimum(1.0, np.arange(length) / (RATE * ATTACK))
    pieces = []
    for semitones in tone.notes:
        pitch = np.geomspace(tone.start, tone.end, length) * 2 ** (semitones / 12)
        pieces.append(_WAVES[tone.wave](np.cumsum(pitch) / RATE) * ring * np.minimum(ramp, ramp[::-1]))
    whole = np.concatenate(pieces)
    return np.asarray(tone.loud * whole / np.abs(whole).max(), np.float32)


def _sine(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * turns))


def _triangle(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(4 * np.abs((turns + 0.75) % 1 - 0.5) - 1)


def _square(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """With rounded corners, which is easier on the ear."""
    return np.asarray(np.tanh(4 * np.sin(2 * np.pi * turns)))


def _noise(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance, joined by straight lines at the pitch: the lower, the darker."""
    heights = np.random.default_rng(0).uniform(-1, 1, int(turns[-1] * 2) + 3)
    return np.interp(turns * 2, np.arange(len(heights)), heights)


_WAVES = {"sine": _sine, "triangle": _triangle, "square": _square, "noise": _noise}
