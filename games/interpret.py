"""Rules run as plain Python, strictly: the reference that compiled rules are compared with.

The views below hand Python numbers to the rules and check what they write: an index out of range, a negative index or a
number that does not fit its field is an error here, where compiled code would go on in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class RecordView:
    """One record: attributes are fields."""

    __slots__ = ("_record",)

    def __init__(self, record: Any) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, name: str) -> Any:
        return _read(self._record[name])

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._record.dtype.fields[name][0]
        self._record[name] = _checked(value, kind, name)


class ArrayView:
    """An array of numbers or records, with bounds checked and negative indices refused."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: Any) -> Any:
        return _read(self.array[self._inside(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[self._inside(index)] = _checked(value, self.array.dtype, "an array")

    def _inside(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        for part, size in zip(parts, self.array.shape, strict=False):
            if not isinstance(part, slice) and not 0 <= part < size:
                raise IndexError(f"index {part} is out of range for an axis of {size}")
        return index


def _read(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return ArrayView(value)
    if isinstance(value, np.void):
        return RecordView(value)
    return value if isinstance(value, np.uint64) else value.item()  # uint64 wraps, as the generator needs


def _checked(value: Any, kind: np.dtype[Any], where: str) -> Any:
    if kind.kind in "iu" and not np.iinfo(kind).min <= int(value) <= np.iinfo(kind).max:
        raise OverflowError(f"{value} does not fit {where} ({kind})")
    if kind.kind == "f" and not np.isfinite(value):
        raise ValueError(f"{value} written to {where}")
    return value


def interpreted(driver: Callable[..., Any]) -> Callable[..., Any]:
    """A driver over arrays, run as Python over strict views of them."""

    def run(*args: Any) -> Any:
        with np.errstate(over="ignore"):
            return driver(*(ArrayView(a) if isinstance(a, np.ndarray) else a for a in args))

    return run
