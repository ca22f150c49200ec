"""What a title is: a `Spec` (facts), a state record (NumPy dtype) and a handful of rules, joined in a `Game`.

Units: shapes and positions are integers in 1/256 of a field cell (`CELL`), x to the right, y down; time is in ticks.
A seat is a place for a player; a role is a kind of seat; seats of one team share their margin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UserError

CELL = 256  # sub-pixels in one field cell
SPECTATOR = -1  # the seat of an onlooker, who sees everything

i4, i8, u8, f4 = np.int32, np.int64, np.uint64, np.float32
Rule = Callable[..., Any]
FieldType = Any  # a scalar type, or (scalar type, length or shape)


def record(**fields: FieldType) -> np.dtype[Any]:
    """The dtype of a state: named fields, each a scalar type or `(type, shape)`, in C's alignment.

    The gaps between them become fields of their own, because NumPy does not copy bytes that no field names, and a state's
    bytes are its hash.

    >>> record(tick=i4, rng=u8, score=(i4, 2)).names
    ('tick', '_gap4', 'rng', 'score')
    """
    plain = np.dtype(
        [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in fields.items()], align=True
    )
    layout, end = [], 0
    for name, place in (plain.fields or {}).items():
        kind, start = place[:2]
        layout += [*_gap(end, start), (name, kind, start)]
        end = start + kind.itemsize
    names, formats, offsets = zip(*layout, *_gap(end, plain.itemsize), strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": plain.itemsize}, align=True)


def _gap(start: int, end: int) -> list[tuple[str, Any, int]]:
    return [(f"_gap{start}", np.dtype((np.int8, end - start)), start)] if end > start else []


def rule(function: Rule) -> Rule:
    """Marks a function of a title that the batch compiles. Called directly it is ordinary Python."""
    function.is_rule = True  # type: ignore[attr-defined]
    return function


Scale = float | Mapping[int | str, float]  # by seat count or by role, where that matters
PerRole = tuple[str, ...] | Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The facts of a title. Names and numbers only; `check_game` says in a sentence what does not fit."""

    name: str
    version: int  # rises whenever a golden hash changes
    seats: int | tuple[int, ...]  # allowed seat counts, the largest sizes the state
    roles: tuple[str, ...]  # one for each seat
    teams: tuple[int, ...]  # one for each seat, 0-based
    actions: PerRole  # action names, or {role: names}
    features: PerRole  # feature names, or {role: names}
    planes: tuple[str, ...]  # the inks that become planes, in order
    field: tuple[int, int]  # (width, height) in cells
    grid: tuple[int, int]  # (width, height) of a plane
    tick_rate: int = 60  # ticks per second
    decision_ticks: int = 4  # a policy decides once in so many ticks
    max_ticks: int = 3600  # the batch truncates here
    mirror: str = ""  # axes in which every team but the first sees the field reversed: "", "x", "y" or "xy"
    mirror_actions: PerRole | None = None  # what each action is called in the mirrored view; None: the same
    max_shapes: int = 32
    sprites: tuple[tuple[str, ...], ...] = ()  # bitmaps as rows of "#" and ".", at most 16 x 16
    events: tuple[str, ...] = ()  # names of the bits of `state.events`
    effects: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # event -> how it sounds and looks, a name in `playback.effects`; an event that bears such a name needs no entry
    keys: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # action name -> key name, for people (pygame's names)
    seat_names: tuple[str, ...] = ()  # what people call the seats: left, right
    score_random: Scale = 0.0  # mean score of a random player: perf 0
    score_reference: Scale = 1.0  # score that counts as mastery: perf 1
    summary: str = ""  # one line for `npckit games`

    @property
    def seat_counts(self) -> tuple[int, ...]:
        return (self.seats,) if isinstance(self.seats, int) else tuple(self.seats)

    @property
    def max_seats(self) -> int:
        return max(self.seat_counts)

    def actions_of(self, role: str) -> tuple[str, ...]:
        return _of_role(self.actions, role)

    def features_of(self, role: str) -> tuple[str, ...]:
        return _of_role(self.features, role)

    def seat_index(self, seat: int | str) -> int:
        """The index of a seat given by number or name; a UserError names the seats there are."""
        names = self.seat_names or tuple(str(i) for i in range(self.max_seats))
        if str(seat) in names:
            return names.index(str(seat))
        if str(seat).isdigit() and int(seat) < self.max_seats:
            return int(seat)
        raise UserError(f"{self.name} has no seat {seat!r}; its seats are {', '.join(names)}.")

    def role_named(self, name: str) -> str:
        """A role by name, the first for an empty one; a UserError names the roles there are."""
        if name and name not in self.roles:
            raise UserError(f"{self.name} has no role {name!r}; its roles are {', '.join(dict.fromkeys(self.roles))}.")
        return name or self.roles[0]

    def seat_count(self, seats: int = 0) -> int:
        """So many seats, the most for 0; a UserError says with how many the title is played."""
        if seats and seats not in self.seat_counts:
            raise UserError(f"{self.name} is played with {' or '.join(map(str, self.seat_counts))} seats; got {seats}.")
        return seats or self.max_seats

    def sides(self, role: str, seats: int = 0) -> list[list[int]]:
        """The seats of a role, those of one team together; `seats` is how many are played, 0 for the most."""
        places = [place for place in range(seats or self.max_seats) if self.roles[place] == role]
        return [
            [place for place in places if self.teams[place] == team]
            for team in dict.fromkeys(self.teams[p] for p in places)
        ]

    def action_index(self, role: str, action: str) -> int:
        names = self.actions_of(role)
        if action not in names:
            raise UserError(f"{self.name} has {len(names)} actions ({', '.join(names)}); got {action!r}.")
        return names.index(action)

    def is_mirrored(self, seat: int) -> bool:
        """Whether this seat sees the field reversed, so that every seat of a role sees itself the same way."""
        return bool(self.mirror) and seat != SPECTATOR and self.teams[seat] > 0

    def field_action(self, seat: int, action: int) -> int:
        """Turns a seat-relative action into the rules' own, and back: the mirror undoes itself."""
        if self.mirror_actions is None or not self.is_mirrored(seat):
            return action
        role = self.roles[seat]
        return self.action_index(role, _of_role(self.mirror_actions, role)[action])

    def perf(self, score: Any, seats: int = 0, role: str = "") -> Any:
        """Scores on a scale of 0 (random) to 1 (the card's reference), comparable across titles; a number or an array.

        `seats` is how many are played, where the title allows several counts, 0 for the most; `role` is whose score it is,
        empty for the first seat's.
        """
        ends = (self.score_random, self.score_reference)
        low, high = (_on_scale(end, seats or self.max_seats, role or self.roles[0]) for end in ends)
        perf = np.clip((score - low) / (high - low), 0.0, 1.0)
        return perf if isinstance(score, np.ndarray) else float(perf)


def keys_of(chord: str) -> list[str]:
    """The keys of `Spec.keys` that are held together for an action.

    >>> keys_of("left+space"), keys_of("+")
    (['left', 'space'], ['+'])
    """
    return chord.split("+") if len(chord) > 1 else [chord]


def key_constant(key: str) -> str:
    """pygame's constant for a key of `Spec.keys`; looking it up by name would need an open display.

    >>> key_constant("up"), key_constant("w")
    ('K_UP', 'K_w')
    """
    return f"K_{key if len(key) == 1 else key.upper()}"


def _on_scale(value: Scale, seats: int, role: str) -> float:
    if not isinstance(value, Mapping):
        return value
    return value[seats] if seats in value else value[role]


def _of_role(per_role: PerRole, role: str) -> tuple[str, ...]:
    return tuple(per_role[role]) if isinstance(per_role, Mapping) else tuple(per_role)


@dataclass(frozen=True, kw_only=True, eq=False)
class Game:
    """A title: facts, state and rules. `bots` maps level -> rule, or level -> {role: rule}, easiest first.

    reset(state, seed)                    fills every field of a zeroed state; `state.seats` is set before if there is one
    step(state, actions, rewards) -> bool one tick in place, adds to `rewards`; True at the natural end
    draw(state, seat, frame)              appends shapes to the display list; SPECTATOR sees all
    features(state, seat, out)            fills float32 in [-1, 1], seat-relative
    legal(state, seat, out)               optional: 1 for each action that is allowed, 0 for the others
    bot(features, mask, memory) -> int    sees what an agent in that seat sees; `memory` is a record of its own

    `potentials`: for a role whose rewards come seldom, how well it stands: (rows, n) features, its own and then those that seats of
    other teams perceive, -> (rows,).
    Training may add the change of that to the reward (Ng, Harada & Russell 1999), which leaves what is best to do as it is.
    """

    spec: Spec
    state: np.dtype[Any]
    reset: Rule
    step: Rule
    draw: Rule
    features: Rule
    legal: Rule | None = None
    bots: Mapping[str, Rule | Mapping[str, Rule]] = dataclasses.field(default_factory=dict)
    memory: np.dtype[Any] = dataclasses.field(default_factory=lambda: record(rng=u8))
    potentials: Mapping[str, Callable[[Any], Any]] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def hardest(self) -> str:
        """The strongest scripted player, chance where there is none."""
        return [*self.bots, "random"][max(len(self.bots) - 1, 0)]

    def bot(self, level: str, role: str) -> Rule:
        """The scripted player of a level for a role; a UserError names the levels there are."""
        if level not in self.bots:
            raise UserError(f"{self.name} has no bot {level!r}; its bots are {', '.join(self.bots) or 'none'}.")
        by_role = self.bots[level]
        return by_role[role] if isinstance(by_role, Mapping) else by_role
