"""What policies see with: convolutions for planes and pixels, features as they are, and both side by side.

Fully connected layers come on top (`net_arch`). Frames of any size from 8 x 8 fit: every layer is padded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn
from torch.nn import functional

from ...errors import UserError
from .normalize import RunningNorm
from .patches import margins, patchwise, run_patchwise

Layers = tuple[tuple[int, int, int], ...]  # (channels, kernel, stride) of each convolution
Seen = torch.Tensor | dict[str, torch.Tensor]  # an observation, (n, *shape), as the environment gives it
CNNS: dict[str, dict[str, Layers]] = {
    "tiny": {  # for titles with few things on the field
        "planes": ((16, 4, 4), (32, 2, 2)),
        "pixels": ((16, 8, 8), (32, 2, 2)),
    },
    "small": {  # patches that do not overlap, as in the stem of Dosovitskiy et al. 2021: cheap on a CPU
        "planes": ((32, 4, 4), (64, 2, 2)),
        "pixels": ((32, 8, 8), (64, 2, 2)),
    },
    "nature": {  # Mnih et al. 2015
        "planes": ((32, 3, 1), (64, 3, 2), (64, 3, 2)),
        "pixels": ((32, 8, 4), (64, 4, 2), (64, 3, 1)),
    },
}
IMPALA = (16, 32, 32)  # channels of the residual stages of Espeholt et al. 2018
PLACES = 64  # numbers that tell of places in planes
WIDTHS = {"tiny": 64, "small": 128, "nature": 512, "impala": 256}  # of the fully connected layer after them


class Eyes(BaseFeaturesExtractor):
    """Turns an observation into a flat vector: (n, channels, h, w) planes or pixels through a CNN, (n, k) features unchanged.

    A Dict observation (`both`) has one eye for each part, and their vectors are joined. Pictures come as uint8, or as floats
    that somebody has scaled already. `width`: of the vector of a picture, 0 for the usual of its CNN. `normalize`: features are
    brought to mean 0 and deviation 1 by statistics that are part of the network. `zoom`: they are also seen so many times larger
    (see `Zoomed`). Raises UserError for a space that is no Box.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        cnn: str = "small",
        width: int = 0,
        normalize: bool = False,
        zoom: Sequence[float] = (),
    ) -> None:
        boxes = (
            dict(observation_space.spaces) if isinstance(observation_space, spaces.Dict) else {"obs": observation_space}
        )
        eyes = {name: _eye(box, cnn, width or WIDTHS[cnn], normalize, zoom) for name, box in boxes.items()}
        super().__init__(observation_space, sum(size for _, size in eyes.values()))
        self.eyes = nn.ModuleDict({name: eye for name, (eye, _) in eyes.items()})

    def forward(self, observations: Seen) -> torch.Tensor:
        seen = parts_of(observations)
        vectors = [eye(seen[name]) for name, eye in self.eyes.items()]
        return vectors[0] if len(vectors) == 1 else torch.cat(vectors, dim=1)

    def learn_statistics(self, observations: Seen) -> None:
        """Takes (n, *shape) observations into the statistics that normalise."""
        for name, part in parts_of(observations).items():
            for norm in self.eyes[name].modules():
                if isinstance(norm, RunningNorm):
                    norm.update(part)


def parts_of(observations: Seen) -> dict[str, torch.Tensor]:
    """A plain observation is the one part `obs`."""
    return observations if isinstance(observations, dict) else {"obs": observations}


def is_picture(box: spaces.Space[Any]) -> bool:
    """Whether an observation is (channels, h, w)."""
    return len(box.shape or ()) == 3


def _eye(box: spaces.Space[Any], cnn: str, width: int, normalize: bool, zoom: Sequence[float]) -> tuple[nn.Module, int]:
    """The network for one part, and the length of its vector."""
    if not isinstance(box, spaces.Box):
        raise UserError(f"learners see Box observations, or Dicts of them; got {box}.")
    if is_picture(box):
        picture = Picture(box, cnn, width)
        return picture, picture.width
    size = int(torch.tensor(box.shape).prod())
    plain = RunningNorm(size) if normalize else Flat()
    return (Zoomed(plain, zoom) if zoom else plain), size * (1 + len(zoom))


class InplaceReLU(nn.ReLU):
    """Writes over what it is given: one large tensor less for every layer that is learnt."""

    def __init__(self) -> None:
        super().__init__(inplace=True)


class Flat(nn.Module):
    """(n, *shape) numbers of any kind -> (n, k) float32."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).float()


class Zoomed(nn.Module):
    """(n, *shape) numbers as `plain` gives them, and once more for each factor: that much larger, cut off at -1 and 1.

    What is near differs by small numbers, which a network is slow to tell apart; piecewise linear codes are among the embeddings
    that mend it (Gorishniy et al. 2022).
    """

    def __init__(self, plain: nn.Module, factors: Sequence[float]) -> None:
        super().__init__()
        self.plain, self.factors = plain, tuple(factors)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(1).float()
        return torch.cat([self.plain(x), *((flat * factor).clamp(-1.0, 1.0) for factor in self.factors)], dim=1)


class Picture(nn.Module):
    """A CNN and one fully connected layer: (n, channels, h, w) uint8 in 0..high, or floats in 0..1, to (n, self.width).

    Of planes, which each show things of one kind, `PLACES` numbers beyond `width` tell the places as well: how far
    a thing has moved since the last frame is a difference of those, and hard to tell for a CNN.
    """

    def __init__(self, box: spaces.Box, cnn: str, width: int) -> None:
        super().__init__()
        self.scale = 1.0 / float(box.high.max())
        kind = "pixels" if self.scale < 1 else "planes"
        self.trunk: Any = residual(box.shape[0]) if cnn == "impala" else convolutions(box.shape, CNNS[cnn][kind])
        self._patchwise = cnn != "impala" and patchwise([*self.trunk][:-1:2])
        with torch.no_grad():
            flat = self.trunk(torch.zeros(1, *box.shape)).shape[1]
        self.out: Any = nn.Sequential(nn.Linear(flat, width), nn.ReLU())
        self.places = Places(box.shape, PLACES) if kind == "planes" else None
        self.width = width + (PLACES if self.places else 0)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        seen = self._seen(frames)
        return torch.cat([seen, self.places(frames.float())], 1) if self.places else seen

    def _seen(self, frames: torch.Tensor) -> torch.Tensor:
        """What the CNN makes of it. Bytes are scaled by way of the first layer's weights, which are fewer than the pixels."""
        scale = 1.0 if frames.is_floating_point() else self.scale
        if self._patchwise and not torch.compiler.is_exporting():
            kind = frames.device.type
            dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32
            with torch.autocast(kind, enabled=False):
                return run_patchwise(self.trunk[:-1:2], self.out[0], frames, scale, dtype)
        first, *rest = self.trunk
        x = functional.conv2d(frames.float(), first.weight * scale, first.bias, first.stride, first.padding)
        for layer in rest:
            x = layer(x)
        return self.out(x)


class Places(nn.Module):
    """Where in each plane things are: (n, channels, h, w) floats, not negative, to (n, count), by one linear layer.

    It gets what part of a plane lies in the first row, the first two, and so on, and likewise in columns: a code of a number by
    many with a threshold each, which is easier to learn from than the number (Gorishniy et al. 2022).
    """

    down: torch.Tensor
    right: torch.Tensor

    def __init__(self, shape: tuple[int, ...], count: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.register_buffer("down", torch.ones(height, height).triu(), persistent=False)  # sums up, as `cumsum` does
        self.register_buffer("right", torch.ones(width, width).triu(), persistent=False)
        self.out = nn.Linear(channels * (height + width), count)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        whole = planes.sum((2, 3)).clamp(min=1.0)[..., None]
        rows, columns = planes.sum(3) / whole @ self.down, planes.sum(2) / whole @ self.right
        return self.out(torch.cat([rows, columns], 2).flatten(1))


def convolutions(shape: tuple[int, ...], layers: Layers) -> nn.Sequential:
    """Convolutions over (channels, h, w) with ReLU between them, flattened at the end.

    >>> convolutions((3, 24, 32), ((8, 3, 2),))(torch.zeros(1, 3, 24, 32)).shape
    torch.Size([1, 1536])
    """
    channels, *sides = shape
    steps: list[nn.Module] = []
    for out, kernel, stride in layers:
        pads = [margins(side, kernel)[0] if kernel == stride else kernel // 2 for side in sides]
        steps += [nn.Conv2d(channels, out, kernel, stride, padding=(pads[0], pads[1])), nn.ReLU()]
        channels, sides = out, [(side + 2 * pad - kernel) // stride + 1 for side, pad in zip(sides, pads, strict=True)]
    return nn.Sequential(*steps, nn.Flatten())


def residual(channels: int) -> nn.Sequential:
    """The IMPALA network: each stage halves the picture and has two residual blocks (Espeholt et al. 2018).

    >>> residual(3)(torch.zeros(1, 3, 24, 32)).shape
    torch.Size([1, 384])
    """
    steps: list[nn.Module] = []
    for out in IMPALA:
        steps += [nn.Conv2d(channels, out, 3, padding=1), nn.MaxPool2d(3, 2, padding=1), Residual(out), Residual(out)]
        channels = out
    return nn.Sequential(*steps, nn.ReLU(), nn.Flatten())


class Residual(nn.Module):
    """x + f(x), with two convolutions in f."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(functional.relu(self.first(functional.relu(x))))


def random_moves(count: int, pad: int, device: torch.device) -> torch.Tensor | None:
    """How far down and right each of so many pictures is moved: (2, count), up to `pad` pixels; None for a `pad` of 0."""
    return torch.randint(-pad, pad + 1, (2, count), device=device) if pad else None


def move(frames: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
    """Moves each picture of (n, channels, h, w) by moves (2, n); edges are repeated (Kostrikov et al. 2020)."""
    n, channels, height, width = frames.shape
    down, right = moves[..., None]
    rows = (torch.arange(height, device=frames.device) + down).clamp_(0, height - 1)
    columns = (torch.arange(width, device=frames.device) + right).clamp_(0, width - 1)
    picture = torch.arange(n, device=frames.device).view(n, 1, 1, 1)
    channel = torch.arange(channels, device=frames.device).view(1, channels, 1, 1)
    return frames[picture, channel, rows.view(n, 1, height, 1), columns.view(n, 1, 1, width)]


def moved(observations: Seen, moves: torch.Tensor | None) -> Seen:
    """The pictures of an observation, moved by moves (2, n); its features as they are."""
    if moves is None:
        return observations
    parts = {name: move(x, moves) if x.dim() == 4 else x for name, x in parts_of(observations).items()}
    return parts if isinstance(observations, dict) else parts["obs"]


def shifted(observations: Seen, pad: int) -> Seen:
    """The pictures of an observation, each moved by chance, by up to `pad` pixels."""
    first = next(iter(parts_of(observations).values()))
    return moved(observations, random_moves(len(first), pad, first.device))
