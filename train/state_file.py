"""A nested state in a zip archive: NAME.json for its structure and plain values, NAME/0.npy, ... for its arrays.

It holds dicts with text keys, lists, texts, numbers, booleans, None, NumPy arrays and torch tensors. No code runs when it is read.
Arrays pass through in pieces, because a replay buffer may fill most of the memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[Any] | torch.Tensor
PIECE = 2**25  # bytes that are read or written at once
_ARRAY = "array in"  # the key that stands for one in the JSON
_ODD = {"bfloat16": "int16"}  # torch's own types travel as others of their size


def write_state(archive: ZipFile, name: str, state: dict[str, Any]) -> None:
    """Adds a state to an archive that is being written. Raises TypeError for what a state may not hold."""
    count = 0

    def plain(value: Any) -> Any:
        nonlocal count
        if isinstance(value, np.ndarray | torch.Tensor):
            member, count = f"{name}/{count}.npy", count + 1
            with archive.open(member, "w", force_zip64=True) as file:
                kind = _write_array(file, value)
            return {_ARRAY: member, "kind": kind}
        if isinstance(value, dict):
            assert all(isinstance(key, str) and key != _ARRAY for key in value), "keys of a state are texts"
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return value.item() if isinstance(value, np.generic) else value

    archive.writestr(f"{name}.json", json.dumps(plain(state)))


def read_state(archive: ZipFile, name: str, into: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `write_state` wrote. Arrays of `into` at the same places, of the same shape and dtype, are filled and returned."""

    def rich(value: Any, place: Any) -> Any:
        if isinstance(value, list):
            places = place if isinstance(place, list) and len(place) == len(value) else [None] * len(value)
            return [rich(each, spot) for each, spot in zip(value, places, strict=True)]
        if not isinstance(value, dict):
            return value
        if _ARRAY in value:
            with archive.open(value[_ARRAY]) as file:
                return _read_array(file, value["kind"], place)
        named = place if isinstance(place, dict) else {}
        return {key: rich(each, named.get(key)) for key, each in value.items()}

    state: dict[str, Any] = rich(json.loads(archive.read(f"{name}.json")), into)
    return state


def _write_array(file: IO[bytes], array: Array) -> str:
    """Returns what it is: "numpy", or the name of a torch dtype."""
    kind = str(array.dtype).removeprefix("torch.") if isinstance(array, torch.Tensor) else "numpy"
    whole: Any = array.view(getattr(torch, _ODD[kind])) if kind in _ODD else array
    dtype = whole.dtype if kind == "numpy" else torch.empty(0, dtype=whole.dtype).numpy().dtype
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(whole.shape)}
    np.lib.format.write_array_header_1_0(file, header)
    for piece in _pieces(whole):
        part = _on_host(piece)
        if part.size:
            file.write(part.reshape(-1).view(np.uint8).data)
    return kind


def _read_array(file: IO[bytes], kind: str, place: Any) -> Array:
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("objects do not belong into a state")
    target: Any = _target(shape, dtype, kind, place)
    raw = target.view(getattr(torch, _ODD[kind])) if kind in _ODD else target
    for piece in _pieces(raw):
        part = np.frombuffer(bytearray(file.read(math.prod(piece.shape) * dtype.itemsize)), dtype).reshape(piece.shape)
        piece[...] = part if kind == "numpy" else torch.from_numpy(part).to(raw.device)
    return target


def _target(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str, place: Any) -> Array:
    """The array in this place, or a new one where none fits."""
    wanted: Any = dtype if kind == "numpy" else getattr(torch, kind)
    same_sort = isinstance(place, np.ndarray if kind == "numpy" else torch.Tensor)
    if same_sort and tuple(place.shape) == shape and place.dtype == wanted:
        found: Array = place
        return found
    return np.empty(shape, dtype) if kind == "numpy" else torch.empty(shape, dtype=wanted)


def _pieces(array: Any) -> Iterator[Any]:
    """Views along the first axis, of about PIECE bytes."""
    if array.ndim == 0:
        yield array
        return
    row = max(1, array.nbytes // max(1, len(array)))
    for first in range(0, len(array), max(1, PIECE // row)):
        yield array[first : first + max(1, PIECE // row)]


def _on_host(part: Array) -> NDArray[Any]:
    """Contiguous, in the memory that NumPy sees."""
    return np.ascontiguousarray(part.detach().cpu().numpy() if isinstance(part, torch.Tensor) else part)
