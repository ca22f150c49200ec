"""Many characters of one policy, decided for in one call: each has a stack, a recurrent state, a clock and random numbers of its own.

The k-th character that joins plays as one alone would whose seed and stagger are k higher, whoever else is there.
"""

from collections.abc import Callable, Hashable, Iterable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .choice import Choice
from .eye import Frame, checked_frames
from .hampered import Hampered
from .handicap import NO_HANDICAP, Handicap
from .pace import Pace
from .policy_file import Bound, PolicyFile
from .roster import Ids, Roster, Rows

GetFrames = Callable[[list[Hashable]], Frame]
GetMasks = Callable[[list[Hashable]], ArrayLike]
_SIZES = 8  # of calls whose buffers are kept
_FIXED = 16  # characters; about what a call of a small network costs before the first of them
_Arrays = dict[str, NDArray[Any]]


class Crowd:
    """The characters of an `Npc`'s `act_many` and `tick_many`. `skipped` counts decisions that were put off for want of time."""

    def __init__(self, policy: PolicyFile, choice: Choice, *, seed: int, stagger: int) -> None:
        self._policy, self._card, self._choice = policy, policy.card, choice
        self._seed, self._stagger = seed, stagger
        self._roster, self._tick = Roster(policy.card), 0
        self._states = [name for name, _ in policy.card.recurrent]
        self._bounds: dict[int, Bound] = {}
        self._hampered: dict[int, Hampered] = {}  # by the number of the character
        self._handicap = NO_HANDICAP
        self._pace = Pace()  # of a character's share of a call
        self.skipped = 0

    @property
    def handicap(self) -> Handicap:
        """Of all characters."""
        return self._handicap

    @handicap.setter
    def handicap(self, handicap: Handicap) -> None:
        self._handicap = handicap
        for hampered in self._hampered.values():
            hampered.set_handicaps(handicap)

    def forget(self, ids: Iterable[Hashable] | None = None) -> None:
        """These characters are gone, or all; who comes again begins anew."""
        if ids is not None:
            for number in self._roster.leave(ids):
                self._hampered.pop(number, None)
        else:
            self._roster.clear()
            self._hampered.clear()
            self._tick = 0

    def act(self, frames: Frame, masks: ArrayLike | None, ids: Ids | None) -> NDArray[np.int64]:
        """(n,) a decision of each character."""
        given = checked_frames(self._card, frames)
        count = len(next(iter(given.values())))
        ids = range(count) if ids is None else ids
        if any(len(part) != len(ids) for part in given.values()):
            raise UserError(f"act_many needs one id for every frame; got {count} frames, {len(ids)} ids")
        legal = None if masks is None else self._choice.legal(masks, count)
        rows = self._roster.find(ids)
        actions = self._decide(rows, given, legal, grain=self._card.decision_ticks)
        self._roster.own["now"][rows] += self._card.decision_ticks
        return actions

    def tick(
        self, ids: Ids, get_frames: GetFrames, get_masks: GetMasks | None, budget: float | None, fallback: int | None
    ) -> NDArray[np.int64]:
        """(n,) what each does in this tick; those whose turn it is decide, longest waiting first, as many as fit the budget."""
        rows = self._roster.find(ids)
        places = np.arange(len(self._roster.own))[rows]
        due, late = self._turns(self._roster.own["wait"][places], budget)
        if len(due):
            started = perf_counter()
            self._take_turns([ids[at] for at in due], places[due], get_frames, get_masks)
            self._pace.add((perf_counter() - started) / (len(due) + _FIXED))
        if self._hampered:
            rest = np.setdiff1d(np.arange(len(ids)), due)
            self._catch_up([ids[at] for at in rest], places[rest], get_masks)
        own = self._roster.own
        own["wait"][rows] -= 1
        own["now"][rows] += 1
        self._tick += 1
        actions = own["held"][rows].copy()
        if fallback is not None:
            actions[late] = fallback
        return actions

    def _turns(self, waits: NDArray[np.int64], budget: float | None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Whose turn it is, and whose it would be if there were time."""
        due = np.flatnonzero(waits <= 0)
        if budget is None or not len(due):
            return due, due[:0]
        fitting = self._pace.fits(budget) - _FIXED
        if fitting < len(due):
            due = due[np.argsort(waits[due], kind="stable")]
            self.skipped += len(due) - max(fitting, 0)
            self._pace.fade()
        return due[: max(fitting, 0)], due[max(fitting, 0) :]

    def _take_turns(
        self, ids: list[Hashable], rows: NDArray[np.intp], get_frames: GetFrames, get_masks: GetMasks | None
    ) -> None:
        given = checked_frames(self._card, get_frames(ids))
        if any(len(part) != len(ids) for part in given.values()):
            raise UserError(f"get_frames was asked for {len(ids)} frames; got {[len(p) for p in given.values()]}")
        legal = None if get_masks is None else self._choice.legal(get_masks(ids), len(ids))
        first = self._roster.own["fresh"][rows]
        actions = self._decide(rows, given, legal, grain=1)
        own, every = self._roster.own, self._card.decision_ticks
        own["held"][rows] = actions
        turn = (self._tick + self._stagger + own["number"][rows]) % every
        own["wait"][rows] = np.where(first, every - turn, every)

    def _catch_up(self, ids: list[Hashable], rows: NDArray[np.intp], get_masks: GetMasks | None) -> None:
        """Between decisions: what was chosen earlier takes effect, after its delay."""
        own = self._roster.own
        for key, row in zip(ids, rows, strict=True):
            hampered, now = self._hampered.get(int(own["number"][row])), int(own["now"][row])
            if hampered is not None and hampered.is_due(now):
                legal = None if get_masks is None else self._choice.legal(get_masks([key]), 1)
                own["held"][row] = hampered.act(now, legal, bound=False)[0]

    def _decide(self, rows: Rows, given: _Arrays, legal: NDArray[np.bool_] | None, *, grain: int) -> NDArray[np.int64]:
        own = self._roster.own[rows]
        obs = {name: self._pushed(name, rows, frames, own["fresh"]) for name, frames in given.items()}
        if self._hampered or self._handicap != NO_HANDICAP:
            each = [self._hampered_of(number) for number in own["number"].tolist()]
            obs = _mistaken(each, obs, own["fresh"])
            scores = self._drawn(self._ask(rows, obs), rows)
            actions = self._hampered_actions(each, scores, own["now"], legal, grain)
        else:
            scores = self._drawn(self._ask(rows, obs), rows)
            actions = self._choice.many(scores, legal)
        self._roster.own["fresh"][rows] = False
        return actions

    def _pushed(self, name: str, rows: Rows, frames: NDArray[Any], fresh: NDArray[np.bool_]) -> NDArray[Any]:
        """(n, *stacked shape), with the newest frames in the stacks."""
        if self._card.observation.stack == 1:
            return frames
        stacks = self._roster.memory[name][rows]
        stacks[:, :-1] = stacks[:, 1:]
        stacks[:, -1] = frames
        if fresh.any():
            stacks[fresh] = frames[fresh][:, None]
        self._roster.memory[name][rows] = stacks
        return stacks.reshape(len(frames), stacks.shape[1] * stacks.shape[2], *frames.shape[2:])

    def _ask(self, rows: Rows, obs: _Arrays) -> NDArray[np.float32]:
        """(n, actions) scores; the recurrent states go on."""
        memory, count = self._roster.memory, len(next(iter(obs.values())))
        if not 0 < count <= self._policy.max_rows:
            scores, states = self._policy.run(obs, {name: memory[name][rows] for name in self._states})
        else:
            bound = self._bound(count)
            for name in self._states:
                bound.inputs[name][...] = memory[name][rows]
            for name, view in obs.items():
                bound.inputs[name][...] = view
            bound()
            scores, states = bound.scores, bound.inputs
        for name in self._states:
            memory[name][rows] = states[name]
        return scores

    def _bound(self, count: int) -> Bound:
        if count not in self._bounds:
            if len(self._bounds) == _SIZES:
                del self._bounds[next(iter(self._bounds))]
            self._bounds[count] = self._policy.bind(count)
        return self._bounds[count]

    def _drawn(self, scores: NDArray[np.float32], rows: Rows) -> NDArray[Any]:
        if not self._choice.is_drawn:
            return scores
        own = self._roster.own
        keys = np.concatenate([self._choice.key(self._seed + number) for number in own["number"][rows].tolist()])
        drawn = self._choice.drawn(scores, keys, own["draws"][rows])
        own["draws"][rows] += np.uint64(1)
        return drawn

    def _hampered_of(self, number: int) -> Hampered:
        if number not in self._hampered:
            self._hampered[number] = Hampered(self._card, self._handicap, 1, seed=self._seed + number)
        return self._hampered[number]

    def _hampered_actions(
        self,
        each: list[Hampered],
        scores: NDArray[Any],
        now: NDArray[np.int64],
        legal: NDArray[np.bool_] | None,
        grain: int,
    ) -> NDArray[np.int64]:
        if not np.isfinite(scores).all():
            raise self._choice.no_numbers()
        actions = np.zeros(len(each), np.int64)
        for at, (hampered, tick) in enumerate(zip(each, now.tolist(), strict=True)):
            hampered.grain = grain
            hampered.decide(scores[at : at + 1], tick)
            actions[at] = hampered.act(tick, None if legal is None else legal[at : at + 1])[0]
        return actions


def _mistaken(each: list[Hampered], obs: _Arrays, fresh: NDArray[np.bool_]) -> _Arrays:
    """What each of them believes to see."""
    seen = {name: view.copy() for name, view in obs.items()}
    for at, hampered in enumerate(each):
        believed = hampered.see({name: view[at : at + 1] for name, view in obs.items()}, fresh[at : at + 1])
        for name, view in believed.items():
            seen[name][at] = view[0]
    return seen
