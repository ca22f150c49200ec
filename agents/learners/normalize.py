"""Statistics that are part of a model: of what it sees, and of the rewards that it is trained on."""

from __future__ import annotations

import torch
from torch import nn

EPSILON = 1e-4
BOUND = 10.0  # deviations: what lies beyond is cut off


class RunningNorm(nn.Module):
    """(n, *shape) float -> (n, k) with mean 0 and deviation 1. The statistics are buffers: saved and exported with the weights.

    They are joined from batches as Chan et al. 1979 do it, and change in `update` alone.
    """

    mean: torch.Tensor
    var: torch.Tensor
    count: torch.Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("count", torch.tensor(EPSILON, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return ((x.flatten(1).float() - self.mean) * torch.rsqrt(self.var + EPSILON)).clamp(-BOUND, BOUND)

    @torch.no_grad()
    def update(self, x: torch.Tensor) -> None:
        """Takes n rows into the statistics."""
        x = x.flatten(1).double()
        var, mean = torch.var_mean(x, dim=0, correction=0)
        total = self.count + len(x)
        apart, share = mean - self.mean, len(x) / total
        self.mean.copy_(self.mean + apart * share)
        self.var.copy_(self.var * (1 - share) + var * share + apart.square() * share * (1 - share))
        self.count.copy_(total)


class RewardNorm(nn.Module):
    """Divides rewards by the deviation of the discounted return so far, as SB3's VecNormalize does; never shifts them."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = RunningNorm(1)

    @torch.no_grad()
    def forward(self, rewards: torch.Tensor, ends: torch.Tensor, returns: torch.Tensor, gamma: float) -> torch.Tensor:
        """rewards (n,) float and ends (n,) bool of one step; `returns` (n,) is carried on in place."""
        returns.mul_(gamma).add_(rewards)
        self.norm.update(returns[:, None])
        returns.masked_fill_(ends, 0.0)
        return (rewards * torch.rsqrt(self.norm.var + EPSILON)).clamp(-BOUND, BOUND)
