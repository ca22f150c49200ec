"""A student's policy file, measured beside its teacher's: skill, size and time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import __version__
from ..agents.card import Card
from ..agents.learners.export import export_network
from ..agents.learners.parity import Parity, random_views
from ..agents.learners.student import student_card
from ..agents.npc import Npc
from ..agents.policy_agent import PolicyAgent
from ..agents.policy_file import PolicyFile, write_card
from ..errors import UserError
from ..games.contract import Game
from .cards import ratings_told, seats_of, skill_told
from .distill import distil
from .evaluation import Figures, measure, rated, usual_opponents

CALLS = 2000  # that are timed


@dataclass(frozen=True)
class Side:
    """Teacher or student: matches, numbers in the graph, size of the file, and the median time of `Npc.act`."""

    figures: list[Figures]
    parameters: int
    kib: float
    microseconds: float


@dataclass(frozen=True)
class Distilled:
    """Before and after, and how much the student's file differs from torch."""

    before: Side
    after: Side
    parity: Parity


def distilled(
    teacher: PolicyFile,
    game: Game,
    out: Path,
    name: str,
    *,
    minutes: float = 1.0,
    matches: int = 200,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> Distilled:
    """Trains a student of a policy and writes its file, whose card has its own figures. `name` is the teacher's. Raises UserError."""
    if matches < 2:
        raise UserError(f"an interval needs at least 2 matches; got {matches}.")
    begun = time.monotonic()
    student, decisions = distil(teacher, game, minutes=minutes, seed=seed, say=say)
    training = {
        "algorithm": f"distilled from {name}",
        "samples": decisions,
        "seconds": round(time.monotonic() - begun),
        "seed": seed,
        "seats": seats_of(teacher, game),
        "teacher": teacher.card.training,
    }
    card = replace(
        teacher.card, npckit=__version__, training=training, skill={}, ratings={}, **student_card(teacher.card)
    )
    parity = export_network(student, out, card, game=game)
    before, after = (side_of(policy, game, matches, seed) for policy in (teacher, PolicyFile.load(out)))
    write_card(out, _measured(card, game, after.figures))
    return Distilled(before, after, parity)


def side_of(policy: PolicyFile, game: Game, matches: int, seed: int) -> Side:
    """Measures a policy against the title's usual opponents, and how long it takes."""
    role, seats = policy.card.role, seats_of(policy, game)
    figures = [
        measure(game, PolicyAgent(policy), each, matches=matches, seed=seed, role=role, seats=seats)
        for each in usual_opponents(game, seats)
    ]
    return Side(figures, policy.facts.parameters, policy.path.stat().st_size / 1024, microseconds(policy))


def microseconds(policy: PolicyFile, calls: int = CALLS) -> float:
    """The median time of one decision of one character, after some to warm up."""
    card, rng = policy.card, np.random.default_rng(0)
    single = replace(card, observation=replace(card.observation, stack=1))
    views, npc, taken = random_views(single, 64, rng), Npc(policy), []
    for call in range(calls + calls // 10):
        frame = {name: view[call % 64] for name, view in views.items()}
        begun = time.perf_counter()
        npc.act(frame)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[calls // 10 :]) * 1e6


def _measured(card: Card, game: Game, figures: Sequence[Figures]) -> Card:
    seats = int(card.training["seats"])
    return replace(
        card,
        skill=skill_told(figures),
        ratings=ratings_told(rated(game, figures, role=card.role, seats=seats)),
    )
