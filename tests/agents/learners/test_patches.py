"""Convolutions that are run as matrix products give what they give as convolutions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces
from npckit.agents.learners.networks import CNNS, Picture, convolutions
from npckit.agents.learners.patches import patchwise

SIZES = ((24, 32), (12, 12), (42, 36), (41, 35), (8, 8), (9, 70))
HIGHS = {"planes": 1, "pixels": 255}


@pytest.mark.parametrize("kind", HIGHS)
@pytest.mark.parametrize("cnn", ["tiny", "small"])
@pytest.mark.parametrize("size", SIZES)
def test_patches_give_what_convolutions_give(size: tuple[int, int], cnn: str, kind: str) -> None:
    torch.manual_seed(0)
    box = spaces.Box(0, HIGHS[kind], (3, *size), np.uint8)
    eye = Picture(box, cnn, 16)
    frames = torch.from_numpy(np.stack([box.sample() for _ in range(20)]))
    assert patchwise(eye.trunk[:-1:2])
    mine, plain = eye(frames)[:, :16], eye.out(eye.trunk(frames.float() * eye.scale))
    torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-5)
    weights = [*eye.trunk.parameters(), *eye.out.parameters()]
    for by_patches, by_convolution in zip(
        torch.autograd.grad(mine.square().sum(), weights),
        torch.autograd.grad(plain.square().sum(), weights),
        strict=True,
    ):
        # as a whole: what lies next to a ReLU's corner may be rounded to either side of it, and its few weights then differ
        assert (by_patches - by_convolution).norm() < 0.01 * by_convolution.norm()


@pytest.mark.parametrize("layers", [form for forms in CNNS.values() for form in forms.values()])
@pytest.mark.parametrize("size", SIZES)
def test_no_pixel_is_left_out(layers: tuple[tuple[int, int, int], ...], size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    frames = torch.rand(1, 2, *size, requires_grad=True)
    net = convolutions((2, *size), layers).requires_grad_(False)
    for layer in net[:-1:2]:
        layer.weight.abs_()  # nothing dies in a ReLU, and nothing cancels out
    assert torch.autograd.grad(net(frames).sum(), frames)[0].ne(0).all()


def test_bf16_is_near_to_float32() -> None:
    torch.manual_seed(0)
    box = spaces.Box(0, 1, (6, 24, 32), np.uint8)
    eye, frames = Picture(box, "small", 32), torch.randint(0, 2, (50, 6, 24, 32), dtype=torch.uint8)
    with torch.autocast("cpu", torch.bfloat16):
        near = eye(frames)
    assert near.dtype == torch.bfloat16
    torch.testing.assert_close(near.float(), eye(frames), rtol=0.05, atol=0.05)
