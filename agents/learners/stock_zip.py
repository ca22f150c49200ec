"""Reads a zip of Stable-Baselines3 or sb3-contrib without unpickling anything of it: readable JSON, and weights by `weights_only`.

Such a zip holds `data` (JSON in which an object is a base64 pickle under ":serialized:" with its readable fields beside it: those
alone are looked at) and `policy.pth` (the weights). Every size is bounded before anything is read.
"""

from __future__ import annotations

import io
import json
import os
import reprlib
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...errors import UserError
from .stock_spaces import Box, action_count, boxes_of

MAX_DATA = 64 * 2**20  # bytes of `data`
MAX_WEIGHTS = 256 * 2**20  # bytes of `policy.pth`, and of all tensors in it
MAX_ENTRIES = 10_000  # of a zip
PICKLED = ":serialized:"
POLICIES = {  # where a policy's class comes from: its name, the kind of its network and its usual activation
    "stable_baselines3.common.policies": ("ActorCritic", "MultiInputActorCritic"),
    "sb3_contrib.common.recurrent.policies": ("RecurrentActorCritic", "RecurrentMultiInputActorCritic"),
    "sb3_contrib.common.maskable.policies": ("MaskableActorCritic", "MaskableMultiInputActorCritic"),
    "stable_baselines3.dqn.policies": ("DQNPolicy", "CnnPolicy", "MultiInputPolicy"),
}
OPTIONS = frozenset(
    "net_arch activation_fn ortho_init use_sde log_std_init full_std use_expln squash_output features_extractor_class "
    "features_extractor_kwargs share_features_extractor normalize_images optimizer_class optimizer_kwargs lstm_hidden_size "
    "n_lstm_layers shared_lstm enable_critic_lstm lstm_kwargs".split()
)  # of policies: those that matter for acting are read, the shapes of weights tell the others


@dataclass(frozen=True)
class StockZip:
    """What was read: readable facts, and the weights of the policy, name to float32 tensor."""

    path: Path
    policy_class: str
    kind: str  # actor-critic, recurrent, maskable or dqn
    parts: dict[str, Box]  # what is observed, in the order in which the network joins it
    actions: int
    options: Mapping[str, Any]  # the readable ones of policy_kwargs
    algorithm: str  # PPO, A2C, RecurrentPPO, MaskablePPO or DQN
    samples: int
    weights: Mapping[str, torch.Tensor]


def read_stock_zip(path: str | os.PathLike[str]) -> StockZip:
    """Raises UserError, in a sentence that names what, where the zip is damaged, too large, or holds what is not understood."""
    path = Path(path)
    data, weights = _entries(path)
    try:
        return _stock_zip(path, _json(data), _weights(weights))
    except UserError as error:
        raise UserError(f"{path} is not exported: {error}") from None


def _stock_zip(path: Path, data: dict[str, Any], weights: dict[str, torch.Tensor]) -> StockZip:
    policy_class, kind = _policy_of(data.get("policy_class"))
    options = data.get("policy_kwargs") or {}
    if not isinstance(options, dict):
        raise UserError(f"its policy_kwargs are {reprlib.repr(options)}, which is no table")
    options = {name: value for name, value in options.items() if name not in (PICKLED, ":type:")}
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        raise UserError(f"its policy has the option {unknown[0][:80]!r}, which is not understood")
    on_policy = "A2C" if "n_epochs" not in data else "PPO"
    algorithm = {"recurrent": "RecurrentPPO", "maskable": "MaskablePPO", "dqn": "DQN"}.get(kind, on_policy)
    parts, actions = boxes_of(data.get("observation_space")), action_count(data.get("action_space"))
    samples = data.get("num_timesteps")
    return StockZip(
        path, policy_class, kind, parts, actions, options, algorithm, samples if type(samples) is int else 0, weights
    )


def _entries(path: Path) -> tuple[bytes, bytes]:
    """The bytes of `data` and of `policy.pth`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise UserError(f"{path} has over {MAX_ENTRIES} entries, which no saved model has; it is not read")
            return _entry(archive, "data", MAX_DATA, path), _entry(archive, "policy.pth", MAX_WEIGHTS, path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror or error}); check the path and its permissions"
        ) from None
    except UserError:
        raise
    except Exception as error:  # zipfile raises half a dozen kinds for what is damaged, encrypted or compressed oddly
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise UserError(f"{path} is no whole zip file ({reason}); save the model again") from None


def _entry(archive: zipfile.ZipFile, name: str, most: int, path: Path) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise UserError(
            f"{path} holds no {name}, so Stable-Baselines3 did not save it; give the zip that model.save made"
        ) from None
    if info.file_size > most:
        raise UserError(f"{path}: {name} is over {most >> 20} MiB, which no policy for a game needs; it is not read")
    with archive.open(info) as file:
        return file.read(most + 1)  # zipfile gives no more than the size that it tells, and checks the sum


def _json(data: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise UserError("its data is not JSON; save the model again") from None
    if not isinstance(raw, dict):
        raise UserError("its data is no JSON object; save the model again")
    return raw


def _weights(data: bytes) -> dict[str, torch.Tensor]:
    """The tensors of `policy.pth`. Its own zip may not unpack to more than it weighs: torch would unpack it unasked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = archive.infolist()
    except Exception:  # as above
        raise UserError("its policy.pth is no file of weights by torch 1.6 or later; save the model again") from None
    if len(held) > MAX_ENTRIES or sum(info.file_size for info in held) > len(data):
        raise UserError("its policy.pth unpacks to more than it weighs, which torch never writes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch tells damaged files and forbidden pickles in many ways
        if "weights_only" in str(error).lower() or "unsupported" in str(error).lower():
            raise UserError("its policy.pth holds something else than weights, which is not unpickled") from None
        raise UserError("its policy.pth is damaged; save the model again") from None
    return _plain(weights)


def _plain(weights: object) -> dict[str, torch.Tensor]:
    if not isinstance(weights, dict) or not all(isinstance(name, str) for name in weights):
        raise UserError("its policy.pth is no table of weights")
    size, plain = 0, {}
    for name, value in weights.items():
        told = f"its weight {name[:80]!r}"
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided or value.device.type != "cpu":
            raise UserError(f"{told} is no plain tensor")
        if not (value.is_floating_point() or name.endswith("num_batches_tracked")):
            raise UserError(f"{told} holds {value.dtype}, where weights are floats")
        size += 4 * value.numel()  # of a tensor that repeats itself too, before it is spread out
        if size > MAX_WEIGHTS:
            raise UserError(f"its weights are over {MAX_WEIGHTS >> 20} MiB, which no policy for a game needs")
        plain[name] = value.detach().to(torch.float32, copy=True).contiguous()
        if not torch.isfinite(plain[name]).all():
            raise UserError(f"{told} holds infinities or no numbers; train it again")
    return plain


def _policy_of(told: object) -> tuple[str, str]:
    """The name of the policy's class and the kind of its network, from the readable fields beside its pickle."""
    fields = told if isinstance(told, dict) else {}
    module, begin = str(fields.get("__module__", "")), str(fields.get("__init__", ""))
    name = begin.removeprefix("<function ").partition(".")[0]
    base = name.removesuffix("Policy").removesuffix("Cnn") if "dqn" not in module else name
    if base not in POLICIES.get(module, ()):
        known = "stock MlpPolicy, CnnPolicy or MultiInputPolicy of PPO, A2C, DQN, RecurrentPPO or MaskablePPO"
        raise UserError(
            f"its policy is {module[:80] or 'of an unknown module'}.{name[:80] or 'unknown'}, and only a {known} is "
            "understood; load it and use export_module"
        )
    kinds = {"recurrent": "recurrent", "maskable": "maskable", "dqn": "dqn"}
    return name, next((kind for word, kind in kinds.items() if f".{word}." in module), "actor-critic")
