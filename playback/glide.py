"""Display lists between two ticks, so that motion is smooth at any display rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..games.frame import DISC, DOME, KIND, LINE, TAG, A, B, X, Y

Shapes = NDArray[np.int32]  # (shapes, 8), see games.frame


def between(before: Shapes, now: Shapes, share: float, leap: float) -> NDArray[np.float64]:
    """`now` as float64 with places and sizes moved back towards `before`: share 0 is before, 1 is now.

    Things are told apart by their tags. A tag that is not unique, or a thing that moved farther than `leap` (a serve, a
    wrap-around), does not glide.
    """
    rows = now.astype(np.float64)
    if share >= 1.0 or not len(before) or not len(now):
        return rows
    i, j = same_things(before, now)
    here, moved = rows[j, X : B + 1], before[i, X : B + 1] - rows[j, X : B + 1]
    glides = np.abs(moved).max(axis=1, initial=0.0) <= leap
    rows[j[glides], X : B + 1] = here[glides] + (1.0 - share) * moved[glides]
    return rows


def centres(shapes: NDArray[Any]) -> list[tuple[float, float]]:
    """The middle of every shape, in sub-pixels."""
    x, y, a, b, kind = (shapes[:, column].astype(float) for column in (X, Y, A, B, KIND))
    x = np.select([(kind == DISC) | (kind == DOME), kind == LINE], [x, (x + a) / 2], x + a / 2)
    y = np.select([(kind == DISC) | (kind == DOME), kind == LINE], [y, (y + b) / 2], y + b / 2)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def same_things(before: Shapes, now: Shapes) -> tuple[NDArray[Any], NDArray[Any]]:
    """Row numbers in both lists of the things that have the same tag and kind."""
    tags_before, rows_before = _unique(before[:, TAG])
    tags_now, rows_now = _unique(now[:, TAG])
    _, i, j = np.intersect1d(tags_before, tags_now, assume_unique=True, return_indices=True)
    i, j = rows_before[i], rows_now[j]
    alike = before[i, KIND] == now[j, KIND]
    return i[alike], j[alike]


def _unique(tags: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """The tags that occur once, and where.

    >>> _unique(np.array([7, 3, 7, 5], np.int32))[1].tolist()
    [1, 3]
    """
    values, rows, counts = np.unique(tags, return_index=True, return_counts=True)
    return values[counts == 1], rows[counts == 1]
