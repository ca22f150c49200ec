"""What policies see with: convolutions for planes and pixels, features as they are, and both side by side.

Stable-Baselines3 puts the fully connected layers on top (`net_arch`). Frames of any size from 8 x 8 fit: every layer is padded.
"""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

Layers = tuple[tuple[int, int, int], ...]  # (channels, kernel, stride) of each convolution
CNNS: dict[str, dict[str, Layers]] = {
    "small": {  # thousands of frames a second to learn from on one core
        "planes": ((16, 3, 2), (32, 3, 2)),
        "pixels": ((16, 8, 4), (32, 4, 2)),  # Mnih et al. 2013
    },
    "nature": {  # Mnih et al. 2015
        "planes": ((32, 3, 1), (64, 3, 2), (64, 3, 2)),
        "pixels": ((32, 8, 4), (64, 4, 2), (64, 3, 1)),
    },
}


class Eyes(BaseFeaturesExtractor):
    """Turns an observation into a flat vector: (n, channels, h, w) planes or pixels through a CNN, (n, k) features unchanged.

    A Dict observation (`both`) has one eye for each part, and their vectors are joined.
    """

    def __init__(self, observation_space: spaces.Space[Any], cnn: str = "small", width: int = 128) -> None:
        boxes = (
            dict(observation_space.spaces) if isinstance(observation_space, spaces.Dict) else {"obs": observation_space}
        )
        eyes = {name: _eye(box, cnn, width) for name, box in boxes.items()}
        super().__init__(observation_space, sum(size for _, size in eyes.values()))
        self.eyes = nn.ModuleDict({name: eye for name, (eye, _) in eyes.items()})

    def forward(self, observations: torch.Tensor | dict[str, torch.Tensor]) -> torch.Tensor:
        seen = observations if isinstance(observations, dict) else {"obs": observations}
        return torch.cat([eye(seen[name]) for name, eye in self.eyes.items()], dim=1)


def _eye(box: spaces.Space[Any], cnn: str, width: int) -> tuple[nn.Module, int]:
    """The network for one part, and the length of its vector."""
    shape = box.shape or ()
    if len(shape) == 1:
        return nn.Flatten(), shape[0]
    kind = "pixels" if isinstance(box, spaces.Box) and box.high.max() > 1 else "planes"
    trunk = convolutions(shape[0], CNNS[cnn][kind])
    with torch.no_grad():
        flat = trunk(torch.zeros(1, *shape)).shape[1]
    return nn.Sequential(trunk, nn.Linear(flat, width), nn.ReLU()), width


def convolutions(channels: int, layers: Layers) -> nn.Sequential:
    """Convolutions with ReLU between them, flattened at the end.

    >>> convolutions(3, ((8, 3, 2),))(torch.zeros(1, 3, 24, 32)).shape
    torch.Size([1, 1536])
    """
    steps: list[nn.Module] = []
    for out, kernel, stride in layers:
        steps += [nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2), nn.ReLU()]
        channels = out
    return nn.Sequential(*steps, nn.Flatten())
