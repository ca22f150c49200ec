"""Which action a character takes, by the scores of its policy: the best that is legal, or one that is drawn."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .held import Keys, keys_of, uniforms

_NEVER = np.full((), -np.inf, np.float32)
_LANE = 11  # of the random numbers that draw actions; handicaps have those below


def chances(scores: NDArray[Any], legal: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(rows, actions) softmax of scores over what is legal.

    >>> chances(np.array([[0.0, 9.0, 0.0]]), np.array([[True, False, True]])).tolist()
    [[0.5, 0.0, 0.5]]
    """
    scores = np.where(legal, scores, _NEVER)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


class Choice:
    """`temperature`: actions are drawn by softmax(scores / temperature), from numbers of each character's own; None: the best."""

    def __init__(self, policy: Path, actions: int, temperature: float | None) -> None:
        self._policy, self._actions, self._temperature = policy, actions, temperature

    @property
    def is_drawn(self) -> bool:
        """Whether chance has a part in it."""
        return self._temperature is not None

    def key(self, seed: int) -> Keys:
        """(1,) from which a character draws."""
        return keys_of(1, seed, _LANE)

    def legal(self, mask: ArrayLike, rows: int | None = None) -> NDArray[np.bool_]:
        """A mask (actions,), or of so many rows (rows, actions). Raises UserError where it allows nothing."""
        legal = np.asarray(mask, bool)
        shape = (self._actions,) if rows is None else (rows, self._actions)
        if legal.shape != shape:
            raise UserError(f"the mask must be {shape}, one entry an action; got {legal.shape}")
        if not (np.count_nonzero(legal) if legal.ndim == 1 else legal.any(axis=1).all()):
            raise UserError("the mask allows no action; ask for a decision only where one is legal")
        return legal

    def drawn(self, scores: NDArray[Any], keys: Keys, draws: Keys) -> NDArray[Any]:
        """Scores (n, actions) whose best is the choice: as they are, or with noise (Gumbel's trick).

        The noise follows from keys (n,) and how often each has drawn, `draws` (n,), alone.
        """
        if self._temperature is None:
            return scores
        noise = -np.log(-np.log(uniforms(keys, draws, self._actions)))
        return np.asarray(scores / self._temperature + noise)

    def one(self, scores: NDArray[Any], legal: NDArray[np.bool_] | None) -> int:
        """The best legal action by scores (actions,). Raises UserError where they are no numbers."""
        if legal is not None:
            scores = np.where(legal, scores, _NEVER)
        best = int(scores.argmax())
        if not math.isfinite(scores[best]):  # the best is NaN wherever any is
            raise self.no_numbers()
        return best

    def many(self, scores: NDArray[Any], legal: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """(n,) the same for scores (n, actions)."""
        if legal is not None:
            scores = np.where(legal, scores, _NEVER)
        if not np.isfinite(scores.max(axis=1)).all():
            raise self.no_numbers()
        return scores.argmax(axis=1)

    def no_numbers(self) -> UserError:
        return UserError(f"{self._policy} answers this observation with infinities or no numbers; train it again")
