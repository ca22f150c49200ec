"""An NPC: a policy file that plays. Needs NumPy and onnxruntime, no torch and no game of npckit.

from npckit.agents.npc import Npc

npc = Npc.load("rival.onnx")
npc.reset()                                # an episode begins
while playing:
    action = npc.tick(lambda: observe())   # every game tick: decides every `decision_ticks`, holds in between
    game.step(npc.action_name(action))
"""

import math
import os
from collections.abc import Callable, Hashable, Sequence
from threading import RLock
from time import perf_counter
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .choice import Choice
from .crowd import Crowd, GetFrames, GetMasks
from .eye import Eye, Frame, by_part
from .hampered import Hampered
from .handicap import NO_HANDICAP, Handicap
from .ladder import Level, ladder_of, policy_of
from .pace import Pace
from .policy_file import PolicyFile

_FRESH, _NOT_FRESH = np.ones(1, bool), np.zeros(1, bool)
Ids = Sequence[Hashable]


class Options(TypedDict, total=False):
    """What an `Npc` may be told beside its policy."""

    seed: int
    deterministic: bool | None
    temperature: float | None
    handicap: Handicap
    stagger: int
    fallback: int | str | None


class Npc:
    """Plays a policy: owns the stack of frames, the recurrent state, masks, sampling, handicaps and the time it may take.

    `seed`: of all that is random; equal seeds play equally, alone and in a crowd. `deterministic`: True takes the best action; False
    draws by softmax(scores / temperature), of the card's temperature, or 1, where none is given; None: as the card says, or drawn where a
    temperature is given. `handicap`: how it is held back, see `npckit.agents.handicap`. `stagger`: after its
    first decision `tick` decides where tick + stagger is a multiple of `decision_ticks`; characters with numbers of their own do not
    think in the same frame. `fallback`: what `tick` returns, an action or its name, when a decision is put off for want of time;
    None: the held action.

    Threads may share one: they take turns. An Npc for each thread does not wait.
    """

    def __init__(
        self,
        policy: PolicyFile,
        *,
        seed: int = 0,
        deterministic: bool | None = None,
        temperature: float | None = None,
        handicap: Handicap = NO_HANDICAP,
        stagger: int = 0,
        fallback: int | str | None = None,
    ) -> None:
        if temperature is not None and not (math.isfinite(temperature) and temperature > 0):
            raise UserError(
                f"temperature must be a number above 0; got {temperature} (deterministic=True takes the best)"
            )
        self.policy, self.card = policy, policy.card
        self._options = Options(
            seed=seed, deterministic=deterministic, temperature=temperature, stagger=stagger, fallback=fallback
        )
        self._seed, self._stagger, self._fallback = seed, stagger, self._action_at(fallback)
        self._choice = Choice(policy.path, len(self.card.actions), self._heat(deterministic, temperature))
        self._key, self._draws = self._choice.key(seed), np.zeros(1, np.uint64)
        self._bound = policy.bind()
        stack = self.card.observation.stack
        self._eyes = [Eye(part, stack, self._bound.inputs[part.name]) for part in self.card.observation.parts]
        self._crowd = Crowd(policy, self._choice, seed=seed, stagger=stagger)
        self._hampered: Hampered | None = None
        self._pace, self._skipped = Pace(), 0
        self._turn = RLock()  # taken again where an observation asks the same character
        self.reset()
        self.handicap = handicap

    def _heat(self, deterministic: bool | None, temperature: float | None) -> float | None:
        """The temperature that actions are drawn by; None where the best is taken."""
        heat = self.card.temperature if temperature is None else temperature
        return None if deterministic or (deterministic is None and not heat) else heat or 1.0

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Unpack[Options]) -> "Npc":
        """Open a policy file or a shipped policy by name; options as of `Npc`. Raises UserError, naming the file, where it is unfit."""
        return cls(PolicyFile.load(path), **options)

    def at_level(self, level: int) -> "Npc":
        """The same character at a level of its policy's ladder. Raises UserError where it has none, or not this one."""
        return self._at(ladder_of(self.policy).at_level(level))

    def at_rating(self, points: float) -> "Npc":
        """The same character as near to a rating as its policy's ladder goes. Raises UserError where it has none."""
        return self._at(ladder_of(self.policy).at_rating(points))

    def _at(self, level: Level) -> "Npc":
        options = self._options.copy()
        options["handicap"] = level.handicap
        return Npc(policy_of(level, self.policy), **options)

    @property
    def handicap(self) -> Handicap:
        """How the character is held back (see `npckit.agents.handicap`); may be set at any time, and counts from then on."""
        return self._handicap

    @handicap.setter
    def handicap(self, handicap: Handicap) -> None:
        self._handicap = self._crowd.handicap = handicap
        if self._hampered is not None:
            self._hampered.set_handicaps(handicap)
        elif handicap != NO_HANDICAP:
            self._hampered = Hampered(self.card, handicap, 1, seed=self._seed)

    @property
    def skipped(self) -> int:
        """Decisions that were put off because they would not have fitted the budget."""
        return self._skipped + self._crowd.skipped

    def reset(self) -> None:
        """An episode begins: forget the frames, the recurrent state, the held action and the crowd."""
        with self._turn:
            self._fresh, self._hold, self._held, self._now = True, 0, 0, 0
            self._crowd.forget()
            for name, _ in self.card.recurrent:
                self._bound.inputs[name].fill(0)

    def action_name(self, action: int) -> str:
        """The card's name for an action."""
        return self.card.actions[action]

    def act(self, frame: Frame, mask: ArrayLike | None = None) -> int:
        """Decide once, from the newest unstacked observation and a mask (actions,) of what is legal.

        Raises UserError for a frame of another shape or dtype, a stacked one, NaN, or a mask that allows nothing.
        """
        with self._turn:
            legal = None if mask is None else self._choice.legal(mask)
            scores = self._drawn(self._scores(frame))
            if self._hampered is None:
                return self._choice.one(scores[0], legal)
            self._hampered.grain = self.card.decision_ticks
            action = self._do(scores, legal)
            self._now += self.card.decision_ticks
            return action

    def tick(
        self,
        get_frame: Callable[[], Frame],
        get_mask: Callable[[], ArrayLike] | None = None,
        *,
        budget: float | None = None,
    ) -> int:
        """Call every game tick: decides on the first and on every `decision_ticks`-th after it, and holds in between.

        With a delay an action begins in between too; the mask is asked for whenever one begins. `budget`: seconds that are left
        of this frame. A decision starts only if the running 95th percentile of what decisions took, `get_frame` with them, fits;
        else it is put off to the next tick and counted in `skipped`.
        """
        with self._turn:
            usual = self._hold <= 0
            late = usual and budget is not None and self._pace.fits(budget) < 1
            if late:
                self._skipped += 1
                self._pace.fade()
            elif usual and budget is not None:
                started = perf_counter()
                self._take_turn(get_frame, get_mask)
                self._pace.add(perf_counter() - started)
            elif usual:
                self._take_turn(get_frame, get_mask)
            if self._hampered is not None and (late or not usual) and self._hampered.is_due(self._now):
                self._held = self._do(None, self._choice.legal(get_mask()) if get_mask else None)
            self._hold -= 1
            self._now += 1
            return self._fallback if late and self._fallback is not None else self._held

    def act_many(self, frames: Frame, masks: ArrayLike | None = None, ids: Ids | None = None) -> NDArray[np.int64]:
        """Decide for a crowd in one call: frames (n, *frame shape), masks (n, actions) -> actions (n,).

        `ids` say which character each row is (0 to n-1 by default); each has a stack, a state and random numbers of its own, which
        begin where its id is first seen: the k-th character plays as one alone would whose seed is k higher. The crowd is apart
        from the one character of `act`. Raises UserError as `act`.
        """
        with self._turn:
            return self._crowd.act(frames, masks, ids)

    def tick_many(
        self, ids: Ids, get_frames: GetFrames, get_masks: GetMasks | None = None, *, budget: float | None = None
    ) -> NDArray[np.int64]:
        """Call every game tick for a crowd: the actions (n,) of the characters `ids`, each of which decides and holds as in `tick`.

        `get_frames` and `get_masks` are asked for those alone whose turn it is, a list of ids, and give frames (k, *frame shape) and
        masks (k, actions). A character decides in its first tick, and from then on in its share of the ticks, so that the crowd does
        not think in one frame. `budget`: who does not fit it waits; those who have waited longest come first.
        """
        with self._turn:
            return self._crowd.tick(ids, get_frames, get_masks, budget, self._fallback)

    def forget(self, ids: Ids) -> None:
        """These characters of the crowd are gone, or begin another episode."""
        with self._turn:
            self._crowd.forget(ids)

    def _take_turn(self, get_frame: Callable[[], Frame], get_mask: Callable[[], ArrayLike] | None) -> None:
        first, every = self._fresh, self.card.decision_ticks
        frame = get_frame()
        legal = self._choice.legal(get_mask()) if get_mask else None
        scores = self._drawn(self._scores(frame))
        if self._hampered is None:
            self._held = self._choice.one(scores[0], legal)
        else:
            self._hampered.grain = 1
            self._held = self._do(scores, legal)
        self._hold = every - self._stagger % every if first else every

    def _scores(self, frame: Frame) -> NDArray[np.float32]:
        """(1, actions) what the policy makes of the newest frame, or of what the character believes it to be."""
        if len(self._eyes) == 1 and not isinstance(frame, dict):  # most, and the quickest way
            self._eyes[0].push(self._eyes[0].look(frame), self._fresh)
        else:
            frames = by_part(self.card, frame)
            seen = [eye.look(frames[eye.part.name]) for eye in self._eyes]
            for eye, image in zip(self._eyes, seen, strict=True):
                eye.push(image, self._fresh)
        if self._hampered is None:
            self._bound()
        else:
            self._ask_mistaken(self._hampered)
        self._fresh = False
        return self._bound.scores

    def _ask_mistaken(self, hampered: Hampered) -> None:
        """Shows the policy what the character believes to see, and keeps the true frames for the stack."""
        buffers = {eye.part.name: self._bound.inputs[eye.part.name] for eye in self._eyes}
        true = {name: buffer.copy() for name, buffer in buffers.items()}
        for name, view in hampered.see(true, _FRESH if self._fresh else _NOT_FRESH).items():
            buffers[name][...] = view
        self._bound()
        for name, buffer in buffers.items():
            buffer[...] = true[name]

    def _drawn(self, scores: NDArray[np.float32]) -> NDArray[Any]:
        if not self._choice.is_drawn:
            return scores
        drawn = self._choice.drawn(scores, self._key, self._draws)
        self._draws += np.uint64(1)
        return drawn

    def _do(self, scores: NDArray[Any] | None, legal: NDArray[np.bool_] | None) -> int:
        """The action in force now under handicaps; `scores` (1, actions) come at a usual decision."""
        assert self._hampered is not None
        if scores is not None:
            if not np.isfinite(scores).all():
                raise self._choice.no_numbers()
            self._hampered.decide(scores, self._now)
        mask = None if legal is None else legal[None]
        return int(self._hampered.act(self._now, mask, bound=scores is not None)[0])

    def _action_at(self, fallback: int | str | None) -> int | None:
        actions = self.card.actions
        if isinstance(fallback, str) and fallback in actions:
            return actions.index(fallback)
        if fallback is None or (isinstance(fallback, int) and 0 <= fallback < len(actions)):
            return fallback
        raise UserError(f"fallback must be one of {', '.join(actions)}, or its number; got {fallback!r}")
