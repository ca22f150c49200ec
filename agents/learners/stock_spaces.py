"""What the readable JSON of a stock zip tells of its spaces: boxes of numbers, and how many actions there are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from ...errors import UserError
from ..card import MAX_ELEMENTS

_NUMBER = re.compile(r"[-+]?(?:inf|nan|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)")
_BOX = re.compile(r"Box\((\S+), (\S+), \(([\d, ]+)\), (\w+)\)")
_DICT = re.compile(r"\{(?:'[^']{1,80}': Box\([^()]*\([\d, ]+\), \w+\)(?:, |(?=\})))+\}")
_ITEM = re.compile(r"'([^']{1,80})': (Box\([^()]*\([\d, ]+\), \w+\))")
_HINT = "change it in the environment (a wrapper of Gymnasium) and train again, or use export_module"


@dataclass(frozen=True)
class Box:
    """An observation: (*shape) numbers of a NumPy dtype, in low..high as far as that can be read."""

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float

    @property
    def is_image(self) -> bool:
        """What Stable-Baselines3 takes for one, and divides by 255 unless told otherwise."""
        return len(self.shape) == 3 and self.dtype == "uint8" and (self.low, self.high) == (0, 255)


def boxes_of(told: Any) -> dict[str, Box]:
    """The parts of an observation space, in the order in which they are joined: one named obs, or those of a Dict."""
    kind = _kind(told)
    if kind == "Box":
        return {"obs": _box(told)}
    if kind != "Dict":
        raise UserError(f"it observes a {kind} space, which a card cannot tell; {_HINT}")
    text = str(told.get("spaces", ""))
    if len(text) > 10_000 or not _DICT.fullmatch(text):
        raise UserError(
            f"its Dict space is {text[:80]!r}, and only Boxes with one bound for all numbers are read; {_HINT}"
        )
    return {name: _box_text(box) for name, box in _ITEM.findall(text)}


def action_count(told: Any) -> int:
    """How many actions there are. Raises UserError for what is no Discrete space that counts from 0."""
    kind = _kind(told)
    if kind != "Discrete":
        raise UserError(f"its actions are a {kind} space, and only Discrete ones are exported")
    count, start = (str(told.get(name, default)) for name, default in (("n", ""), ("start", "0")))
    if not count.isdecimal() or not 1 <= int(count[:9]) <= 1000 or start != "0":
        raise UserError(
            f"it has {count[:20] or 'unknown'} actions from {start[:20]}, and 1 to 1000 from 0 are exported"
        )
    return int(count)


def _kind(told: Any) -> str:
    """The class of a space, from the text beside its pickle."""
    text = str(told.get(":type:", "")) if isinstance(told, dict) else ""
    found = re.fullmatch(r"<class 'gymnasium\.spaces\.(\w+)\.(\w+)'>", text[:200])
    if found is None:
        raise UserError(
            f"one of its spaces is {text[:80] or 'untold'}, which is no space of Gymnasium; save it anew with it"
        )
    return found.group(2)


def _box(told: dict[str, Any]) -> Box:
    shape = tuple(int(size) for size in re.findall(r"\d{1,9}", str(told.get("_shape", ""))[:200]))
    bounds = [_bound(told, name, pick) for name, pick in (("low", min), ("high", max))]
    return _checked(Box(shape, str(told.get("dtype", ""))[:20], *bounds))


def _bound(told: dict[str, Any], name: str, pick: Any) -> float:
    """The least or greatest number that is told of a bound: long arrays show their corners alone."""
    for text in (told.get(f"{name}_repr"), told.get(name)):
        numbers = (
            [float(number) for number in _NUMBER.findall(str(text)[:100_000])] if text not in (None, "None") else []
        )
        if numbers:
            return float(pick(numbers))
    return -math.inf if name == "low" else math.inf


def _box_text(text: str) -> Box:
    found = _BOX.fullmatch(text)
    if found is None:
        raise UserError(f"its space {text[:80]!r} has a bound for each number; {_HINT}")
    low, high, shape, dtype = found.groups()
    try:
        bounds = float(low), float(high)
    except ValueError:
        raise UserError(f"its space {text[:80]!r} has odd bounds; {_HINT}") from None
    return _checked(Box(tuple(int(size[:9]) for size in re.findall(r"\d+", shape)), dtype, *bounds))


def _checked(box: Box) -> Box:
    if len(box.shape) not in (1, 3) or not all(box.shape) or math.prod(box.shape) > MAX_ELEMENTS:
        raise UserError(
            f"it observes boxes of shape {box.shape}, where a card tells (numbers,) or (channels, height, width); {_HINT}"
        )
    if not re.fullmatch(r"(float|u?int)(8|16|32|64)", box.dtype):
        raise UserError(f"it observes {box.dtype[:20]!r} numbers, which are not understood; {_HINT}")
    return box
