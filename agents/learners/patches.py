"""Convolutions whose patches do not overlap, as matrix products: every pixel is read once, and nothing is put together again.

A convolution with as much stride as kernel cuts a picture into patches and sends each through the same linear layer (the stem
of Dosovitskiy et al. 2021). For small pictures a product of matrices does that several times faster than a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .fused import linear_relu

WORDS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # as many bytes moved as one
FEW = 64  # pictures that are cut at a time: they stay in a core's cache


def patchwise(convolutions: Sequence[Any]) -> bool:
    """Whether no patches overlap."""
    return all(conv.kernel_size == conv.stride for conv in convolutions)


def margins(size: int, kernel: int) -> tuple[int, int]:
    """How far a picture's side is padded before and after, so that whole patches fit; never less before.

    >>> margins(24, 4), margins(42, 8), margins(41, 8)
    ((0, 0), (3, 3), (4, 3))
    """
    missing = -size % kernel
    return (missing + 1) // 2, missing // 2


def run_patchwise(
    convolutions: Sequence[Any], last: nn.Linear, frames: torch.Tensor, scale: float, dtype: torch.dtype
) -> torch.Tensor:
    """(n, channels, h, w) frames through convolutions and a linear layer, ReLU after each: (n, width) of `dtype`.

    The first layer's weights are multiplied by `scale`. Channels come last on the way; `last` has its weights as for channels first.
    """
    first, *rest = convolutions
    x = linear_relu(_cut(frames, first.stride[0], dtype), first.weight.flatten(1) * scale, first.bias)
    for conv in rest:
        x = linear_relu(_join(x, conv.stride[0]), conv.weight.permute(0, 2, 3, 1).flatten(1), conv.bias)
    channels_last = last.weight.unflatten(1, (x.shape[3], -1)).transpose(1, 2).flatten(1)
    return linear_relu(x.flatten(1), channels_last, last.bias)


def _cut(frames: torch.Tensor, side: int, dtype: torch.dtype) -> torch.Tensor:
    """(n, channels, h, w) -> (n, h / side, w / side, channels * side * side), padded where whole patches do not fit."""
    above, below = margins(frames.shape[2], side)
    left, right = margins(frames.shape[3], side)
    if above or left:
        frames = functional.pad(frames, (left, right, above, below))
    n, channels, height, width = frames.shape
    patches = frames.new_empty(n, height // side, width // side, channels * side * side, dtype=dtype)
    rows = FEW if frames.device.type == "cpu" else n
    for some, target in zip(frames.split(rows), patches.split(rows), strict=True):
        target.copy_(_channels_in_patches(some, side))
    return patches


def _channels_in_patches(frames: torch.Tensor, side: int) -> torch.Tensor:
    word = WORDS.get(side) if frames.dtype == torch.uint8 else None
    rows = frames.contiguous().view(word)[..., None] if word else frames.unflatten(3, (-1, side))
    return rows.unflatten(2, (-1, side)).permute(0, 2, 4, 1, 3, 5).contiguous().view(frames.dtype).flatten(3)


def _join(x: torch.Tensor, side: int) -> torch.Tensor:
    """(n, h, w, channels) -> (n, h / side, w / side, side * side * channels), padded likewise."""
    above, below = margins(x.shape[1], side)
    left, right = margins(x.shape[2], side)
    if above or left:
        x = functional.pad(x, (0, 0, left, right, above, below))
    return x.unflatten(2, (-1, side)).unflatten(1, (-1, side)).transpose(2, 3).flatten(3)
