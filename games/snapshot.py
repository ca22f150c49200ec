"""Snapshots: nested dicts of NumPy arrays and plain values, from which a batch and all who watch it go on exactly.

Whoever has something to remember has `state() -> dict` (copies) and `set_state(dict)`, and passes both on to its parts.
Records travel as bytes, so that a snapshot can be written to a file that runs no code when it is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

State = dict[str, Any]


def as_bytes(records: NDArray[Any]) -> NDArray[np.uint8]:
    """(n,) records as (n, itemsize) uint8: a view.

    >>> as_bytes(np.ones(2, [("tick", "i4")])).tolist()
    [[1, 0, 0, 0], [1, 0, 0, 0]]
    """
    return records.view(np.uint8).reshape(len(records), records.dtype.itemsize)


def copied(source: Any, names: tuple[str, ...]) -> State:
    """Copies of these arrays of an object."""
    return {name: getattr(source, name).copy() for name in names}


def restore(target: Any, names: tuple[str, ...], state: State) -> None:
    """Writes arrays of a snapshot over those of an object. Raises UserError where they do not fit."""
    for name in names:
        overwrite(getattr(target, name), state[name], name)


def overwrite(array: NDArray[Any], saved: NDArray[Any], name: str) -> None:
    """Copies a saved array over one of the same shape and dtype. Raises UserError where they differ."""
    if array.shape != saved.shape or array.dtype != saved.dtype:
        raise UserError(
            f"this snapshot does not fit: {name} is {saved.dtype} {saved.shape} in it and {array.dtype} {array.shape} here; "
            "build everything as it was built when the snapshot was made."
        )
    array[...] = saved
