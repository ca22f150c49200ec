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
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .card import Card, Part
from .crowd import Crowd
from .eye import Eye, check_finite, stacked_error
from .hampered import Hampered
from .handicap import NO_HANDICAP, Handicap
from .ladder import Level, ladder_of, policy_of
from .policy_file import PolicyFile, as_rows

_NEVER = np.full((), -np.inf, np.float32)
_FRESH, _NOT_FRESH = np.ones(1, bool), np.zeros(1, bool)
Frame = ArrayLike | dict[str, ArrayLike]  # one unstacked observation; a dict for kind "both"


class Npc:
    """Plays a policy: owns the stack of frames, the recurrent state, masks, sampling and handicaps. Seeded, so play repeats."""

    def __init__(
        self,
        policy: PolicyFile,
        *,
        seed: int = 0,
        deterministic: bool = True,
        temperature: float = 1.0,
        handicap: Handicap = NO_HANDICAP,
    ) -> None:
        if not (math.isfinite(temperature) and temperature > 0):
            raise UserError(
                f"temperature must be a number above 0; got {temperature} (deterministic=True takes the best)"
            )
        self.policy, self.card = policy, policy.card
        self._seed, self._rng = seed, np.random.default_rng(seed)
        self._temperature = None if deterministic else temperature
        self._bound = policy.bind()
        stack = self.card.observation.stack
        self._eyes = [Eye(part, stack, self._bound.inputs[part.name]) for part in self.card.observation.parts]
        self._crowd = Crowd(self.card)
        self._hampered: Hampered | None = None
        self.reset()
        self.handicap = handicap

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        seed: int = 0,
        deterministic: bool = True,
        temperature: float = 1.0,
        handicap: Handicap = NO_HANDICAP,
    ) -> "Npc":
        """Open a policy file or a shipped policy by name. Without `deterministic`, actions are drawn by
        softmax(scores / temperature). Raises UserError, naming the file, where it is unfit."""
        policy = PolicyFile.load(path)
        return cls(policy, seed=seed, deterministic=deterministic, temperature=temperature, handicap=handicap)

    def at_level(self, level: int) -> "Npc":
        """The same character at a level of its policy's ladder. Raises UserError where it has none, or not this one."""
        return self._at(ladder_of(self.policy).at_level(level))

    def at_rating(self, points: float) -> "Npc":
        """The same character as near to a rating as its policy's ladder goes. Raises UserError where it has none."""
        return self._at(ladder_of(self.policy).at_rating(points))

    def _at(self, level: Level) -> "Npc":
        sampled: dict[str, Any] = {} if self._temperature is None else {"temperature": self._temperature}
        policy, deterministic = policy_of(level, self.policy), self._temperature is None
        return Npc(policy, seed=self._seed, deterministic=deterministic, handicap=level.handicap, **sampled)

    @property
    def handicap(self) -> Handicap:
        """How the character is held back (see `npckit.agents.handicap`); may be set at any time, and counts from then on."""
        return self._handicap

    @handicap.setter
    def handicap(self, handicap: Handicap) -> None:
        self._handicap = handicap
        if self._hampered is not None:
            self._hampered.set_handicaps(handicap)
        elif handicap != NO_HANDICAP:
            self._hampered = Hampered(self.card, handicap, 1, seed=self._seed)

    def reset(self) -> None:
        """An episode begins: forget the frames, the recurrent state, the held action and the crowd."""
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
        legal = None if mask is None else self._legal(mask, self._bound.scores.shape[1:])
        scores = self._scores(frame)
        if self._hampered is None:
            return int(self._choose(scores[0], legal))
        self._hampered.grain = self.card.decision_ticks
        action = self._do(scores, legal)
        self._now += self.card.decision_ticks
        return action

    def tick(self, get_frame: Callable[[], Frame], get_mask: Callable[[], ArrayLike] | None = None) -> int:
        """Call every game tick: decides on the first and on every `decision_ticks`-th after it, and holds in between.

        With a delay an action begins in between too; the mask is asked for whenever one begins.
        """
        usual = self._hold == 0
        if self._hampered is None:
            if usual:
                self._held = self.act(get_frame(), get_mask() if get_mask else None)
        else:
            self._hampered.grain = 1
            scores = self._scores(get_frame()) if usual else None
            if usual or self._hampered.is_due(self._now):
                mask = self._legal(get_mask(), self._bound.scores.shape[1:]) if get_mask else None
                self._held = self._do(scores, mask)
        self._hold = (self.card.decision_ticks if usual else self._hold) - 1
        self._now += 1
        return self._held

    def _scores(self, frame: Frame) -> NDArray[np.float32]:
        """(1, actions) what the policy makes of the newest frame, or of what the character believes it to be."""
        if len(self._eyes) == 1 and not isinstance(frame, dict):
            seen = [self._eyes[0].look(frame)]
        else:
            frames = _by_part(self.card, frame)
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

    def _do(self, scores: NDArray[Any] | None, legal: NDArray[np.bool_] | None) -> int:
        """The action in force now under handicaps; `scores` (1, actions) come at a usual decision."""
        assert self._hampered is not None
        if scores is not None:
            if not np.isfinite(scores).all():
                raise self._no_numbers()
            self._hampered.decide(self._drawn(scores), self._now)
        mask = None if legal is None else legal[None]
        return int(self._hampered.act(self._now, mask, bound=scores is not None)[0])

    def act_many(
        self, frames: Frame, masks: ArrayLike | None = None, ids: Sequence[Hashable] | None = None
    ) -> NDArray[np.int64]:
        """Decide for a crowd in one call: frames (n, *frame shape), masks (n, actions) -> actions (n,).

        `ids` say which character each row is (0 to n-1 by default); each has a stack and a state of its own, which
        begin where its id is first seen. The crowd is apart from the one character of `act`. Raises UserError as `act`.
        """
        if self._hampered is not None:
            raise UserError("act_many plays without handicaps; make an Npc for each character that has one")
        given = _by_part(self.card, frames)
        rows = {
            part.name: check_finite(part, self._as_rows(part, given[part.name])) for part in self.card.observation.parts
        }
        count = len(next(iter(rows.values())))
        ids = range(count) if ids is None else ids
        if any(len(row) != len(ids) for row in rows.values()) or len(set(ids)) < len(ids):
            raise UserError(f"act_many needs one id for every frame and none twice; got {count} frames, {len(ids)} ids")
        legal = None if masks is None else self._legal(masks, (count, len(self.card.actions)))
        obs, state, places = self._crowd.recall(ids, rows)
        scores, state = self.policy.run(obs, state)
        self._crowd.keep(places, state)
        return self._choose(scores, legal)

    def forget(self, ids: Sequence[Hashable]) -> None:
        """These characters of the crowd are gone, or begin another episode."""
        self._crowd.forget(ids)

    def _as_rows(self, part: Part, frames: ArrayLike) -> NDArray[Any]:
        array = np.asarray(frames)
        if array.shape[1:] == part.stacked_shape(self.card.observation.stack) != part.frame_shape:
            raise stacked_error(part)
        return as_rows(part.name, array, part.dtype, part.frame_shape)

    def _legal(self, mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        legal = np.asarray(mask, bool)
        if legal.shape != shape:
            raise UserError(f"the mask must be {shape}, one entry an action; got {legal.shape}")
        if not (np.count_nonzero(legal) if legal.ndim == 1 else legal.any(axis=1).all()):
            raise UserError("the mask allows no action; ask for a decision only where one is legal")
        return legal

    def _choose(self, scores: NDArray[Any], legal: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """The best legal action of each row; drawn by softmax where a temperature is set (Gumbel's trick)."""
        scores = self._drawn(scores)
        if legal is not None:
            scores = np.where(legal, scores, _NEVER)
        best = scores.argmax(axis=-1)
        # The best is NaN wherever any is, so one number a row tells of all.
        chosen = scores[best] if best.ndim == 0 else np.take_along_axis(scores, best[:, None], axis=-1)
        if not (math.isfinite(chosen) if best.ndim == 0 else np.isfinite(chosen).all()):
            raise self._no_numbers()
        return best

    def _drawn(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Scores whose best is the choice: as they are, or with noise that is drawn anew."""
        if self._temperature is None:
            return scores
        return np.asarray(scores / self._temperature + self._rng.gumbel(size=scores.shape))

    def _no_numbers(self) -> UserError:
        return UserError(f"{self.policy.path} answers this observation with infinities or no numbers; train it again")


def _by_part(card: Card, frame: Any) -> dict[str, Any]:
    names = [part.name for part in card.observation.parts]
    frames = frame if isinstance(frame, dict) else {names[0]: frame}
    if list(frames) != names and set(frames) != set(names):
        raise UserError(f"this policy sees {' and '.join(names)}; got {', '.join(map(str, frames))}")
    return frames
