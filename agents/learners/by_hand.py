"""The values of a network of fully connected layers, and their gradient, without a graph and in rooms that are made once.

On a CPU a graph, and new memory for every activation, cost as much as the arithmetic of a small network.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .networks import Seen
from .q_policies import QNet, joined


class ByHand:
    """What a `QNet` says, (k, *shape) observations -> (k, actions), and the gradient of what it said last.

    It stands for networks without a memory whose layers are linear, with ReLU or Tanh between them, and whose eyes have
    nothing to learn. Values are a new tensor each time; activations are kept until the next call.
    """

    def __init__(self, net: QNet) -> None:
        self.net = net
        self.linear = [layer for layer in net.layers if isinstance(layer, nn.Linear)]
        self.kinds = ["relu" if isinstance(layer, nn.ReLU) else "tanh" for layer in net.layers[1::2]]
        self.rooms: dict[int, list[torch.Tensor]] = {}  # of each hidden layer, by the number of rows

    @staticmethod
    def serves(net: Any) -> bool:
        """Whether a network is of that kind."""
        if type(net) is not QNet or net.memory is not None or any(True for _ in net.eyes.parameters()):
            return False
        linear, others = net.layers[::2], net.layers[1::2]
        plain = all(type(each) is nn.Linear and each.weight.device.type == "cpu" for each in linear)
        return plain and len(others) < len(linear) and all(isinstance(each, nn.ReLU | nn.Tanh) for each in others)

    @torch.no_grad()
    def __call__(self, obs: Seen) -> torch.Tensor:
        x = self.net.eyes(obs)
        *hidden, last = self.linear
        if len(x) not in self.rooms:
            self.rooms[len(x)] = [x.new_empty(len(x), layer.out_features) for layer in hidden]
        self.outs = [x, *self.rooms[len(x)]]
        for layer, kind, x, out in zip(hidden, self.kinds, self.outs, self.outs[1:], strict=False):
            torch.addmm(layer.bias, x, layer.weight.t(), out=out)
            _ = out.relu_() if kind == "relu" else out.tanh_()
        out = torch.addmm(last.bias, self.outs[-1], last.weight.t())
        return joined(out) if self.net.dueling else out

    @torch.no_grad()
    def backward(self, grad: torch.Tensor) -> None:
        """Adds to the `grad` of all weights what that of the last values, (k, actions), comes to."""
        if self.net.dueling:
            grad = torch.cat([grad.sum(1, keepdim=True), grad - grad.mean(1, keepdim=True)], 1)
        ones = grad.new_ones(len(grad))
        for place in range(len(self.linear) - 1, -1, -1):
            layer, x = self.linear[place], self.outs[place]
            layer.weight.grad.addmm_(grad.t(), x)  # type: ignore[union-attr]  # there is one
            layer.bias.grad.addmv_(grad.t(), ones)  # type: ignore[union-attr]
            if place > 0:
                grad = _before(self.kinds[place - 1], torch.mm(grad, layer.weight), x)


def _before(kind: str, grad: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The gradient before an activation, written over that after it; `out` is what came out."""
    if kind == "relu":
        return torch.ops.aten.threshold_backward.grad_input(grad, out, 0, grad_input=grad)
    return torch.ops.aten.tanh_backward.grad_input(grad, out, grad_input=grad)
