"""Characters of one policy under their handicaps, as time goes by: what they believe they see, and when they do what they chose.

The policy itself is left alone: what it is shown is spoilt before it, what it answers is spoilt and kept waiting after it. A
mask binds an action when it takes effect: what has become illegal by then gives way to the best of the same decision that is legal.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .card import Card, Part
from .handicap import LIMITS, Handicap
from .held import Held, State, copied, keys_of, restore, uniforms

HOLD_SECONDS = 0.5  # mean time for which an error or a whim lasts, and for which attention is away
_NEVER = np.iinfo(np.int64).max
_KEPT = ("_away", "_decisions", "_due", "_scores", "_order", "_taken", "_force", "_action")
Views = dict[str, NDArray[Any]]


class Hampered:
    """`rows` characters. At a usual decision: `see`, then ask the policy, then `decide`; `act` whenever actions are wanted.

    `grain` is how many ticks pass between two calls of `act`: delays are whole multiples of it, and right on average.
    `handicaps` is one for all, or one for each equal share of the rows in order; they may be changed at any time.
    """

    def __init__(self, card: Card, handicaps: Handicap | Sequence[Handicap], rows: int, *, seed: int = 0) -> None:
        mean = max(1.0, HOLD_SECONDS * card.tick_rate / card.decision_ticks)  # usual decisions
        self._rows, self._mean, actions = rows, mean, len(card.actions)
        self._parts = {part.name: part for part in card.observation.parts}
        self._stack = card.observation.stack
        self._errors = {
            part.name: Held(keys_of(rows, seed, lane), _freedoms(part), mean, "normal")
            for lane, part in enumerate(card.observation.parts)
        }
        self._whims = Held(keys_of(rows, seed, 8), actions, mean, "gumbel")
        self._keys = keys_of(rows, seed, 9)
        self.grain = 1
        self._pace = Held(keys_of(rows, seed, 10), 1, mean, "uniform")
        shapes = {part.name: part.stacked_shape(self._stack) for part in card.observation.parts}
        self._old: Views = {name: np.zeros((rows, *shapes[name]), part.dtype) for name, part in self._parts.items()}
        self._away = np.zeros(rows, bool)
        self._decisions = np.zeros(rows, np.int64)  # of the episode
        self._seen = np.zeros(rows, np.uint64)  # decisions of all episodes
        slots = int(LIMITS["delay"][1]) // card.decision_ticks + 3  # decisions that may be waiting at once
        self._due = np.full((slots, rows), _NEVER)  # ticks
        self._scores = np.zeros((slots, rows, actions), np.float32)
        self._order = np.full(slots, -1, np.int64)
        self._taken = np.full(rows, -1, np.int64)  # the decision that is in force
        self._force = np.zeros((rows, actions), np.float32)
        self._action = np.zeros(rows, np.int64)
        self.set_handicaps(handicaps)

    def set_handicaps(self, handicaps: Handicap | Sequence[Handicap]) -> None:
        """From now on. Raises UserError where the rows cannot be shared out among so many."""
        each = [handicaps] if isinstance(handicaps, Handicap) else list(handicaps)
        if not each or self._rows % len(each):
            raise UserError(
                f"{len(each)} handicaps cannot be shared out among {self._rows} rows; give one, or one a row"
            )
        table = {name: np.repeat([getattr(h, name) for h in each], self._rows // len(each)) for name in LIMITS}
        self._delay, self._every = table["delay"].astype(float), table["decision_every"].astype(np.int64)
        self._aim, self._heat = table["aim_error"].astype(float), table["temperature"].astype(float)
        share = table["inattention"].astype(float)
        odds = share / (1.0 - share)
        self._leaves, self._returns = odds / np.maximum(self._mean, odds), 1.0 / np.maximum(self._mean, odds)

    def see(self, obs: Views, fresh: NDArray[np.bool_]) -> Views:
        """What the characters believe they see: new arrays of stacked observations, as they are. `fresh` rows begin an episode."""
        self._begin(fresh)
        seen = obs
        if self._aim.any():
            seen = {name: self._mistaken(name, view, fresh) for name, view in obs.items()}
        if self._leaves.any():
            self._wander(fresh)
            for name, view in seen.items():
                self._old[name][~self._away] = view[~self._away]
            seen = {name: old.copy() for name, old in self._old.items()}
        return seen

    def decide(self, scores: NDArray[Any], now: NDArray[np.int64] | int) -> None:
        """Scores (rows, actions) of what was seen at the ticks `now` of the episodes; they take effect after the delay."""
        if self._heat.any():
            self._whims.step(self._decisions == 0)
            scores = scores + self._heat[:, None] * self._whims.values
        due = now + np.where(self._decisions == 0, 0, self._whole_delay())
        slot = int(self._order.argmin())
        self._order[slot] = self._order.max() + 1
        self._scores[slot] = scores
        self._due[slot] = np.where(self._decisions % self._every == 0, due, _NEVER)
        self._decisions += 1

    def _whole_delay(self) -> NDArray[np.int64]:
        """(rows,) ticks; between two multiples of the grain it is one or the other for a while."""
        if (self._delay % self.grain).any():
            self._pace.step(self._decisions == 0)
        return self.grain * np.floor(self._delay / self.grain + self._pace.values[:, 0]).astype(np.int64)

    def is_due(self, now: int) -> bool:
        """Whether a decision that has not taken effect yet does so by now, in any row."""
        return bool(((self._due <= now) & (self._order[:, None] > self._taken)).any())

    def act(
        self, now: NDArray[np.int64] | int, masks: NDArray[Any] | None = None, *, bound: bool = True
    ) -> NDArray[np.int64]:
        """(rows,) the actions in force at the ticks `now`. Masks (rows, actions) are of now; they bind who takes up a new
        decision, and with `bound` also who goes on with an old one, as at a usual decision.
        """
        orders = np.where(self._due <= now, self._order[:, None], -1)
        newest = orders.max(axis=0)
        news = newest > self._taken
        self._force[news] = self._scores[orders.argmax(axis=0)[news], np.flatnonzero(news)]
        self._taken[news] = newest[news]
        legal = np.ones(self._force.shape, bool) if masks is None else masks > 0
        if bound:
            news |= ~legal[np.arange(self._rows), self._action]
        self._action[news] = np.where(legal[news], self._force[news], -np.inf).argmax(axis=1)
        return self._action.copy()

    def state(self) -> State:
        """A snapshot (see `games.snapshot`), from which equal characters go on."""
        held = {name: error.state() for name, error in self._errors.items()}
        return {
            **copied(self, (*_KEPT, "_seen")),
            "errors": held,
            "whims": self._whims.state(),
            "pace": self._pace.state(),
            "old": {name: old.copy() for name, old in self._old.items()},
        }

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot of equal characters. Raises UserError where it does not fit."""
        restore(self, (*_KEPT, "_seen"), state)
        self._whims.set_state(state["whims"])
        self._pace.set_state(state["pace"])
        self._old = {name: old.copy() for name, old in state["old"].items()}
        for name, error in self._errors.items():
            error.set_state(state["errors"][name])

    def _begin(self, fresh: NDArray[np.bool_]) -> None:
        self._away[fresh], self._decisions[fresh], self._taken[fresh] = False, 0, -1
        self._due[:, fresh] = _NEVER

    def _wander(self, fresh: NDArray[np.bool_]) -> None:
        """Attention goes and comes back by chance; an episode begins attentively."""
        chance = uniforms(self._keys, self._seen, 1)[:, 0]
        self._seen += np.uint64(1)
        self._away = np.where(self._away, chance >= self._returns, chance < self._leaves) & ~fresh

    def _mistaken(self, name: str, view: NDArray[Any], fresh: NDArray[np.bool_]) -> NDArray[Any]:
        """Numbers are off by an error of each, pictures are moved by one of each plane; all frames of a stack alike."""
        part, held = self._parts[name], self._errors[name]
        held.step(fresh)
        error = self._aim[:, None] * held.values
        off = self._aim > 0
        mistaken = view.copy()
        if len(part.frame_shape) == 1:
            spoilt = view[off] + np.tile(error[off] * (part.high - part.low) / 2.0, self._stack)
            mistaken[off] = np.clip(spoilt, part.low, part.high)
        else:
            sides = np.array(part.frame_shape[1:]) / 2.0
            by = np.rint(error.reshape(self._rows, -1, 2) * sides).astype(np.int64)
            mistaken[off] = moved(view[off], np.tile(by[off], (1, self._stack, 1)))
        return mistaken


def _freedoms(part: Part) -> int:
    """How many numbers an error of one frame has: one a feature, two a plane."""
    return part.frame_shape[0] * (1 if len(part.frame_shape) == 1 else 2)


def moved(images: NDArray[Any], by: NDArray[np.int64]) -> NDArray[Any]:
    """Images (n, layers, h, w), each moved by (n, layers, 2) cells down and right; nothing comes in at the edges.

    >>> moved(np.arange(1, 5).reshape(1, 1, 2, 2), np.array([[[0, 1]]])).tolist()
    [[[[0, 1], [0, 3]]]]
    """
    rows, layers, height, width = images.shape
    y, x = np.arange(height) - by[..., :1], np.arange(width) - by[..., 1:]  # (n, layers, h), (n, layers, w)
    inside = ((y >= 0) & (y < height))[..., :, None] & ((x >= 0) & (x < width))[..., None, :]
    y, x = np.clip(y, 0, height - 1)[..., :, None], np.clip(x, 0, width - 1)[..., None, :]
    place = np.arange(rows)[:, None, None, None], np.arange(layers)[None, :, None, None]
    return np.asarray(np.where(inside, images[(*place, y, x)], 0), images.dtype)
