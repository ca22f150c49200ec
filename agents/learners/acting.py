"""The acting half of a policy as one torch module, whatever it was trained with: this is what a policy file holds."""

from __future__ import annotations

import copy
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from torch.nn import functional

from ...errors import UserError
from ..card import Card
from .policies import Recurrent


class Acting(torch.nn.Module):
    """Observations as the environment gives them, (n, *shape), then states (n, *shape), to scores (n, actions) and new states.

    `keys` names the observations and `states` the states (with the shape of a row), in the order of `forward`; `output` says
    what the scores are: "logits" or "q". Scores come alone where there is no state.
    """

    def __init__(self, keys: list[str], states: dict[str, tuple[int, ...]], output: str) -> None:
        super().__init__()
        self.keys, self.states, self.output = keys, states, output

    def reference(self, *inputs: torch.Tensor) -> Any:
        """As `forward`, by the code that the policy was trained with, where that is another."""
        return self(*inputs)


class ScoreNet(Acting):
    """A model of ours, or of stock Stable-Baselines3 or sb3-contrib. Raises UserError for one that is of another kind."""

    def __init__(self, model: BaseAlgorithm) -> None:
        space = model.observation_space
        if not isinstance(model.action_space, spaces.Discrete) or not isinstance(space, spaces.Box | spaces.Dict):
            raise UserError(f"only Discrete actions of Box or Dict observations are exported, not {model.action_space}")
        policy, memory = model.policy, getattr(model.policy, "memory", None)
        states: dict[str, tuple[int, ...]] = {name: (memory.size,) for name in memory.names} if memory else {}
        if hasattr(policy, "lstm_actor"):
            states = lstm_states(policy.lstm_actor.num_layers, policy.lstm_actor.hidden_size)
        super().__init__(list(space.spaces) if isinstance(space, spaces.Dict) else ["obs"], states, _output_of(policy))
        self.policy = copy.deepcopy(policy).cpu()

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self._answer(inputs, plain=True)

    def reference(self, *inputs: torch.Tensor) -> Any:
        return self._answer(inputs, plain=False)

    def _answer(self, inputs: tuple[torch.Tensor, ...], plain: bool) -> Any:
        count, policy = len(self.keys), self.policy
        seen: Any = dict(zip(self.keys, inputs, strict=False)) if count > 1 else inputs[0]
        if not isinstance(policy, Recurrent):
            return _stock_scores(policy, self.output, seen, inputs[count:], plain)
        latent, state = policy.see(seen), inputs[count:]
        if policy.memory is not None:
            latent, state = (policy.memory.cell_step if plain else policy.memory.step)(latent, state)
        scores = policy.scores(latent)
        return (scores, *state) if state else scores


class ModuleNet(Acting):
    """Somebody's own module, which takes and gives what its card says. Raises UserError where it does not."""

    def __init__(self, module: torch.nn.Module, card: Card) -> None:
        super().__init__([part.name for part in card.observation.parts], dict(card.recurrent), card.output)
        self.module = copy.deepcopy(module).cpu()

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.module(*inputs)


def lstm_states(layers: int, size: int) -> dict[str, tuple[int, ...]]:
    """The states of an LSTM: (size,) a row, or (layers, size) where there are several.

    >>> lstm_states(1, 64)
    {'hidden': (64,), 'cell': (64,)}
    """
    return dict.fromkeys(("hidden", "cell"), (size,) if layers == 1 else (layers, size))


def lstm_step(
    lstm: torch.nn.LSTM, x: torch.Tensor, hidden: torch.Tensor, cell: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One decision of a stock LSTM in plain operations: x (n, width), states as in `lstm_states` -> what it shows, new states."""
    layers = lstm.num_layers
    hiddens, cells = ([part] if layers == 1 else list(part.unbind(1)) for part in (hidden, cell))
    for at in range(layers):
        weights = [getattr(lstm, f"{kind}_l{at}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        gates = functional.linear(x, weights[0], weights[2]) + functional.linear(hiddens[at], weights[1], weights[3])
        enter, keep, candidate, show = gates.chunk(4, 1)
        cells[at] = keep.sigmoid() * cells[at] + enter.sigmoid() * candidate.tanh()
        x = hiddens[at] = show.sigmoid() * cells[at].tanh()
    if layers == 1:
        return x, hiddens[0], cells[0]
    return x, torch.stack(hiddens, 1), torch.stack(cells, 1)


def _stock_scores(policy: Any, output: str, seen: Any, state: tuple[torch.Tensor, ...], plain: bool) -> Any:
    """What Stable-Baselines3's own policies give, and sb3-contrib's with a memory."""
    if output == "q":
        return policy.q_net(seen)
    latent = BasePolicy.extract_features(policy, seen, policy.pi_features_extractor)
    if state:
        latent, *state = lstm_step(policy.lstm_actor, latent, *state) if plain else _layer(policy.lstm_actor, latent, *state)  # type: ignore[assignment]  # fmt: skip
    scores = policy.action_net(policy.mlp_extractor.forward_actor(latent))
    return (scores, *state) if state else scores


def _layer(lstm: torch.nn.LSTM, x: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """As `lstm_step`, by torch's own layer."""
    rows_first = [part.reshape(len(part), -1, lstm.hidden_size) for part in state]
    out, ends = lstm(x[None], tuple(part.transpose(0, 1).contiguous() for part in rows_first))
    return out[0], *(end.transpose(0, 1).reshape(part.shape) for end, part in zip(ends, state, strict=True))


def _output_of(policy: Any) -> str:
    if hasattr(policy, "q_net"):
        return "q"
    if hasattr(policy, "action_net") and hasattr(policy, "pi_features_extractor"):
        return "logits"
    raise UserError(f"only the policies of PPO and DQN are exported, not {type(policy).__name__}")
