"""Does a policy file play as its model does? Random rows, and whole episodes in which torch and onnxruntime each keep their own memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import UserError
from ...games import registry
from ...games.batch import Batch
from ...games.contract import Game
from ...games.observation import Observer
from ..card import Card
from ..policy_agent import obs_of
from ..policy_file import PolicyFile
from ..seats import RandomAgent
from .acting import Acting

TOLERANCE = 1e-4  # of the largest of scores and states, at least 1
BATCHES = (1, 64)
WORK = 3e9  # multiply-adds that an episode check may cost, for each batch size: about a second
DECISIONS = (24, 1000)  # so many at least and at most
Views = dict[str, NDArray[Any]]  # the parts of an observation, (rows, *stacked shape)


@dataclass(frozen=True)
class Parity:
    """The largest difference between scores (and states) of torch and of onnxruntime, and where it was looked for.

    `difference` is a part of the largest of these numbers, or absolute where none is beyond 1.
    """

    difference: float
    decisions: int = 0  # of whole episodes, all rows together
    episodes: int = 0  # that began
    seen: str = ""  # whose observations

    def told(self) -> str:
        """In a line."""
        where = f" over {self.decisions:,} decisions of {self.episodes} episodes, {self.seen}" if self.episodes else ""
        return f"torch and ONNX differ by {self.difference:.1e} of the largest number at most{where}"


class Sights(Protocol):
    """Observations of some rows, decision by decision."""

    def look(self) -> tuple[Views, NDArray[np.bool_]]:
        """What every row sees now, and (rows,) which of them begin an episode."""

    def act(self, scores: NDArray[np.float32]) -> None:
        """The best legal action of every row; episodes that end begin anew."""


def compare(network: Acting, policy: PolicyFile, game: Game | None = None, *, episodes: bool = True) -> Parity:
    """Compares on random rows and, with `episodes`, over whole episodes, with 1 row and 64, memories forgotten where one begins.

    They are played in the title that the card names (or in `game`), where others play by chance; an episode is cut short where the
    network is large. For a title that is not known here, rows see random observations. Raises UserError where scores differ by
    more than the tolerance, or another action is chosen.
    """
    worst = max(_on_random_rows(network, policy, rows) for rows in BATCHES)
    if not episodes:
        return Parity(worst)
    game, decisions, begun = fitting(policy.card, game), 0, 0
    for rows in BATCHES:
        length = int(np.clip(WORK / (policy.facts.cost.work * rows), *DECISIONS))
        found, starts = over_episodes(network, policy, sights_of(policy.card, game, rows, length), rows, length)
        worst, decisions, begun = max(worst, found), decisions + length * rows, begun + starts
    return Parity(worst, decisions, begun, f"{game.name}'s own observations" if game else "random observations")


def fitting(card: Card, game: Game | None = None) -> Game | None:
    """The title that a card's observations come from, where it is known here and fits."""
    try:
        game = game or (registry.load(card.game) if card.game in registry.names() else None)
        if game is None or game.spec.actions_of(game.spec.role_named(card.role)) != card.actions:
            return None
        obs_of(card, game, card.role)
        return game
    except UserError:
        return None


def sights_of(card: Card, game: Game | None, rows: int, decisions: int) -> Sights:
    """The title's own observations, or random ones; at least two episodes begin in every row."""
    return Played(card, game, rows, decisions) if game else Imagined(card, rows, decisions)


class Imagined:
    """Random observations within the card's bounds; episodes end by chance, and half-way in all rows."""

    def __init__(self, card: Card, rows: int, decisions: int) -> None:
        self._card, self._rows, self._half, self._at = card, rows, decisions // 2, 0
        self._rng = np.random.default_rng(rows)

    def look(self) -> tuple[Views, NDArray[np.bool_]]:
        views = random_views(self._card, self._rows, self._rng)
        return views, (self._rng.random(self._rows) < 0.02) | (self._at in (0, self._half))

    def act(self, scores: NDArray[np.float32]) -> None:
        self._at += 1


class Played:
    """Games of a title: one seat of the card's role acts by the scores, the others by chance."""

    def __init__(self, card: Card, game: Game, rows: int, decisions: int) -> None:
        spec, told = game.spec, card.training.get("seats", 0)
        seats = told if told in spec.seat_counts and card.role in spec.roles[:told] else spec.max_seats
        cut = min(spec.max_ticks, max(decisions // 2, 1) * spec.decision_ticks)
        self._batch = Batch(game, rows, seats=seats, max_ticks=cut)
        self._batch.reset(rows)
        games, seat = np.arange(rows, dtype=np.int32), spec.roles.index(card.role)
        self._parts = [part.name for part in card.observation.parts]
        self._observer = Observer(self._batch, obs_of(card, game, card.role), games, np.full_like(games, seat))
        self._others = [RandomAgent(place) for place in range(seats) if place != seat]
        for place, other in zip((p for p in range(seats) if p != seat), self._others, strict=True):
            other.sit(self._batch, games, np.full_like(games, place))
        self._actions = np.zeros((rows, seats), np.int32)
        self._seat = seat

    def look(self) -> tuple[Views, NDArray[np.bool_]]:
        seen = self._observer.observe()
        views = seen if isinstance(seen, dict) else {self._parts[0]: seen}
        return views, self._batch.fresh.copy()

    def act(self, scores: NDArray[np.float32]) -> None:
        for other in self._others:
            other.decide(self._actions)
        self._actions[:, self._seat] = np.where(self._observer.masks() > 0, scores, -np.inf).argmax(1)
        self._batch.step(self._actions)
        if not self._batch.running.all():
            self._batch.restart(~self._batch.running)


def random_views(card: Card, rows: int, rng: np.random.Generator) -> Views:
    """Random stacked observations within the bounds of a card."""
    shapes, views = card.input_shapes(), dict[str, NDArray[Any]]()
    for part in card.observation.parts:
        shape = (rows, *shapes[part.name])
        if part.dtype == "uint8":
            views[part.name] = rng.integers(int(part.low), int(part.high), shape, np.uint8, endpoint=True)
        else:
            views[part.name] = rng.uniform(part.low, part.high, shape).astype(np.float32)
    return views


def random_inputs(card: Card, rows: int, seed: int = 0) -> Views:
    """Random stacked observations, and random states."""
    rng = np.random.default_rng(seed)
    views = random_views(card, rows, rng)
    return views | {name: rng.uniform(-1, 1, (rows, *shape)).astype(np.float32) for name, shape in card.recurrent}


def over_episodes(network: Acting, policy: PolicyFile, sights: Sights, rows: int, decisions: int) -> tuple[float, int]:
    """The largest difference while torch and onnxruntime, each with its own memory, see the same; and how many episodes began."""
    states = {name: np.zeros((rows, *shape), np.float32) for name, shape in policy.card.recurrent}
    torches, onnxs, worst, begun = states, states, 0.0, 0
    for _ in range(decisions):
        views, fresh = sights.look()
        torches, onnxs = (_forgotten(memory, fresh) for memory in (torches, onnxs))
        wanted, torches = torch_scores(network, views, torches, reference=True)
        got, onnxs = policy.run(views, onnxs)
        worst, begun = max(worst, _difference(policy, wanted, torches, got, onnxs)), begun + int(fresh.sum())
        sights.act(wanted)
    return worst, begun


def torch_scores(
    network: Acting, views: Views, states: Views, *, reference: bool = False
) -> tuple[NDArray[np.float32], Views]:
    """What torch makes of observations and states: scores (rows, actions) and the new states."""
    given = views | states
    with torch.no_grad():
        call = network.reference if reference else network
        answers = call(*(torch.from_numpy(given[name]) for name in [*network.keys, *network.states]))
    scores, *new = (each.numpy() for each in (answers if network.states else [answers]))
    return scores, dict(zip(network.states, new, strict=True))


def _forgotten(states: Views, fresh: NDArray[np.bool_]) -> Views:
    return {name: np.where(fresh.reshape(-1, *[1] * (part.ndim - 1)), np.float32(0), part) for name, part in states.items()}  # fmt: skip


def _on_random_rows(network: Acting, policy: PolicyFile, rows: int) -> float:
    given = random_inputs(policy.card, rows, seed=rows)
    views, states = ({name: given[name] for name in names} for names in (network.keys, network.states))
    return _difference(policy, *torch_scores(network, views, states), *policy.run(views, states))


def _difference(
    policy: PolicyFile, wanted: NDArray[np.float32], torches: Views, got: NDArray[np.float32], onnxs: Views
) -> float:
    """The largest difference of scores and states. Raises UserError where it is too large or another action is chosen.

    It is measured by the largest of them all: an LSTM's cell may sum up to hundreds over an episode, and what it is rounded by then
    is seen in whatever comes from it.
    """
    pairs = [(wanted, got), *((torches[name], onnxs[name]) for name in torches)]
    worst = float(np.max([np.abs(a - b).max() for a, b in pairs])) / max(size_of(a) for a, _ in pairs)
    clear = is_clear(wanted, TOLERANCE * size_of(wanted))
    if not worst <= TOLERANCE or (wanted.argmax(1) != got.argmax(1))[clear].any():
        raise UserError(f"{policy.path} would play unlike its model (they differ by {worst:.1e}); nothing was written")
    return worst


def size_of(numbers: NDArray[np.float32]) -> float:
    """The largest of them without its sign, at least 1."""
    return max(1.0, float(np.abs(numbers).max()))


def is_clear(scores: NDArray[np.float32], tolerance: float) -> NDArray[np.bool_]:
    """(rows,) where the best action is better than the next by more than the tolerance."""
    if scores.shape[1] < 2:
        return np.zeros(len(scores), bool)
    best = np.sort(scores, axis=1)
    return best[:, -1] - best[:, -2] > tolerance
