"""Turns a trained Stable-Baselines3 model into a policy file, and checks that the file plays as the model does."""

import contextlib
import copy
import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy

from ...errors import UserError
from ..card import Card
from ..policy_file import PolicyFile, with_card, write_whole
from .policies import Recurrent

OPSET = 18
TOLERANCE = 1e-4  # of logits; of Q-values beyond 1, relative
BATCHES = (1, 64)


def export_policy(model: BaseAlgorithm, path: str | os.PathLike[str], card: Card) -> float:
    """Write the policy of a model, ours or stock PPO or DQN, as an ONNX file with its card: raw observations in, scores out.

    A policy with a memory has its state as further inputs and outputs. The file is compared with the model on random
    observations (and states) of 1 and of 64 rows before it is written, in one step. Returns the largest difference. Raises
    UserError, and writes nothing, where the model is of another kind, the card does not fit it, or the two differ by more
    than 1e-4 or choose otherwise.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise UserError(f"the folder {path.parent} does not exist; make it first")
    network = ScoreNet(model).eval()
    data = with_card(_slim(_to_onnx(network, card)), card)
    policy = PolicyFile(data, path)
    worst = max(_difference(network, policy, rows) for rows in BATCHES)
    write_whole(path, data)
    return worst


class ScoreNet(torch.nn.Module):
    """The acting half of a policy: observations as the environment gives them, (n, *shape), to scores (n, actions).

    With a memory: its state (n, size) comes after the observations, and the new one after the scores.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        super().__init__()
        space = model.observation_space
        if not isinstance(model.action_space, spaces.Discrete) or not isinstance(space, spaces.Box | spaces.Dict):
            raise UserError(f"only Discrete actions of Box or Dict observations are exported, not {model.action_space}")
        self.keys = list(space.spaces) if isinstance(space, spaces.Dict) else ["obs"]
        self.output = _output_of(model.policy)
        # Stock PPO keeps the distribution of its last update, whose tensors are not leaves and cannot be copied.
        stale = getattr(getattr(model.policy, "action_dist", None), "distribution", None)
        self.policy = copy.deepcopy(model.policy, {id(stale): None}).cpu()
        memory = getattr(self.policy, "memory", None)
        self.states: dict[str, int] = dict.fromkeys(memory.names, memory.size) if memory is not None else {}

    def forward(self, *inputs: torch.Tensor) -> Any:
        count = len(self.keys)
        seen: Any = dict(zip(self.keys, inputs, strict=False)) if count > 1 else inputs[0]
        if not isinstance(self.policy, Recurrent):
            return _stock_scores(self.policy, self.output, seen)
        latent, state = self.policy.see(seen), inputs[count:]
        if self.policy.memory is not None:
            latent, state = self.policy.memory.cell_step(latent, state)
        scores = self.policy.scores(latent)
        return (scores, *state) if state else scores


def _stock_scores(policy: Any, output: str, seen: Any) -> torch.Tensor:
    """What Stable-Baselines3's own policies give."""
    if output == "q":
        return policy.q_net(seen)
    features = BasePolicy.extract_features(policy, seen, policy.pi_features_extractor)
    return policy.action_net(policy.mlp_extractor.forward_actor(features))


def _output_of(policy: Any) -> str:
    if hasattr(policy, "lstm_actor"):
        raise UserError("sb3-contrib's recurrent policies are not exported; train with npckit's RecurrentPPO")
    if hasattr(policy, "q_net"):
        return "q"
    if hasattr(policy, "action_net") and hasattr(policy, "pi_features_extractor"):
        return "logits"
    raise UserError(f"only the policies of PPO and DQN are exported, not {type(policy).__name__}")


def _to_onnx(network: ScoreNet, card: Card) -> onnx.ModelProto:
    _check_card(network, card)
    rows = _inputs(card, 2)
    names = [*network.keys, *network.states]
    sample = tuple(torch.from_numpy(rows[name]) for name in names)
    batch = torch.export.Dim("batch", min=1)
    try:
        with _quiet():
            program = torch.onnx.export(
                network,
                sample,
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                external_data=False,
                input_names=names,
                output_names=card.output_names(),
                dynamic_shapes=(tuple({0: batch} for _ in sample),),
            )
    except Exception as error:  # the exporter wraps whatever a network may raise
        cause = " ".join(str(error.__cause__ or error).split())[:200]
        raise UserError(f"torch cannot export this network for the observations of its card ({cause})") from error
    assert program is not None
    return program.model_proto


def _check_card(network: ScoreNet, card: Card) -> None:
    if network.output != card.output:
        raise UserError(f"the model gives {network.output} where its card says {card.output}; mend the card")
    seen = [part.name for part in card.observation.parts]
    if sorted(seen) != sorted(network.keys):
        raise UserError(
            f"the model sees {', '.join(network.keys)} where its card says {', '.join(seen)}; mend the card"
        )
    told = dict(card.recurrent)
    if told != {name: (size,) for name, size in network.states.items()}:
        raise UserError(
            f"the model remembers {network.states or 'nothing'} where its card says {told or 'nothing'}; mend the card"
        )


def _slim(model: onnx.ModelProto) -> bytes:
    """The graph without the exporter's notes, and without the weights of the critic that nothing uses."""
    used = {name for node in model.graph.node for name in node.input}
    weights = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:], model.graph.value_info[:], model.graph.metadata_props[:], model.metadata_props[:]
    model.graph.initializer.extend(weights)
    for entry in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del entry.metadata_props[:]
        entry.ClearField("doc_string")
    return model.SerializeToString()


def _inputs(card: Card, rows: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Random stacked observations within the bounds of the card, and random states."""
    rng = np.random.default_rng(seed)
    shapes = card.input_shapes()
    out: dict[str, NDArray[Any]] = {}
    for part in card.observation.parts:
        shape = (rows, *shapes[part.name])
        if part.dtype == "uint8":
            out[part.name] = rng.integers(int(part.low), int(part.high), shape, np.uint8, endpoint=True)
        else:
            out[part.name] = rng.uniform(part.low, part.high, shape).astype(np.float32)
    return out | {name: rng.uniform(-1, 1, (rows, *shape)).astype(np.float32) for name, shape in card.recurrent}


def _difference(network: ScoreNet, policy: PolicyFile, rows: int) -> float:
    given = _inputs(policy.card, rows, seed=rows)
    with torch.no_grad():
        answers = network(*(torch.from_numpy(given[name]) for name in [*network.keys, *network.states]))
    wanted, *states = (each.numpy() for each in (answers if network.states else [answers]))
    got, got_states = policy.run(
        {name: given[name] for name in network.keys}, {name: given[name] for name in network.states}
    )
    worst = max(float(np.abs(a - b).max()) for a, b in zip((wanted, *states), (got, *got_states.values()), strict=True))
    tolerance = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
    best = np.sort(wanted, axis=1)
    clear = best[:, -1] - best[:, -2] > tolerance if best.shape[1] > 1 else np.zeros(rows, bool)
    if not worst <= tolerance or (wanted.argmax(1) != got.argmax(1))[clear].any():
        raise UserError(
            f"{policy.path} would play unlike its model (scores differ by {worst:.1e}); nothing was written"
        )
    return worst


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No chatter from the exporter: it prints, warns and logs about its own insides."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
