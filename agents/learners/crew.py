"""A minibatch shared out among threads: each has its part of the samples, and gradients of its own.

Operations on a few thousand rows are too small to be spread over cores one by one. Whole parts of a minibatch are not, and
what a part touches stays in its core's cache.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn

Part = TypeVar("Part")
Told = TypeVar("Told")
# layers that act otherwise while they learn: by chance, or from what the whole minibatch holds
MOODY = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)


class Crew:
    """A policy and `hands` - 1 twins of it, with the same weights in the same memory."""

    def __init__(self, policy: nn.Module, hands: int) -> None:
        self.policies = [policy, *(twin(policy) for _ in range(hands - 1))]
        self._others = (
            ThreadPoolExecutor(hands - 1, initializer=torch.set_num_threads, initargs=(1,)) if hands > 1 else None
        )

    @property
    def hands(self) -> int:
        """How many threads learn at once."""
        return len(self.policies)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While this lasts, no operation is spread over threads: the hands are."""
        threads = torch.get_num_threads()
        try:
            if self._others is not None:
                torch.set_num_threads(1)
            yield
        finally:
            if self._others is not None:
                torch.set_num_threads(threads)

    def share_out(self, work: Callable[[Any, Part], Told], parts: Sequence[Part]) -> list[Told]:
        """`work` on a policy and one of at most `hands` parts each, at once. The gradients it left are added up in the first."""
        if self._others is None:
            return [work(self.policies[0], part) for part in parts]
        waiting = [self._others.submit(work, *each) for each in zip(self.policies[1:], parts[1:], strict=False)]
        told = [work(self.policies[0], parts[0]), *(each.result() for each in waiting)]
        for other in self.policies[1 : len(parts)]:
            _move_gradients(other, self.policies[0])
        return told


def crew_for(policy: nn.Module) -> Crew:
    """As many hands as torch has threads on a CPU; one on other devices, and where layers mind what else is in a minibatch."""
    on_cpu = all(each.device.type == "cpu" for each in policy.parameters())
    alone = not on_cpu or any(isinstance(module, MOODY) for module in policy.modules())
    return Crew(policy, 1 if alone else torch.get_num_threads())


def twin(policy: nn.Module) -> nn.Module:
    """A copy that shares every weight and statistic, and has gradients of its own."""
    other = copy.deepcopy(policy, {id(getattr(policy, "optimizer", None)): None})
    for mine, its in zip(policy.modules(), other.modules(), strict=True):
        its._buffers = mine._buffers
        for name, weight in mine._parameters.items():
            if weight is not None:
                its._parameters[name].data = weight.data  # type: ignore[union-attr]  # a copy has what the original has
    return other


def _move_gradients(source: nn.Module, target: nn.Module) -> None:
    """Adds the gradients of one policy to those of another, and forgets them."""
    pairs = [(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True) if a.grad is not None]
    for its, mine in pairs:
        mine.grad = its.grad if mine.grad is None else mine.grad.add_(its.grad)  # type: ignore[arg-type]
        its.grad = None
