"""The card of a policy file: which game, role and observation it plays, and how it was trained. Plain JSON, format 1.

Stacking: a stacked observation is the last `stack` frames joined along axis 0, oldest first; at the start of an episode
every slot holds the first. Features (n,) -> (k*n,), planes (r, h, w) -> (k*r, h, w), pixels (1, h, w) -> (k, h, w).
"""

import dataclasses
import json
import math
import reprlib
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from ..errors import UserError

FORMAT = 1
KINDS = {"features": ("obs",), "planes": ("obs",), "pixels": ("obs",), "both": ("features", "planes")}
MAX_ELEMENTS = 16 * 2**20  # of one stacked observation, or of one recurrent state
MAX_TEXT = 2**20
MAX_DEPTH = 32  # of lists and objects in each other


def _need(ok: bool, sentence: str) -> None:
    if not ok:
        raise UserError(f"card: {sentence}")


def _number(name: str, value: Any, low: int, high: int) -> None:
    ok = type(value) is int and low <= value <= high
    _need(ok, f"{name} must be a whole number from {low} to {high}, not {reprlib.repr(value)}")


def _text(name: str, value: Any) -> None:
    ok = isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()
    _need(ok, f"{name} must be a text of 1 to 200 printable characters, not {reprlib.repr(value)}")


def _texts(name: str, value: Any, low: int, high: int) -> None:
    ok = isinstance(value, tuple) and low <= len(value) <= high
    _need(ok, f"{name} must be a list of {low} to {high} texts, not {reprlib.repr(value)}")
    for text in value:
        _text(f"an entry of {name}", text)
    _need(len(set(value)) == len(value), f"{name} must not repeat a name")


def _shape(name: str, value: Any) -> None:
    ok = isinstance(value, tuple) and 1 <= len(value) <= 8
    _need(ok, f"{name} must be a list of 1 to 8 sizes, not {reprlib.repr(value)}")
    for size in value:
        _number(f"a size in {name}", size, 1, MAX_ELEMENTS)
    _need(math.prod(value) <= MAX_ELEMENTS, f"{name} has over {MAX_ELEMENTS} elements")


def _free(name: str, value: Any) -> None:
    _need(isinstance(value, dict), f"{name} must be a JSON object, not {reprlib.repr(value)}")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One input of the graph, as one unstacked frame. Raises UserError where a field is out of bounds."""

    name: str  # graph input: "obs", or "features" and "planes" for kind "both"
    frame_shape: tuple[int, ...]
    dtype: str  # "float32" or "uint8"
    low: float
    high: float
    names: tuple[str, ...] = ()  # of the features, or of the planes

    def __post_init__(self) -> None:
        _text("a part's name", self.name)
        _shape(f"frame_shape of {self.name}", self.frame_shape)
        _need(self.dtype in ("float32", "uint8"), f"dtype of {self.name} must be float32 or uint8")
        bounds = [b for b in (self.low, self.high) if type(b) in (int, float) and abs(b) < 1e30]
        _need(len(bounds) == 2 and self.low < self.high, f"low and high of {self.name} must be numbers, low below high")
        _need(
            self.dtype == "float32" or 0 <= self.low < self.high <= 255, f"{self.name} is uint8: low and high in 0-255"
        )
        _texts(f"names of {self.name}", self.names, 0, 10_000)
        _need(len(self.names) in (0, self.frame_shape[0]), f"{self.name} needs {self.frame_shape[0]} names, or none")

    def stacked_shape(self, stack: int) -> tuple[int, ...]:
        """The shape of one row of the graph's input.

        >>> Part(name="obs", frame_shape=(1, 84, 84), dtype="uint8", low=0, high=255).stacked_shape(4)
        (4, 84, 84)
        """
        return (stack * self.frame_shape[0], *self.frame_shape[1:])


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a policy sees: its kind, its parts in the graph's order, and how many frames are stacked."""

    kind: str  # features, planes, pixels or both
    parts: tuple[Part, ...]
    stack: int = 1

    def __post_init__(self) -> None:
        _need(self.kind in list(KINDS), f"kind must be one of {', '.join(KINDS)}, not {reprlib.repr(self.kind)}")
        parts = isinstance(self.parts, tuple) and all(isinstance(part, Part) for part in self.parts)
        names = tuple(part.name for part in self.parts) if parts else None
        _need(names == KINDS[self.kind], f"observation {self.kind} has the parts {', '.join(KINDS[self.kind])}")
        _number("stack", self.stack, 1, 64)
        for part in self.parts:
            _need(len(part.frame_shape) == self._rank(part), f"{part.name} of {self.kind} has {self._rank(part)} axes")
            _shape(f"the stacked {part.name}", part.stacked_shape(self.stack))
            _need(self.kind != "pixels" or part.frame_shape[0] == 1, "a frame of pixels is (1, height, width)")

    def _rank(self, part: Part) -> int:
        return 1 if "features" in (self.kind, part.name) else 3


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything play needs to know of a policy. Raises UserError where a field is missing, odd or out of bounds."""

    npckit: str  # the version that wrote the file
    game: str
    rules_version: int
    role: str
    observation: Observation
    actions: tuple[str, ...]
    decision_ticks: int  # a decision is held this many ticks
    tick_rate: int  # ticks a second
    output: str  # "logits" or "q": the graph's output of that name, float32 (n, actions)
    temperature: float = 0.0  # 0: it plays its best action; above: one drawn by softmax(scores / temperature)
    recurrent: tuple[tuple[str, tuple[int, ...]], ...] = ()  # float32 input NAME (n, *shape), output NAME_out
    training: dict[str, Any] = field(default_factory=dict)
    skill: dict[str, Any] = field(default_factory=dict)
    ratings: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        _number("format", self.format, FORMAT, FORMAT)
        for name in ("npckit", "game", "role"):
            _text(name, getattr(self, name))
        _number("rules_version", self.rules_version, 0, 1_000_000)
        _need(isinstance(self.observation, Observation), "observation must be an object")
        _texts("actions", self.actions, 1, 1000)
        _number("decision_ticks", self.decision_ticks, 1, 1000)
        _number("tick_rate", self.tick_rate, 1, 1000)
        _need(self.output in ("logits", "q"), f"output must be logits or q, not {reprlib.repr(self.output)}")
        warm = type(self.temperature) in (int, float) and 0 <= self.temperature <= 1000
        _need(warm, f"temperature must be a number from 0 to 1000, not {reprlib.repr(self.temperature)}")
        self._check_recurrent()
        for name in ("training", "skill", "ratings"):
            _free(name, getattr(self, name))

    def _check_recurrent(self) -> None:
        pairs = isinstance(self.recurrent, tuple) and all(isinstance(p, tuple) and len(p) == 2 for p in self.recurrent)
        _need(pairs, "recurrent must be a list of [name, shape]")
        _texts("the names in recurrent", tuple(name for name, _ in self.recurrent), 0, 16)
        for name, shape in self.recurrent:
            _shape(f"recurrent {name}", shape)
        names = [*KINDS[self.observation.kind], *(name for name, _ in self.recurrent), *self.output_names()]
        _need(len(set(names)) == len(names), "the names in recurrent must differ from the other inputs and outputs")

    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """The graph's inputs, observation first, and the shape of one row of each."""
        stack = self.observation.stack
        seen = {part.name: part.stacked_shape(stack) for part in self.observation.parts}
        return seen | dict(self.recurrent)

    def output_names(self) -> list[str]:
        """The graph's outputs: the scores, then the new recurrent states."""
        return [self.output, *(f"{name}_out" for name, _ in self.recurrent)]

    def to_json(self) -> str:
        """One line of JSON. Raises UserError where training, skill or ratings hold what JSON cannot."""
        try:
            return json.dumps(dataclasses.asdict(self), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise UserError(f"card: training, skill and ratings must be plain JSON ({error})") from None

    @staticmethod
    def from_json(text: str) -> "Card":
        """Read a card, strictly: an unknown format, or a missing, unknown or odd field, is a UserError."""
        raw = _parse(text)
        written = raw.get("format")
        if type(written) is int and written > FORMAT:
            raise UserError(f"card: format {written} was made by a newer npckit; upgrade: pip install -U npckit")
        _need("format" in raw, "it has no format number, so it is not an npckit card")
        seen = raw.get("observation")
        if isinstance(seen, dict):
            if isinstance(seen.get("parts"), list):
                seen["parts"] = tuple(_build(Part, part, "a part") for part in seen["parts"])
            raw["observation"] = _build(Observation, seen, "the observation")
        return _build(Card, raw, "the card")


def _parse(text: str) -> dict[str, Any]:
    """Stricter than JSON is, so that every reader of the card understands the same, and the card can be written again."""
    _need(len(text) <= MAX_TEXT, f"it is longer than {MAX_TEXT} characters")
    try:
        raw = json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_odd_number)
    except UserError:
        raise
    except (ValueError, RecursionError):
        raise UserError("card: it is not JSON; export the policy again") from None
    _need(isinstance(raw, dict), "it must be a JSON object")
    _check_depth(raw)
    return raw


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    raw = dict(pairs)
    _need(len(raw) == len(pairs), "an object of it names a field twice")
    return raw


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _odd_number(text)


def _odd_number(text: str) -> NoReturn:
    raise UserError(f"card: it holds the number {reprlib.repr(text)}, which is none")


def _check_depth(raw: Any) -> None:
    """Nothing is nested so deep that what walks over it later runs out of stack, and every text is one."""
    level, depth = [raw], 0
    while level:
        depth += 1
        _need(depth <= MAX_DEPTH, f"its lists and objects lie over {MAX_DEPTH} deep in each other")
        texts = [each for each in level if isinstance(each, str)]
        # JSON can name halves of UTF-16 pairs, which no terminal and no file takes.
        _need(all(each.isascii() or _is_text(each) for each in texts), "it holds a text that is not Unicode")
        lists = [each for each in level if isinstance(each, list)]
        objects = [each for each in level if isinstance(each, dict)]
        level = [inner for each in lists for inner in each]
        level += [inner for each in objects for pair in each.items() for inner in pair]


def _is_text(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


T = TypeVar("T", Part, Observation, "Card")


def _build(cls: type[T], raw: object, where: str) -> T:
    if not isinstance(raw, dict):
        raise UserError(f"card: {where} must be a JSON object, not {reprlib.repr(raw)}")
    fields = dataclasses.fields(cls)
    for name in raw:
        _need(name in {f.name for f in fields}, f"{where} has the unknown field {reprlib.repr(name)}")
    for f in fields:
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        _need(f.name in raw or not required, f"{where} lacks the field {f.name}")
    return cls(**{name: _tuples(value) for name, value in raw.items()})


def _tuples(value: Any) -> Any:
    """JSON lists of the schema become tuples; free objects stay as they are.

    >>> _tuples([1, [2, 3]])
    (1, (2, 3))
    """
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
