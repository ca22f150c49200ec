"""Eyes, their statistics, and pictures that are moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from npckit.agents.learners.networks import CNNS, PLACES, WIDTHS, Eyes, Places, move, random_moves
from npckit.agents.learners.normalize import RewardNorm, RunningNorm
from npckit.errors import UserError

PIXELS = spaces.Box(0, 255, (4, 42, 36), np.uint8)
PLANES = spaces.Box(0, 1, (6, 24, 32), np.uint8)


@pytest.mark.parametrize("cnn", WIDTHS)
@pytest.mark.parametrize("box", [PIXELS, PLANES])
def test_bytes_and_the_floats_of_the_same_picture_look_the_same(cnn: str, box: spaces.Box) -> None:
    eyes = Eyes(box, cnn)
    frames = torch.from_numpy(np.stack([box.sample() for _ in range(3)]))
    out = eyes(frames)
    assert out.shape == (3, eyes.features_dim) == (3, WIDTHS[cnn] + (PLACES if box is PLANES else 0))
    torch.testing.assert_close(out, eyes(frames.float() / float(box.high.max())), rtol=1e-4, atol=1e-5)


def test_every_cnn_has_a_form_for_planes_and_one_for_pixels() -> None:
    assert all(forms.keys() == {"planes", "pixels"} for forms in CNNS.values())


def test_parts_of_a_dict_are_seen_side_by_side() -> None:
    features = spaces.Box(-1, 1, (5,), np.float32)
    eyes = Eyes(spaces.Dict(features=features, planes=PLANES), "tiny")
    seen: dict[str, Any] = {"features": torch.rand(2, 5), "planes": torch.zeros(2, 6, 24, 32, dtype=torch.uint8)}
    out = eyes(seen)
    torch.testing.assert_close(out[:, :5], seen["features"])
    assert eyes.features_dim == 5 + WIDTHS["tiny"] + PLACES


def test_a_place_is_a_sum_of_what_is_seen_of_it() -> None:
    places, planes = Places((2, 5, 7), 2), torch.zeros(35, 2, 5, 7)
    down, right = torch.arange(5).repeat_interleave(7), torch.arange(7).repeat(5)
    planes[torch.arange(35), 1, down, right] = 1.0
    with torch.no_grad():
        places.out.weight.zero_()
        places.out.weight[0, 12:17] = -1.0
        places.out.weight[1, 17:24] = -1.0
        places.out.bias.copy_(torch.tensor([5.0, 7.0]))
    torch.testing.assert_close(places(planes), torch.stack([down, right], 1).float())
    assert (places(torch.zeros(1, 2, 5, 7)) == places.out.bias).all()  # nothing is nowhere, and no division by it


def test_what_is_no_box_is_refused() -> None:
    with pytest.raises(UserError, match="Box"):
        Eyes(spaces.Discrete(3))


def test_statistics_of_batches_are_those_of_the_whole() -> None:
    torch.manual_seed(0)
    rows = torch.randn(1000, 3) * torch.tensor([1.0, 5.0, 0.1]) + torch.tensor([0.0, -7.0, 2.0])
    norm = RunningNorm(3)
    for part in rows.split(70):
        norm.update(part)
    torch.testing.assert_close(norm.mean, rows.mean(0), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(norm.var, rows.var(0, correction=0), rtol=1e-3, atol=1e-3)
    seen = norm(rows)
    assert seen.mean(0).abs().max() < 0.02 and (seen.std(0) - 1).abs().max() < 0.02


def test_rewards_are_scaled_and_never_shifted() -> None:
    norm, returns = RewardNorm(), torch.zeros(64)
    torch.manual_seed(0)
    for _ in range(200):
        rewards = 50 * torch.randn(64)
        scaled = norm(rewards, torch.rand(64) < 0.1, returns, 0.9)
    assert torch.equal(scaled.sign(), rewards.sign())
    assert 0.1 < scaled.std() < 1.0


def test_a_shift_moves_a_picture_and_repeats_its_edge() -> None:
    torch.manual_seed(0)
    frames = torch.arange(25, dtype=torch.uint8).view(1, 1, 5, 5).expand(200, 2, 5, 5)
    moves = random_moves(200, 1, frames.device)
    assert moves is not None
    moved = move(frames, moves)
    centres = moved[:, 0, 2, 2].unique().tolist()
    assert centres == [6, 7, 8, 11, 12, 13, 16, 17, 18]  # every neighbour of the middle, 12
    assert torch.equal(moved[:, 0], moved[:, 1]) and moved.dtype == torch.uint8
    up_left = moved[moved[:, 0, 2, 2] == 18][0, 0]
    assert up_left[-1].tolist() == [21, 22, 23, 24, 24]


def test_zoomed_features_are_plain_ones_and_larger_ones_cut_off() -> None:
    space = spaces.Box(-1, 1, (3,), np.float32)
    eyes = Eyes(space, zoom=(4.0, 16.0))
    seen = eyes(torch.tensor([[0.05, -0.5, 1.0]]))
    assert eyes.features_dim == 9
    assert torch.allclose(seen, torch.tensor([[0.05, -0.5, 1.0, 0.2, -1.0, 1.0, 0.8, -1.0, 1.0]]))


def test_a_zoom_leaves_what_is_normalised_normalised() -> None:
    space = spaces.Box(-1, 1, (2,), np.float32)
    eyes, plain = Eyes(space, normalize=True, zoom=(4.0,)), Eyes(space, normalize=True)
    rows = torch.rand(64, 2)
    for each in (eyes, plain):
        each.learn_statistics(rows)
    assert torch.equal(eyes(rows)[:, :2], plain(rows))
