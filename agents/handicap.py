"""Handicaps: what makes a strong policy play like a person who is slower, less exact and less attentive.

A handicap is a few numbers that a level of a ladder or an adaptive opponent sets; `npckit.agents.hampered` plays by them. Its
errors are held over time, as a human's are: noise that is drawn anew in every decision makes a character tremble, and
averages out.
"""

import dataclasses
import math
import reprlib
from dataclasses import dataclass
from typing import Any

from ..errors import UserError

LIMITS = {  # name: (least, greatest)
    "delay": (0.0, 120.0),
    "aim_error": (0.0, 2.0),
    "decision_every": (1, 30),
    "inattention": (0.0, 0.9),
    "temperature": (0.0, 1000.0),
}


@dataclass(frozen=True, kw_only=True)
class Handicap:
    """How a character is held back; the default not at all. Raises UserError where a number is out of bounds.

    The first decision of an episode takes effect at once, whatever the delay: everybody sees how a match begins.

    >>> Handicap(delay=12, aim_error=0.1)
    Handicap(delay=12, aim_error=0.1, decision_every=1, inattention=0.0, temperature=0.0)
    """

    delay: float = 0.0  # ticks between seeing and doing; of a broken number, now the whole ones below and now above it
    aim_error: float = 0.0  # deviation of an error in what is seen: 1 is half the width of a feature, or of a picture
    decision_every: int = 1  # decides anew only in every so many of the policy's usual decisions
    inattention: float = 0.0  # share of time in which it goes on with what it saw last
    temperature: float = 0.0  # of noise upon the scores of the actions: 1 is a softmax of them

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value, is_whole = getattr(self, name), isinstance(low, int)
            ok = type(value) is int or (not is_whole and type(value) is float and math.isfinite(value))
            if not (ok and low <= value <= high):
                kind = "a whole number" if is_whole else "a number"
                raise UserError(f"handicap: {name} must be {kind} from {low} to {high}; got {reprlib.repr(value)}")

    def to_json(self) -> dict[str, int | float]:
        """Plain JSON, without what holds nobody back.

        >>> Handicap(delay=12).to_json()
        {'delay': 12}
        """
        return {name: getattr(self, name) for name in LIMITS if getattr(self, name) != getattr(NO_HANDICAP, name)}

    @staticmethod
    def from_json(raw: object) -> "Handicap":
        """Read strictly: another name or an odd value is a UserError.

        >>> Handicap.from_json({"delay": 12}).delay
        12
        """
        if not isinstance(raw, dict):
            raise UserError(f"handicap: it must be a JSON object, not {reprlib.repr(raw)}")
        for name in raw:
            if name not in LIMITS:
                raise UserError(f"handicap: there is no {reprlib.repr(name)}; the handicaps are {', '.join(LIMITS)}")
        return Handicap(**raw)

    def towards(self, other: "Handicap", share: float) -> "Handicap":
        """The handicap that lies a share of the way, 0 to 1, from this one to another; decisions are whole.

        >>> Handicap(delay=10).towards(Handicap(delay=20, aim_error=0.5), 0.25)
        Handicap(delay=12.5, aim_error=0.125, decision_every=1, inattention=0.0, temperature=0.0)
        """
        mixed: dict[str, Any] = {}
        for name, (low, _) in LIMITS.items():
            ours, theirs = getattr(self, name), getattr(other, name)
            value = ours + (theirs - ours) * share
            mixed[name] = round(value) if isinstance(low, int) else float(value)
        return dataclasses.replace(self, **mixed)


NO_HANDICAP = Handicap()
