"""The acting network of a stock zip, built anew from names and shapes of its weights and from what its JSON tells.

Follows `stable_baselines3.common.policies`, `dqn.policies`, `torch_layers` and `sb3_contrib.common.recurrent.policies`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ...errors import UserError
from .acting import Acting, lstm_states, lstm_step
from .stock_spaces import Box
from .stock_zip import StockZip

ACTIVATIONS = {  # by where torch keeps them: what a zip's JSON tells
    f"<class 'torch.nn.modules.{module}.{name}'>": getattr(nn, name)
    for module, names in {
        "activation": "Tanh ReLU ReLU6 ELU SELU CELU GELU SiLU Mish LeakyReLU Sigmoid Softplus Softsign Hardtanh Hardswish",
        "linear": "Identity",
    }.items()
    for name in names.split()
}
EXTRACTORS = {
    f"<class 'stable_baselines3.common.torch_layers.{name}'>"
    for name in ("FlattenExtractor", "NatureCNN", "CombinedExtractor")
}
NATURE = ((32, 8, 4), (64, 4, 2), (64, 3, 1))  # channels, kernel and stride of its convolutions (Mnih et al. 2015)
IDLE = ("value_net.", "mlp_extractor.value_net.", "vf_features_extractor.", "features_extractor.", "pi_features_extractor.",
        "q_net_target.", "lstm_critic.", "critic.")  # fmt: skip  # what acting does not need, or what is there twice


class StockNet(Acting):
    """The acting half of a stock policy. Raises UserError, naming what, for whatever is not understood."""

    def __init__(self, zipped: StockZip) -> None:
        try:
            self._build(zipped)
        except UserError as error:
            raise UserError(f"{zipped.path} is not exported: {error}") from None

    def _build(self, zipped: StockZip) -> None:
        store, options, kind = Store(zipped.weights), zipped.options, zipped.kind
        _check_extractor(options)
        lstm = _lstm(store, options) if kind == "recurrent" else None
        states = lstm_states(lstm.num_layers, lstm.hidden_size) if lstm else {}
        super().__init__(input_names(zipped.parts), states, "q" if kind == "dqn" else "logits")
        activation = _activation(options, nn.ReLU if kind == "dqn" else nn.Tanh)
        eyes = "q_net.features_extractor." if kind == "dqn" else _acting_extractor(store)
        scaled = options.get("normalize_images", True) is not False
        self.eyes = nn.ModuleList(_eye(store, f"{eyes}{inner}", box, scaled) for inner, box in _inner(zipped.parts))
        self.lstm = lstm
        width = sum(eye.width for eye in self.eyes)  # type: ignore[misc]  # every one is an _Eye
        if lstm is not None:
            _need_width("lstm_actor.weight_ih_l0", lstm.input_size, width)
            width = lstm.hidden_size
        layers = store.layers("q_net.q_net" if kind == "dqn" else "mlp_extractor.policy_net")
        layers += [] if kind == "dqn" else [store.linear("action_net")]
        self.layers = _mlp(layers, width, zipped.actions, activation)
        store.check_all_used()
        # Names are those of the card's parts, and the network joins its parts in the order of the zip.
        self.eval()

    def forward(self, *inputs: torch.Tensor) -> Any:
        seen = [eye(part) for eye, part in zip(self.eyes, inputs, strict=False)]
        latent = seen[0] if len(seen) == 1 else torch.cat(seen, dim=1)
        if self.lstm is None:
            return self.layers(latent)
        latent, *state = lstm_step(self.lstm, latent, *inputs[len(seen) :])
        return (self.layers(latent), *state)


def input_names(parts: Mapping[str, Box]) -> list[str]:
    """What the parts are called in a policy file: obs, or features and planes for one row of numbers and one picture.

    >>> row, picture = Box((5,), "float32", -1, 1), Box((3, 8, 8), "uint8", 0, 1)
    >>> input_names({"obs": picture}), input_names({"map": picture, "speed": row})
    (['obs'], ['planes', 'features'])
    """
    if len(parts) == 1:
        return ["obs"]
    names = ["planes" if len(box.shape) == 3 else "features" for box in parts.values()]
    if sorted(names) != ["features", "planes"]:
        raise UserError(
            f"it observes {', '.join(name[:40] for name in parts)}, where a card tells one row of numbers and one picture"
        )
    return names


class Store:
    """The weights by name, and which of them have found a use."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self._weights, self._used = weights, set[str]()

    def has(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self._weights)

    def take(self, name: str, rank: int) -> nn.Parameter:
        """A weight. Raises UserError where it is missing or has another number of axes."""
        if name not in self._weights or self._weights[name].dim() != rank or not self._weights[name].numel():
            raise UserError(f"its weight {name[:80]!r} is missing or of another shape than that of a stock policy")
        self._used.add(name)
        return nn.Parameter(self._weights[name], requires_grad=False)

    def linear(self, name: str) -> nn.Linear:
        layer = nn.Linear(1, 1)
        layer.weight, layer.bias = self.take(f"{name}.weight", 2), self.take(f"{name}.bias", 1)
        layer.out_features, layer.in_features = layer.weight.shape
        _need_width(f"{name}.bias", len(layer.bias), layer.out_features)
        return layer

    def layers(self, prefix: str) -> list[nn.Linear]:
        """The linear layers of a Sequential, in order; activations stand between them."""
        pattern = re.compile(rf"{re.escape(prefix)}\.(\d{{1,4}})\.weight")
        places = sorted(int(found.group(1)) for name in self._weights if (found := pattern.fullmatch(name)))
        if places != list(range(0, 2 * len(places), 2)):
            raise UserError(f"the layers of its {prefix} do not take turns with activations")
        return [self.linear(f"{prefix}.{place}") for place in places]

    def check_all_used(self) -> None:
        """Whatever else a policy has may change what it does, so it has to be understood."""
        left = [name for name in self._weights if name not in self._used and not name.startswith(IDLE)]
        if left:
            raise UserError(f"its weight {left[0][:80]!r} belongs to no part of a stock policy")


class _Eye(nn.Module):
    """One part of an observation to a flat vector, by NatureCNN where there is one."""

    def __init__(self, scale: float, cnn: nn.Module | None, width: int) -> None:
        super().__init__()
        self.scale, self.cnn, self.width = scale, cnn, width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x.float() if self.scale == 1 else x.float() / self.scale
        return seen.flatten(1) if self.cnn is None else self.cnn(seen)


def _eye(store: Store, prefix: str, box: Box, scaled: bool) -> _Eye:
    scale = 255.0 if scaled and box.is_image else 1.0
    if not store.has(f"{prefix}cnn."):
        width = 1
        for size in box.shape:
            width *= size
        return _Eye(scale, None, width)
    steps: list[nn.Module] = []
    channels, *sides = box.shape
    for at, (filters, kernel, stride) in enumerate(NATURE):
        name = f"{prefix}cnn.{2 * at}"
        conv = nn.Conv2d(channels, filters, kernel, stride)
        weight, bias = store.take(f"{name}.weight", 4), store.take(f"{name}.bias", 1)
        if weight.shape != conv.weight.shape or bias.shape != conv.bias.shape:  # type: ignore[union-attr]  # it has one
            raise UserError(
                f"its convolution {name} is {tuple(weight.shape)}, where NatureCNN has {tuple(conv.weight.shape)}"
            )
        conv.weight, conv.bias = weight, bias
        steps += [conv, nn.ReLU()]
        channels, sides = filters, [(side - kernel) // stride + 1 for side in sides]
    linear = store.linear(f"{prefix}linear.0")
    _need_width(f"{prefix}linear.0.weight", linear.in_features, channels * max(sides[0], 0) * max(sides[-1], 0))
    return _Eye(scale, nn.Sequential(*steps, nn.Flatten(), linear, nn.ReLU()), linear.out_features)


def _inner(parts: Mapping[str, Box]) -> list[tuple[str, Box]]:
    """Where the network of each part lies within an extractor."""
    single = len(parts) == 1 and "obs" in parts
    return [("" if single else f"extractors.{name}.", box) for name, box in parts.items()]


def _acting_extractor(store: Store) -> str:
    return "pi_features_extractor." if store.has("pi_features_extractor.") else "features_extractor."


def _lstm(store: Store, options: Mapping[str, Any]) -> nn.LSTM:
    odd = set(_table(options, "lstm_kwargs")) - {"dropout"}
    if odd:
        raise UserError(f"its LSTM has the option {min(odd)[:40]!r}, which is not understood")
    layers = sum(store.has(f"lstm_actor.weight_hh_l{at}") for at in range(64))
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    found = {f"{kind}_l{at}": store.take(f"lstm_actor.{kind}_l{at}", 2 if "weight" in kind else 1)
             for at in range(max(layers, 1)) for kind in kinds}  # fmt: skip
    size, width = found["weight_hh_l0"].shape[1], found["weight_ih_l0"].shape[1]
    lstm = nn.LSTM(1, 1, num_layers=max(layers, 1))
    lstm.input_size, lstm.hidden_size = width, size
    for name, weight in found.items():
        inner = width if name == "weight_ih_l0" else size
        if tuple(weight.shape) != ((4 * size, inner) if "weight" in name else (4 * size,)):
            raise UserError(f"its LSTM's {name} is {tuple(weight.shape)}, which does not fit its other weights")
        setattr(lstm, name, weight)
    return lstm


def _mlp(layers: list[nn.Linear], width: int, actions: int, activation: type[nn.Module]) -> nn.Sequential:
    steps: list[nn.Module] = []
    if not layers:
        raise UserError("it has no layer that scores actions")
    for at, layer in enumerate(layers):
        _need_width(f"layer {at + 1} of its head", layer.in_features, width)
        steps += [layer, activation()]
        width = layer.out_features
    _need_width("the last layer of its head", width, actions)
    return nn.Sequential(*steps[:-1])


def _activation(options: Mapping[str, Any], usual: type[nn.Module]) -> type[nn.Module]:
    told = options.get("activation_fn")
    if told is None:
        return usual
    if told not in ACTIVATIONS:
        raise UserError(f"its activation is {str(told)[:80]!r}, which is not understood; use export_module")
    return ACTIVATIONS[told]  # type: ignore[index]  # a text, by the line above


def _check_extractor(options: Mapping[str, Any]) -> None:
    told = options.get("features_extractor_class")
    if told is not None and told not in EXTRACTORS:
        raise UserError(f"its features extractor is {str(told)[:80]!r}, which is not understood; use export_module")
    normalize = options.get("normalize_images", True)
    if not isinstance(normalize, bool):
        raise UserError(f"its normalize_images is {str(normalize)[:40]!r}, which is neither true nor false")


def _table(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = options.get(name) or {}
    if not isinstance(value, dict):
        raise UserError(f"its {name} is {str(value)[:80]!r}, which is not understood")
    return value


def _need_width(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise UserError(f"{name} has the size {found} where its other weights need {wanted}")
