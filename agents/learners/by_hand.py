"""The values of a network of fully connected layers, and their gradient, without a graph and in rooms that are made once.

On a CPU a graph, and new memory for every activation, cost as much as the arithmetic of a small network.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .networks import Eyes, Flat
from .q_policies import QNet, joined

Rooms = dict[tuple[int, ...], list[torch.Tensor]]  # by the number of rows and the widths


class ByHand:
    """What a `QNet` says, (k, *shape) observations -> (k, actions), and the gradient of what it said last.

    It stands for networks without a memory whose layers are linear, with ReLU or Tanh between them, and whose eyes have
    nothing to learn. Values are a new tensor each time; activations are kept until the next call of those that share `rooms`:
    what is small stays in the cache. Callers switch gradients off.
    """

    def __init__(self, net: QNet, rooms: Rooms | None = None) -> None:
        self.net, self.rooms = net, {} if rooms is None else rooms
        linear = [layer for layer in net.layers if isinstance(layer, nn.Linear)]
        self.weights: list[Any] = [layer.weight for layer in linear]
        self.biases: list[Any] = [layer.bias for layer in linear]
        self.kinds = ["relu" if isinstance(layer, nn.ReLU) else "tanh" for layer in [*net.layers][1::2]]
        self.ones = torch.ones(0)
        self.sees = not isinstance(net.eyes, Eyes) or [*map(type, net.eyes.eyes.values())] != [Flat]

    @staticmethod
    def serves(net: Any) -> bool:
        """Whether a network is of that kind."""
        if type(net) is not QNet or net.memory is not None or any(True for _ in net.eyes.parameters()):
            return False
        linear, others = [*net.layers][::2], [*net.layers][1::2]
        plain = all(type(each) is nn.Linear and each.weight.device.type == "cpu" for each in linear)
        return plain and len(others) < len(linear) and all(isinstance(each, nn.ReLU | nn.Tanh) for each in others)

    def __call__(self, obs: Any) -> torch.Tensor:
        x = self.net.eyes(obs) if self.sees or obs.dim() > 2 or obs.dtype != torch.float32 else obs
        outs = self.outs = [x, *self._rooms(len(x))]
        for place, kind in enumerate(self.kinds):
            out = torch.addmm(self.biases[place], outs[place], self.weights[place].t(), out=outs[place + 1])
            _ = out.relu_() if kind == "relu" else out.tanh_()
        out = torch.addmm(self.biases[-1], outs[-1], self.weights[-1].t())
        return joined(out) if self.net.dueling else out

    def _rooms(self, rows: int) -> list[torch.Tensor]:
        """For each hidden layer."""
        widths = [len(bias) for bias in self.biases[:-1]]
        if (found := self.rooms.get((rows, *widths))) is None:
            found = self.rooms[rows, *widths] = [torch.empty(rows, width) for width in widths]
        return found

    def backward(self, grad: torch.Tensor) -> None:
        """Adds to the `grad` of all weights what that of the last values, (k, actions), comes to. Activations are lost."""
        if self.net.dueling:
            grad = torch.cat([grad.sum(1, keepdim=True), grad - grad.mean(1, keepdim=True)], 1)
        if len(self.ones) != len(grad):
            self.ones = torch.ones(len(grad))
        for place in range(len(self.weights) - 1, -1, -1):
            weight, x = self.weights[place], self.outs[place]
            weight.grad.addmm_(grad.t(), x)
            self.biases[place].grad.addmv_(grad.t(), self.ones)
            if place > 0:
                grad = _before(self.kinds[place - 1], torch.mm(grad, weight), x)


def _before(kind: str, grad: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The gradient before an activation, written over that after it; `out` is what came out."""
    if kind == "relu":
        return torch.ops.aten.threshold_backward.grad_input(grad, out, 0, grad_input=grad)
    return torch.ops.aten.tanh_backward.grad_input(grad, out, grad_input=grad)
