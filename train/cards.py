"""The card that goes into a run's policy file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import __version__
from ..agents.card import Card, Observation, Part
from ..agents.policy_file import PolicyFile
from ..agents.ratings import Rating
from ..errors import UserError, plain
from ..games.contract import Game
from ..games.observation import ObsSpec, dtype_of, range_of
from .config import TrainConfig
from .evaluation import Figures, rated

OUTPUTS = {"ppo": "logits", "recurrent-ppo": "logits", "dqn": "q", "recurrent-dqn": "q"}
STATES = {"none": (), "lstm": ("hidden", "cell"), "gru": ("hidden",)}


def card_of(config: TrainConfig, game: Game, *, samples: int, seconds: float, figures: Sequence[Figures] = ()) -> Card:
    """What a policy plays, how it was trained, and what it reached."""
    spec, role = game.spec, config.role
    return Card(
        npckit=__version__,
        game=spec.name,
        rules_version=spec.version,
        role=role,
        observation=observation_told(game, role, config.obs_spec),
        actions=spec.actions_of(role),
        decision_ticks=spec.decision_ticks,
        tick_rate=spec.tick_rate,
        output=OUTPUTS[config.algorithm],
        temperature=float(config.sampled),
        recurrent=tuple((name, (config.memory_size,)) for name in STATES[config.memory or "none"]),
        training=_training(config, samples, seconds),
        ratings=ratings_told(rated(game, figures, role=config.role, seats=config.seats)),
        skill=skill_told(figures),
    )


def skill_told(figures: Sequence[Figures]) -> dict[str, Any]:
    """Figures as a card has them."""
    return {f"vs_{each.opponent}" if each.opponent else "alone": _skill(each) for each in figures}


def ratings_told(rating: Rating | None) -> dict[str, Any]:
    """A rating as a card has it: points, and the ends of their 95% interval."""
    return {"rating": [round(value) for value in (rating.points, rating.low, rating.high)]} if rating else {}


def seats_of(policy: PolicyFile, game: Game) -> int:
    """How many play where it was trained."""
    seats = policy.card.training.get("seats", 0)
    if type(seats) is not int:
        raise UserError(f"{policy.path} says that it was trained in {plain(seats)} seats; a number belongs there.")
    return game.spec.seat_count(seats)


def observation_told(game: Game, role: str, obs: ObsSpec) -> Observation:
    """A title's observation as a card has it."""
    names = {"features": game.spec.features_of(role), "planes": game.spec.planes, "pixels": ()}
    parts = []
    for part in obs.parts:
        low, high = range_of(part)
        graph_name = part if obs.kind == "both" else "obs"
        shape = obs.frame_shape(game, role, part)
        parts.append(
            Part(
                name=graph_name,
                frame_shape=shape,
                dtype=dtype_of(part).name,
                low=low,
                high=high,
                names=tuple(names[part]),
            )
        )
    return Observation(kind=obs.kind, parts=tuple(parts), stack=obs.stack)


def _training(config: TrainConfig, samples: int, seconds: float) -> dict[str, Any]:
    return {
        "algorithm": config.algorithm,
        "samples": samples,
        "seconds": round(seconds),
        "seed": config.seed,
        "seats": config.seats,
        "hidden": list(config.hidden),
        "opponents": dict(config.opponents),
    }


def _skill(figures: Figures) -> dict[str, Any]:
    """A short form of figures: [mean, low, high]."""
    score, rate = figures.score, figures.win_rate
    facts: dict[str, Any] = {"matches": figures.matches, "seed": figures.seed}
    facts["score"] = [round(score.mean, 3), round(score.low, 3), round(score.high, 3)]
    if rate is not None:
        facts["win_rate"] = [round(rate.mean, 4), round(rate.low, 4), round(rate.high, 4)]
    return facts
