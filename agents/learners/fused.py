"""Layers and a loss whose gradients are written out: fewer steps, and less memory passed through, than when torch records them.

A step of a small network costs more in its hundreds of operations than in its arithmetic. Each function here stands for tens
of them and gives what the plain operations give; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def run_layers(layers: Sequence[nn.Module], x: torch.Tensor) -> torch.Tensor:
    """x (n, width) through layers, as `nn.Sequential` does it; linear ones with ReLU or Tanh after them are run as one.

    Other layers, other precisions and exports go the plain way.
    """
    plan = _plan(layers)
    if (
        plan is None
        or x.dtype != torch.float32
        or torch.is_autocast_enabled(x.device.type)
        or torch.compiler.is_exporting()
    ):
        for layer in layers:
            x = layer(x)
        return x
    kinds, linear = plan
    return _Layers.apply(kinds, x, *(each for layer in linear for each in (layer.weight, layer.bias)))


def linear_relu(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """(..., width) through one linear layer and ReLU, in the precision of x."""
    out = _Layers.apply(("relu",), x.flatten(0, -2), weight.to(x.dtype), bias.to(x.dtype))
    return out.unflatten(0, x.shape[:-1])


def _plan(layers: Sequence[nn.Module]) -> tuple[tuple[str, ...], list[nn.Linear]] | None:
    """What comes after each linear layer ("relu", "tanh" or nothing); None where something else is among them."""
    kinds, linear = list[str](), list[nn.Linear]()
    for layer in layers:
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            linear.append(layer)
            kinds.append("")
        elif isinstance(layer, nn.ReLU | nn.Tanh) and kinds and not kinds[-1]:
            kinds[-1] = "relu" if isinstance(layer, nn.ReLU) else "tanh"
        else:
            return None
    return (tuple(kinds), linear) if linear else None


class _Layers(torch.autograd.Function):
    """Activations overwrite what they are made of, and gradients what they are made from."""

    @staticmethod
    def forward(ctx: Any, kinds: tuple[str, ...], x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        outs = [x]
        for kind, weight, bias in zip(kinds, parameters[::2], parameters[1::2], strict=True):
            outs.append(_linear(outs[-1], weight, bias, kind))
        ctx.kinds = kinds
        ctx.save_for_backward(*outs, *parameters[::2])
        return outs[-1]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        count = len(ctx.kinds)
        outs, weights = ctx.saved_tensors[: count + 1], ctx.saved_tensors[count + 1 :]
        gradients = list[torch.Tensor]()
        grad = grads[0].contiguous()
        for layer in range(count - 1, -1, -1):
            grad = _through(ctx.kinds[layer], grad, outs[layer + 1], grad if layer < count - 1 else None)
            gradients = [torch.mm(grad.t(), outs[layer]), grad.sum(0), *gradients]
            if layer > 0 or ctx.needs_input_grad[1]:
                grad = torch.mm(grad, weights[layer])
        return None, grad if ctx.needs_input_grad[1] else None, *gradients


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, kind: str) -> torch.Tensor:
    """x (n, width) through a linear layer and what comes after it; oneDNN does both at once, but is faster in bf16 alone."""
    if x.dtype == torch.bfloat16 and x.device.type == "cpu" and torch.backends.mkldnn.is_available():
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, kind or "none", [], "")
    out = torch.mm(x, weight.t()).add_(bias)
    return out.relu_() if kind == "relu" else out.tanh_() if kind == "tanh" else out


def _through(kind: str, grad: torch.Tensor, out: torch.Tensor, target: torch.Tensor | None) -> torch.Tensor:
    """The gradient before an activation, from that after it and what came out; in `target`, or in a new tensor."""
    if not kind:
        return grad
    target = torch.empty_like(grad) if target is None else target
    if kind == "relu":
        return torch.ops.aten.threshold_backward.grad_input(grad, out, 0, grad_input=target)
    return torch.ops.aten.tanh_backward.grad_input(grad, out, grad_input=target)


def ppo_loss(
    logits: torch.Tensor,
    values: torch.Tensor,
    actions: torch.Tensor,
    log_probs: torch.Tensor,
    advantages: torch.Tensor,
    returns: torch.Tensor,
    *,
    clip: float,
    vf_coef: float,
    ent_coef: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The clipped loss (Schulman et al. 2017) of k samples, and (5,) what it tells.

    logits (k, actions) and the rest (k,) each. The loss is policy loss + vf_coef * value loss - ent_coef * entropy; what is told:
    those three, the KL divergence from the policy that acted (Schulman 2020), and the share of samples beyond the clip.
    """
    loss, told = _PPOLoss.apply(logits, values, actions, log_probs, advantages, returns, clip, vf_coef, ent_coef)
    return loss, told


class _PPOLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, logits: Any, values: Any, actions: Any, log_probs: Any, advantages: Any, returns: Any, *coefs: float
    ) -> Any:
        clip, vf_coef, ent_coef = coefs
        every = functional.log_softmax(logits, 1)
        probs, index = every.exp(), actions[:, None]
        log_ratio = every.gather(1, index)[:, 0].sub_(log_probs)
        ratio = log_ratio.exp()
        gain, bounded = ratio * advantages, ratio.clamp(1 - clip, 1 + clip).mul_(advantages)
        minus_entropies = (probs * every).sum(1, keepdim=True)
        error = values - returns
        told = torch.stack(
            [
                -torch.minimum(gain, bounded).mean(),
                error.square().mean(),
                -minus_entropies.mean(),
                (ratio - log_ratio).mean() - 1,
                ((ratio - 1).abs_() > clip).float().mean(),
            ]
        )
        # with respect to the log-probability of what was done: nothing is to be gained beyond the clip
        pull = gain.masked_fill_(gain > bounded, 0.0)[:, None]
        by_logits = (every - minus_entropies).mul_(ent_coef).add_(pull).mul_(probs)
        by_logits.scatter_add_(1, index, -pull)
        ctx.save_for_backward(by_logits.div_(len(ratio)), error.mul_(2 * vf_coef / len(ratio)))
        ctx.mark_non_differentiable(told)
        return told[0] + vf_coef * told[1] - ent_coef * told[2], told

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        by_logits, by_values = ctx.saved_tensors
        return by_logits * grads[0], by_values * grads[0], *[None] * 7
