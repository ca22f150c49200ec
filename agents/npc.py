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
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .card import Card, Part
from .policy_file import PolicyFile, as_rows

_Arrays = dict[str, NDArray[Any]]
_NEVER = np.full((), -np.inf, np.float32)
Frame = ArrayLike | dict[str, ArrayLike]  # one unstacked observation; a dict for kind "both"


class Npc:
    """Plays a policy: owns the stack of frames, the recurrent state, masks and sampling. Seeded, so play repeats."""

    def __init__(
        self, policy: PolicyFile, *, seed: int = 0, deterministic: bool = True, temperature: float = 1.0
    ) -> None:
        if not (math.isfinite(temperature) and temperature > 0):
            raise UserError(
                f"temperature must be a number above 0; got {temperature} (deterministic=True takes the best)"
            )
        self.policy, self.card = policy, policy.card
        self._rng = np.random.default_rng(seed)
        self._temperature = None if deterministic else temperature
        self._bound = policy.bind()
        stack = self.card.observation.stack
        self._eyes = [_Eye(part, stack, self._bound.inputs[part.name]) for part in self.card.observation.parts]
        self._crowd = _Crowd(self.card)
        self.reset()

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, seed: int = 0, deterministic: bool = True, temperature: float = 1.0
    ) -> "Npc":
        """Open a policy file or a shipped policy by name. Without `deterministic`, actions are drawn by
        softmax(scores / temperature). Raises UserError, naming the file, where it is unfit."""
        return cls(PolicyFile.load(path), seed=seed, deterministic=deterministic, temperature=temperature)

    def reset(self) -> None:
        """An episode begins: forget the frames, the recurrent state, the held action and the crowd."""
        self._fresh, self._hold, self._held = True, 0, 0
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
        if len(self._eyes) == 1 and not isinstance(frame, dict):
            seen = [self._eyes[0].look(frame)]
        else:
            frames = _by_part(self.card, frame)
            seen = [eye.look(frames[eye.part.name]) for eye in self._eyes]
        for eye, image in zip(self._eyes, seen, strict=True):
            eye.push(image, self._fresh)
        self._fresh = False
        self._bound()
        return int(self._choose(self._bound.scores[0], legal))

    def tick(self, get_frame: Callable[[], Frame], get_mask: Callable[[], ArrayLike] | None = None) -> int:
        """Call every game tick: decides on the first and on every `decision_ticks`-th after it, and holds in between."""
        if self._hold == 0:
            self._held = self.act(get_frame(), get_mask() if get_mask else None)
            self._hold = self.card.decision_ticks
        self._hold -= 1
        return self._held

    def act_many(
        self, frames: Frame, masks: ArrayLike | None = None, ids: Sequence[Hashable] | None = None
    ) -> NDArray[np.int64]:
        """Decide for a crowd in one call: frames (n, *frame shape), masks (n, actions) -> actions (n,).

        `ids` say which character each row is (0 to n-1 by default); each has a stack and a state of its own, which
        begin where its id is first seen. The crowd is apart from the one character of `act`. Raises UserError as `act`.
        """
        given = _by_part(self.card, frames)
        rows = {
            part.name: _check_finite(part, self._as_rows(part, given[part.name]))
            for part in self.card.observation.parts
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
            raise _stacked(part)
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
        if self._temperature is not None:
            scores = scores / self._temperature + self._rng.gumbel(size=scores.shape)
        if legal is not None:
            scores = np.where(legal, scores, _NEVER)
        best = scores.argmax(axis=-1)
        # The best is NaN wherever any is, so one number a row tells of all.
        chosen = scores[best] if best.ndim == 0 else np.take_along_axis(scores, best[:, None], axis=-1)
        if not (math.isfinite(chosen) if best.ndim == 0 else np.isfinite(chosen).all()):
            raise UserError(
                f"{self.policy.path} answers this observation with infinities or no numbers; train it again"
            )
        return best


class _Eye:
    """One part of what a single character sees: the last frames, in the buffer that onnxruntime reads."""

    def __init__(self, part: Part, stack: int, buffer: NDArray[Any]) -> None:
        self.part, self._stack, self._dtype = part, stack, np.dtype(part.dtype)
        self._frames = buffer.reshape(stack, *part.frame_shape)  # a view, oldest first

    def look(self, frame: ArrayLike) -> NDArray[Any]:
        """Check one unstacked frame and give it in the graph's dtype."""
        image = frame if isinstance(frame, np.ndarray) else np.asarray(frame)
        part = self.part
        if image.shape != part.frame_shape:
            if image.shape == part.stacked_shape(self._stack):
                raise _stacked(part)
            raise UserError(f"{part.name} must be {part.dtype} {part.frame_shape}; got {image.dtype} {image.shape}")
        if image.dtype is not self._dtype:
            image = as_rows(part.name, image[None], part.dtype, part.frame_shape)[0]
        return _check_finite(part, image)

    def push(self, image: NDArray[Any], fresh: bool) -> None:
        """Take in the newest frame; the first of an episode fills the stack."""
        if fresh or self._stack == 1:
            self._frames[:] = image
        else:
            self._frames[:-1] = self._frames[1:]
            self._frames[-1] = image


class _Crowd:
    """The stacks and states of many characters, a row each."""

    def __init__(self, card: Card) -> None:
        self._stack = card.observation.stack
        self._states = [name for name, _ in card.recurrent]
        self._rows: dict[Hashable, int] = {}
        self._free: list[int] = []
        parts = card.observation.parts
        self._memory = {part.name: np.zeros((0, self._stack, *part.frame_shape), part.dtype) for part in parts}
        self._memory |= {name: np.zeros((0, *shape), np.float32) for name, shape in card.recurrent}

    def forget(self, ids: Iterable[Hashable] | None = None) -> None:
        """Free the rows of these characters, or of all."""
        for key in list(self._rows) if ids is None else ids:
            if key in self._rows:
                self._free.append(self._rows.pop(key))

    def recall(self, ids: Sequence[Hashable], frames: dict[str, NDArray[Any]]) -> tuple[_Arrays, _Arrays, NDArray[Any]]:
        """Push each character's frame: stacked observations, recurrent states, and the rows they live in."""
        fresh = np.array([key not in self._rows for key in ids], bool)
        rows = np.array([self._row(key) for key in ids], np.intp)
        for name in self._states:
            self._memory[name][rows[fresh]] = 0
        obs = {}
        for name, images in frames.items():
            stacks = self._memory[name][rows]
            stacks[:, :-1] = stacks[:, 1:]
            stacks[:, -1] = images
            stacks[fresh] = images[fresh][:, None]
            self._memory[name][rows] = stacks
            obs[name] = stacks.reshape(len(rows), self._stack * images.shape[1], *images.shape[2:])
        return obs, {name: self._memory[name][rows] for name in self._states}, rows

    def keep(self, rows: NDArray[Any], state: _Arrays) -> None:
        """Store the new recurrent states."""
        for name, new in state.items():
            self._memory[name][rows] = new

    def _row(self, key: Hashable) -> int:
        if key not in self._rows:
            if not self._free:
                self._grow()
            self._rows[key] = self._free.pop()
        return self._rows[key]

    def _grow(self) -> None:
        old = len(self._rows)
        more = max(8, old)
        self._free = list(range(old, old + more))
        for name, array in self._memory.items():
            self._memory[name] = np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])


def _by_part(card: Card, frame: Any) -> dict[str, Any]:
    names = [part.name for part in card.observation.parts]
    frames = frame if isinstance(frame, dict) else {names[0]: frame}
    if list(frames) != names and set(frames) != set(names):
        raise UserError(f"this policy sees {' and '.join(names)}; got {', '.join(map(str, frames))}")
    return frames


def _check_finite(part: Part, image: NDArray[Any]) -> NDArray[Any]:
    # A NaN or an infinity makes the sum of squares one, quickly; a sum that merely overflowed is looked at again.
    if part.dtype == "float32" and not math.isfinite(np.vdot(image, image)) and not np.isfinite(image).all():
        raise UserError(f"{part.name} holds NaN or infinity; check what the game observes")
    return image


def _stacked(part: Part) -> UserError:
    return UserError(f"give the newest frame alone, {part.name} {part.frame_shape}; Npc stacks the last ones itself")
