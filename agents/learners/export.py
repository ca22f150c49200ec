"""Turns a trained network into a policy file, and checks that the file plays as the network does."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from ...errors import UserError
from ...games.contract import Game
from ..card import Card
from ..policy_file import PolicyFile, with_card, write_whole
from .acting import Acting, ModuleNet, ScoreNet
from .parity import Parity, compare, random_inputs

OPSET = 18
Check = Callable[[PolicyFile], None]


def export_policy(
    model: BaseAlgorithm, path: str | os.PathLike[str], card: Card, *, game: Game | None = None, episodes: bool = True
) -> Parity:
    """Write the policy of a model, ours or stock PPO, RecurrentPPO or DQN, as an ONNX file with its card: raw observations in,
    scores out. See `export_network`."""
    return export_network(ScoreNet(model), path, card, game=game, episodes=episodes)


def export_module(
    module: torch.nn.Module,
    path: str | os.PathLike[str],
    card: Card,
    *,
    game: Game | None = None,
    episodes: bool = True,
) -> Parity:
    """Write a torch module of your own as an ONNX file with its card. See `export_network`.

    It takes what the card's observation says, (n, *stacked shape) each in the dtype of its part, then every recurrent state,
    (n, *shape) float32; and gives scores (n, actions) float32, or a tuple of these and the new states.
    """
    return export_network(ModuleNet(module, card), path, card, game=game, episodes=episodes)


def export_network(
    network: Acting,
    path: str | os.PathLike[str],
    card: Card,
    *,
    game: Game | None = None,
    episodes: bool = True,
    check: Check | None = None,
) -> Parity:
    """Write a network as an ONNX file with its card, in one step, once it was seen to play as torch does (`parity.compare`).

    `game`: the title whose observations are played, where the card's name alone does not find it. `episodes`: without, only random
    rows are compared, which takes no time. `check` may refuse the file as well. Returns the largest difference. Raises UserError,
    and writes nothing, where the card does not fit the network, or the two choose otherwise or differ by more than 1e-4 of the largest
    number.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise UserError(f"the folder {path.parent} does not exist; make it first")
    data = with_card(_slim(_to_onnx(network.eval(), card)), card)
    policy = PolicyFile(data, path)
    parity = compare(network, policy, game, episodes=episodes)
    if check is not None:
        check(policy)
    write_whole(path, data)
    return parity


def _to_onnx(network: Acting, card: Card) -> onnx.ModelProto:
    _check_card(network, card)
    rows = random_inputs(card, 2)
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


def _check_card(network: Acting, card: Card) -> None:
    if network.output != card.output:
        raise UserError(f"the model gives {network.output} where its card says {card.output}; mend the card")
    seen = [part.name for part in card.observation.parts]
    if sorted(seen) != sorted(network.keys):
        raise UserError(
            f"the model sees {', '.join(network.keys)} where its card says {', '.join(seen)}; mend the card"
        )
    told = dict(card.recurrent)
    if told != network.states:
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
