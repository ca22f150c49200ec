"""The card of a stock zip: what its spaces tell, with names from a title of npckit, from flags or from a small JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..agents.card import MAX_TEXT, Card, Observation, Part
from ..agents.learners.stock_net import StockNet, input_names
from ..agents.learners.stock_spaces import Box
from ..agents.learners.stock_zip import StockZip
from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from ..games.observation import ObsSpec
from .cards import observation_told

NAMES = (
    "game",
    "role",
    "rules_version",
    "actions",
    "decision_ticks",
    "tick_rate",
    "stack",
    "low",
    "high",
    "names",
    "seats",
)
UNBOUNDED = 10.0  # how far numbers are taken to go where nobody says


def names_in(path: Path) -> dict[str, Any]:
    """The JSON file of --card. Raises UserError where it is none, or says what is no name of a card."""
    try:
        text = path.read_text(encoding="utf-8")
        told = json.loads(text[: MAX_TEXT + 1])
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not JSON; docs/export.md shows such a file.") from None
    if not isinstance(told, dict) or set(told) - {*NAMES}:
        odd = min(set(told) - {*NAMES}) if isinstance(told, dict) else "no table"
        raise UserError(f"{path} has {odd!r}; it may say {', '.join(NAMES)}.")
    return told


def title_named(name: object) -> Game | None:
    """The installed title of a name, if it is one. A folder is never meant: what a card says runs nothing."""
    return registry.load(name) if isinstance(name, str) and name in registry.names() else None


def card_of_stock(
    zipped: StockZip, network: StockNet, told: Mapping[str, Any] | None = None, game: Game | None = None
) -> Card:
    """A card for the network of a zip. `told` may hold what `NAMES` lists; a title's own names come from `game`, or from the
    installed title that `told` names. Raises UserError where they do not fit the zip."""
    told = told or {}
    game = game or title_named(told.get("game"))
    facts = _of_title(game, zipped, told) if game else _of_nobody(zipped, told)
    if len(facts["actions"]) != zipped.actions:
        raise UserError(
            f"{zipped.path} scores {zipped.actions} actions, and {len(facts['actions'])} are named; name every one."
        )
    training = {"algorithm": f"{zipped.algorithm} ({zipped.policy_class})", "samples": zipped.samples}
    return Card(
        npckit=__version__,
        output=network.output,
        recurrent=tuple(network.states.items()),
        training=training | ({"seats": told["seats"]} if "seats" in told else {}),
        **facts,
    )


def _of_title(game: Game, zipped: StockZip, told: Mapping[str, Any]) -> dict[str, Any]:
    """A title's own names; what `told` says beside them must not contradict."""
    odd = {"low", "high", "names", "actions", "rules_version", "decision_ticks", "tick_rate"} & set(told)
    if odd:
        raise UserError(
            f"{game.name} is a title of npckit, which says its {min(odd)} itself; leave it out of the card."
        )
    spec, role = game.spec, game.spec.role_named(str(told.get("role", "")))
    obs = _obs_spec(game, role, zipped, _number(told, "stack", 0))
    return {
        "game": spec.name,
        "rules_version": spec.version,
        "role": role,
        "observation": observation_told(game, role, obs),
        "actions": spec.actions_of(role),
        "decision_ticks": spec.decision_ticks,
        "tick_rate": spec.tick_rate,
    }


def _obs_spec(game: Game, role: str, zipped: StockZip, stack: int) -> ObsSpec:
    """The observation of a title that has the shapes of the zip."""
    seen = dict(zip(input_names(zipped.parts), zipped.parts.values(), strict=True))
    picture = next((box for box in seen.values() if len(box.shape) == 3), None)
    row = next((box for box in seen.values() if len(box.shape) == 1), None)
    kind = "both" if picture and row else "features" if row else "planes" if picture and picture.high == 1 else "pixels"
    size = picture.shape[1:] if kind == "pixels" and picture else (64, 64)
    shapes = [box.shape for box in (row, picture) if box]
    for count in [stack] if stack else range(1, 65):
        obs = ObsSpec(kind, count, (size[0], size[1])) if all(8 <= side <= 512 for side in size) else None
        if obs and [obs.shape(game, role, part) for part in obs.parts] == shapes:
            return obs
    raise UserError(
        f"{zipped.path} sees {' and '.join(map(str, shapes))}, which is no {kind} of {game.name} as {role}; "
        "name another title or role, or none."
    )


def _of_nobody(zipped: StockZip, told: Mapping[str, Any]) -> dict[str, Any]:
    """Names as they are told, or plain ones."""
    actions = told.get("actions", [f"action_{at}" for at in range(zipped.actions)])
    return {
        "game": told.get("game") or zipped.path.stem,
        "rules_version": told.get("rules_version", 0),
        "role": told.get("role") or "player",
        "observation": _observation(zipped, told),
        "actions": tuple(actions) if isinstance(actions, list) else actions,
        "decision_ticks": told.get("decision_ticks", 1),
        "tick_rate": told.get("tick_rate", 60),
    }


def _observation(zipped: StockZip, told: Mapping[str, Any]) -> Observation:
    stack, names = _number(told, "stack", 1) or 1, input_names(zipped.parts)
    parts = [_part(name, box, stack, told) for name, box in zip(names, zipped.parts.values(), strict=True)]
    if len(parts) > 1:
        return Observation(kind="both", parts=tuple(sorted(parts, key=lambda part: part.name)), stack=stack)
    rank, depth = len(parts[0].frame_shape), parts[0].frame_shape[0]
    kind = "features" if rank == 1 else "pixels" if depth == 1 else "planes"
    return Observation(kind=kind, parts=tuple(parts), stack=stack)


def _part(name: str, box: Box, stack: int, told: Mapping[str, Any]) -> Part:
    """A part as one frame: a picture's channels, or a row's numbers, shared out among the frames of the stack."""
    depth, *rest = box.shape
    if depth % stack:
        raise UserError(f"{depth} in {name} cannot be shared out among a stack of {stack} frames; give another stack.")
    low, high = (told.get(end, _finite(value, end)) for end, value in (("low", box.low), ("high", box.high)))
    dtype = "uint8" if box.dtype == "uint8" else "float32"
    if dtype == "uint8":
        low, high = int(low), int(high)
    names = told.get("names", []) if len(box.shape) == 1 else []
    return Part(name=name, frame_shape=(depth // stack, *rest), dtype=dtype, low=low, high=high, names=tuple(names))


def _finite(bound: float, end: str) -> float:
    """A bound, or where a space has none, a guess: a card has numbers there, for handicaps and for random observations."""
    usable = math.isfinite(bound) and abs(bound) < 1e30
    return bound if usable else -UNBOUNDED if end == "low" else UNBOUNDED


def _number(told: Mapping[str, Any], name: str, default: int) -> int:
    value = told.get(name, default)
    if type(value) is not int or not 0 <= value <= 64:
        raise UserError(f"{name} is a whole number from 1 to 64; got {str(value)[:40]}.")
    return value
