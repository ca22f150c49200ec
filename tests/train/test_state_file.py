"""A nested state goes through a file unchanged, in pieces, and without running anything."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from npckit.train import state_file
from npckit.train.state_file import read_state, write_state

PLAIN = {
    "numbers": [1, -2.5, 2**127, float("inf")],
    "texts": ["a", "ü"],
    "flags": [True, False, None],
    "deep": {"empty": {}, "list": []},
}


def through_a_file(state: dict[str, Any], into: dict[str, Any] | None = None) -> dict[str, Any]:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        write_state(archive, "state", state)
    with ZipFile(file) as archive:
        return read_state(archive, "state", into)


def test_plain_values_come_back_as_they_were() -> None:
    assert through_a_file(PLAIN) == PLAIN


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.uint64, np.int64, np.float32, np.float64, np.bool_])
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (7, 300, 2)])
def test_arrays_come_back_bit_for_bit_whatever_the_piece(
    dtype: Any, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_file, "PIECE", 1000)
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    back = through_a_file({"here": [array]})["here"][0]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, shape, array.tobytes())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.uint8, torch.int64, torch.bool])
def test_tensors_come_back_as_tensors_also_views_with_gaps(dtype: torch.dtype) -> None:
    tensor = torch.randn(6, 8, generator=torch.Generator().manual_seed(0)).to(dtype).T[::2]
    back = through_a_file({"tensor": tensor})["tensor"]
    assert back.dtype == dtype and torch.equal(back, tensor)


def test_what_fits_is_filled_in_place_and_what_does_not_is_new() -> None:
    state = {"buffer": {"frames": torch.arange(12.0).view(3, 4), "rows": np.arange(5)}, "parts": [torch.ones(2)]}
    place = {"buffer": {"frames": torch.zeros(3, 4), "rows": np.zeros(4, int)}, "parts": [torch.zeros(2)]}
    back = through_a_file(state, place)
    assert back["parts"][0] is place["parts"][0] and place["parts"][0].tolist() == [1, 1]
    assert (
        back["buffer"]["frames"] is place["buffer"]["frames"] and back["buffer"]["rows"] is not place["buffer"]["rows"]
    )
    assert torch.equal(place["buffer"]["frames"], state["buffer"]["frames"])
    assert back["buffer"]["rows"].tolist() == [0, 1, 2, 3, 4]


def test_a_large_array_is_never_copied_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(state_file, "PIECE", 2**16)
    large = np.ones((1000, 4000), np.uint16)  # 8 MB
    place = {"large": np.zeros_like(large)}
    tracemalloc.start()
    try:
        with ZipFile(tmp_path / "state.zip", "w") as archive:
            write_state(archive, "state", {"large": large})
        with ZipFile(tmp_path / "state.zip") as archive:
            read_state(archive, "state", place)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()
    assert place["large"].all()


def test_objects_that_would_run_code_are_neither_written_nor_read() -> None:
    with pytest.raises(TypeError):
        through_a_file({"code": print})
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("state.json", '{"trap": {"array in": "state/0.npy", "kind": "numpy"}}')
        with archive.open("state/0.npy", "w") as member:
            np.lib.format.write_array(member, np.array([print], object), allow_pickle=True)
    with ZipFile(file) as archive, pytest.raises(ValueError, match="objects do not belong"):
        read_state(archive, "state")
