"""Adam on one vector: a step costs as much for many layers as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from . import loops

ALIGNED = 16  # floats: every weight begins on a cache line, as torch's own do


class FlatAdam(torch.optim.Adam):
    """Adam (Kingma and Ba 2015) whose weights, gradients and moments are pieces of one vector each.

    Weights stay where a network has them, and a state dict is that of torch's Adam. `zero_grad` leaves gradients in place.
    """

    _flat: _Flat | None = None  # found again where weights or moments have been replaced

    @staticmethod
    def serves(weights: Iterable[torch.Tensor], options: Mapping[str, Any]) -> bool:
        """Whether it does what torch's Adam would do: on a CPU, where steps are small, and with the usual options."""
        return {*options} <= {"betas", "eps", "fused"} and all(
            each.device.type == "cpu" and each.dtype == torch.float32 for each in weights
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._flat = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.flat.gradient.zero_()

    def clip(self, limit: float) -> torch.Tensor:
        """Scales the gradient down to a norm, and returns what it was, ()."""
        gradient = (self._flat or self.flat).gradient
        norm = torch.linalg.vector_norm(gradient)
        if (length := float(norm)) > limit:
            gradient.mul_(limit / (length + 1e-6))
        return norm

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for hook in self._optimizer_step_pre_hooks.values():
            hook(self, (), {})
        flat, (group,) = self.flat, self.param_groups
        loops.adam(float(group["lr"]), *group["betas"], group["eps"], *flat.arrays)
        for hook in self._optimizer_step_post_hooks.values():
            hook(self, (), {})

    step.hooked = True  # type: ignore[attr-defined]  # torch would wrap it in what takes longer than the step

    @property
    def flat(self) -> _Flat:
        """The vectors, with every `grad` in its place."""
        if self._flat is None or not self._flat.holds():
            self._flat = _Flat.of(self.param_groups[0]["params"], self.state)
        return self._flat


@dataclass
class _Flat:
    """`weights`, `gradient`, `mean` and `square` are (size,); `steps` (parameters,), as torch counts them for each."""

    weights: torch.Tensor
    gradient: torch.Tensor
    mean: torch.Tensor
    square: torch.Tensor
    steps: torch.Tensor
    places: list[
        tuple[Any, int, torch.Tensor]
    ]  # each parameter, its address, and the piece of the gradient that is its own

    def __post_init__(self) -> None:
        told = self.gradient, self.weights, self.mean, self.square, self.steps
        self.arrays = tuple(each.numpy() for each in told)  # views of the same memory

    def holds(self) -> bool:
        """Whether all parameters still lie in the vector."""
        return all(each.data_ptr() == address and each.grad is piece for each, address, piece in self.places)

    @classmethod
    def of(cls, parameters: list[Any], state: Any) -> _Flat:
        """Moves parameters, their gradients and what Adam knows of them into vectors."""
        starts = [0]
        for each in parameters:
            starts.append(starts[-1] + -(-each.numel() // ALIGNED) * ALIGNED)
        weights, gradient, mean, square = (
            torch.zeros(starts[-1]) for _ in range(4)
        )  # a file holds only whole storages
        flat = cls(weights, gradient, mean, square, torch.zeros(len(parameters)), [])
        for start, step, each in zip(starts, flat.steps, parameters, strict=False):
            pieces = [
                vector[start : start + each.numel()].view_as(each)
                for vector in (flat.weights, flat.gradient, flat.mean, flat.square)
            ]
            known = state.get(each, {})
            for piece, value in zip(
                pieces, (each.data, each.grad, known.get("exp_avg"), known.get("exp_avg_sq")), strict=True
            ):
                if value is not None:
                    piece.copy_(value)
            step.copy_(known.get("step", step))
            each.data, each.grad = pieces[:2]
            state[each] = {"step": step, "exp_avg": pieces[2], "exp_avg_sq": pieces[3]}
            flat.places.append((each, each.data_ptr(), pieces[1]))
        return flat
