"""Zips of stock learners become policy files that choose as `predict` of the real class, and nothing in them is ever unpickled."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from npckit.agents.learners.export import export_network
from npckit.agents.learners.stock_net import StockNet, input_names
from npckit.agents.learners.stock_zip import MAX_DATA, read_stock_zip
from npckit.agents.policy_file import PolicyFile
from npckit.errors import UserError
from npckit.train.stock_card import card_of_stock
from sb3_contrib import QRDQN, MaskablePPO, RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.torch_layers import FlattenExtractor

ROW = spaces.Box(-2, 2, (5,), np.float32)
GREY = spaces.Box(0, 255, (2, 36, 40), np.uint8)
COLOUR = spaces.Box(0, 255, (36, 40, 3), np.uint8)  # height first, as cameras give them: the learner turns it
SCALED = spaces.Box(0, 1, (2, 36, 40), np.float32)
PLANES = spaces.Box(0, 1, (3, 6, 5), np.uint8)
BOTH = spaces.Dict(map=GREY, speed=ROW)
ENDLESS = spaces.Box(-np.inf, np.inf, (3,), np.float32)


class Rooms(gym.Env[Any, Any]):
    """Observations by chance, for 20 steps."""

    def __init__(self, space: gym.Space[Any], actions: gym.Space[Any] | None = None) -> None:
        self.observation_space, self.action_space = space, actions or spaces.Discrete(4)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.left = 20
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.left -= 1
        return self.observation_space.sample(), 1.0, self.left == 0, False, {}

    def action_masks(self) -> list[bool]:
        return [True] * 4


class Mine(FlattenExtractor):
    """A features extractor of somebody's own."""


def _on(kind: Any, policy: str, space: gym.Space[Any], **options: Any) -> Callable[[], BaseAlgorithm]:
    settings = {"n_steps": 8, "batch_size": 8, "n_epochs": 1} if kind is not A2C else {}
    return lambda: kind(policy, Rooms(space), seed=0, device="cpu", policy_kwargs=options or None, **settings)


def _off(policy: str, space: gym.Space[Any], **options: Any) -> Callable[[], BaseAlgorithm]:
    return lambda: DQN(
        policy, Rooms(space), seed=0, device="cpu", buffer_size=50, learning_starts=4, policy_kwargs=options or None
    )


MODELS: dict[str, Callable[[], BaseAlgorithm]] = {
    "PPO": _on(PPO, "MlpPolicy", ROW),
    "PPO, odd layers": _on(PPO, "MlpPolicy", ROW, net_arch={"pi": [7, 9, 8], "vf": [5]}, activation_fn=torch.nn.ELU),
    "PPO, no layers": _on(PPO, "MlpPolicy", ROW, net_arch=[]),
    "PPO, unbounded": _on(PPO, "MlpPolicy", ENDLESS, activation_fn=torch.nn.SiLU),
    "PPO, planes": _on(PPO, "MlpPolicy", PLANES),
    "PPO, images without a CNN": _on(PPO, "MlpPolicy", GREY, net_arch=[8]),
    "PPO, CNN": _on(PPO, "CnnPolicy", GREY, features_extractor_kwargs={"features_dim": 32}),
    "PPO, CNN, colour, eyes apart": _on(PPO, "CnnPolicy", COLOUR, share_features_extractor=False),
    "PPO, CNN, scaled already": _on(
        PPO, "CnnPolicy", SCALED, normalize_images=False, features_extractor_kwargs={"normalized_image": True}
    ),
    "PPO, both": _on(PPO, "MultiInputPolicy", BOTH),
    "A2C": _on(A2C, "MlpPolicy", ROW),
    "MaskablePPO": _on(MaskablePPO, "MlpPolicy", ROW),
    "DQN": _off("MlpPolicy", ROW, net_arch=[9, 8], activation_fn=torch.nn.Tanh),
    "DQN, CNN": _off("CnnPolicy", GREY),
    "DQN, both": _off("MultiInputPolicy", BOTH),
    "RecurrentPPO": _on(RecurrentPPO, "MlpLstmPolicy", ROW, lstm_hidden_size=12),
    "RecurrentPPO, deep": _on(
        RecurrentPPO, "MlpLstmPolicy", ROW, lstm_hidden_size=12, n_lstm_layers=3, enable_critic_lstm=False, net_arch=[8]
    ),
    "RecurrentPPO, shared": _on(
        RecurrentPPO, "MlpLstmPolicy", ROW, lstm_hidden_size=12, shared_lstm=True, enable_critic_lstm=False
    ),
    "RecurrentPPO, CNN": _on(RecurrentPPO, "CnnLstmPolicy", GREY, lstm_hidden_size=12),
    "RecurrentPPO, both": _on(RecurrentPPO, "MultiInputLstmPolicy", BOTH, lstm_hidden_size=12),
}


def _saved(model: BaseAlgorithm, path: Path) -> Path:
    """Learns a few steps, has its weights spread so that a wrong one shows, and is saved."""
    torch.set_num_threads(1)
    model.learn(16)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.1)
    model.save(path)
    return path


def _export(zip_path: Path, **told: Any) -> PolicyFile:
    zipped = read_stock_zip(zip_path)
    network = StockNet(zipped)
    path = zip_path.with_suffix(".onnx")
    export_network(network, path, card_of_stock(zipped, network, told), episodes=False)
    return PolicyFile.load(path)


@pytest.mark.parametrize("name", MODELS)
def test_the_file_of_a_zip_chooses_as_predict_over_episodes(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    path = _saved(model, tmp_path / "model.zip")
    policy, rows = _export(path), 3
    names = dict(zip(input_names(read_stock_zip(path).parts), read_stock_zip(path).parts, strict=True))
    space: Any = model.observation_space
    space.seed(3)
    rng, hidden, state, taken = np.random.default_rng(0), None, {}, []
    for step in range(40):
        sampled = [space.sample() for _ in range(rows)]
        seen = {
            our: np.stack([each[their] if len(names) > 1 else each for each in sampled]) for our, their in names.items()
        }
        starts = (rng.random(rows) < 0.1) | (step == 0)
        theirs: Any = {names[our]: view for our, view in seen.items()} if len(names) > 1 else seen["obs"]
        wanted, hidden = model.predict(theirs, hidden, starts, deterministic=True)
        state = {key: np.where(starts.reshape(-1, *[1] * (value.ndim - 1)), 0, value) for key, value in state.items()}
        scores, state = policy.run(seen, state)
        np.testing.assert_array_equal(scores.argmax(1), wanted)
        taken.append(scores)
    assert np.ptp(np.concatenate(taken), axis=0).max() > 1e-2  # the answer depends on what is seen


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(MODELS["PPO"](), tmp_path_factory.mktemp("zips") / "plain.zip")


class _Poison:
    """Makes a file where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


def _changed(source: Path, target: Path, **entries: bytes) -> Path:
    """A copy of a zip with other bytes in some entries (a dot in a name is written __)."""
    new = {name.replace("__", "."): data for name, data in entries.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as out:
        for name in [*old.namelist(), *(name for name in new if name not in old.namelist())]:
            out.writestr(name, new.get(name) if name in new else old.read(name))  # type: ignore[arg-type]  # bytes both
    return target


def _data_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("data"))


def _with_data(source: Path, target: Path, **fields: Any) -> Path:
    data = _data_of(source)
    for name, value in fields.items():
        data[name] = {**data[name], **value} if isinstance(data.get(name), dict) and isinstance(value, dict) else value
    return _changed(source, target, data=json.dumps(data).encode())


def test_a_poisoned_object_is_exported_without_being_unpickled(plain: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    poison = pickle.dumps(_Poison(trace))
    pickle.loads(poison)
    assert trace.is_dir()  # the poison works
    trace.rmdir()
    data = _data_of(plain)
    pickled = [name for name, value in data.items() if isinstance(value, dict) and ":serialized:" in value]
    assert {"policy_class", "observation_space", "action_space"} <= {*pickled}
    text = base64.b64encode(poison).decode()
    zipped = _with_data(plain, tmp_path / "model.zip", **{name: {":serialized:": text} for name in pickled})
    policy = _export(zipped)
    assert not trace.exists()
    obs = np.random.default_rng(0).uniform(-2, 2, (50, 5)).astype(np.float32)
    actions, _ = PPO.load(plain, device="cpu").predict(obs, deterministic=True)
    np.testing.assert_array_equal(policy.run(obs)[0].argmax(1), actions)


def test_poisoned_weights_are_refused_without_being_unpickled(plain: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    saved = io.BytesIO()
    torch.save({"action_net.weight": _Poison(trace)}, saved)
    for number, (weights, sentence) in enumerate(
        [(saved.getvalue(), "not unpickled"), (pickle.dumps(_Poison(trace)), "no file of weights")]
    ):
        with pytest.raises(UserError, match=sentence):
            read_stock_zip(_changed(plain, tmp_path / f"{number}.zip", policy__pth=weights))
    others = _changed(
        plain, tmp_path / "others.zip", policy__optimizer__pth=saved.getvalue(), pytorch_variables__pth=b"x"
    )
    read_stock_zip(others)  # nobody reads those
    assert not trace.exists()


def _weights(source: Path, **changes: Any) -> bytes:
    """The weights of a zip with some replaced, or left out where None (a dot in a name is written __)."""
    with zipfile.ZipFile(source) as archive:
        table = torch.load(io.BytesIO(archive.read("policy.pth")), weights_only=True)
    table |= {name.replace("__", "."): value for name, value in changes.items()}
    out = io.BytesIO()
    torch.save({name: value for name, value in table.items() if value is not None}, out)
    return out.getvalue()


def _squeezed(weights: bytes) -> bytes:
    """The same file with its entries compressed, as torch never writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(weights)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


ENDLESS_WEIGHT = torch.zeros(1).expand(2**30)  # one number on disk
ODD_BIAS, SPARSE = torch.full((4,), torch.nan), torch.ones(4).to_sparse()
NOT_UNDERSTOOD: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "no zip": (lambda _, to: _bytes(to, b"not a zip"), "no whole zip file"),
    "cut short": (lambda zip_, to: _bytes(to, zip_.read_bytes()[:3000]), "no whole zip file"),
    "a flipped byte": (lambda zip_, to: _bytes(to, _flipped(zip_)), "no whole zip file"),
    "nothing of a model": (lambda _, to: _empty(to), "holds no data"),
    "a bomb": (lambda _, to: _bomb(to), "over 64 MiB"),
    "a bomb of weights": (lambda zip_, to: _changed(zip_, to, policy__pth=_squeezed(_weights(zip_))), "unpacks to more"),
    "a tensor that repeats itself": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, big=ENDLESS_WEIGHT)), "over 256 MiB"),
    "no JSON": (lambda zip_, to: _changed(zip_, to, data=b"{"), "not JSON"),
    "deep JSON": (lambda zip_, to: _changed(zip_, to, data=b"[" * 10**6), "not JSON"),
    "a list": (lambda zip_, to: _changed(zip_, to, data=b"[]"), "no JSON object"),
    "no weights": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, action_net__weight=None)), "action_net.weight"),
    "weights beside": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, gate=torch.ones(3))), "'gate'"),
    "another size": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, action_net__weight=torch.ones(4, 63))), "63"),
    "no numbers": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, action_net__bias=ODD_BIAS)), "no numbers"),
    "a sparse weight": (lambda zip_, to: _changed(zip_, to, policy__pth=_weights(zip_, action_net__bias=SPARSE)), "policy.pth|plain"),
    "another class": (lambda zip_, to: _with_data(zip_, to, policy_class={"__module__": "mine"}), "its policy is mine"),
    "another space": (lambda zip_, to: _with_data(zip_, to, observation_space={":type:": "<class 'gym.Box'>"}), "no space of Gymn"),
    "three axes short": (lambda zip_, to: _with_data(zip_, to, observation_space={"_shape": [2, 3]}), r"\(2, 3\)"),
    "an option": (lambda zip_, to: _with_data(zip_, to, policy_kwargs={"spice": 1}), "'spice'"),
    "an activation": (lambda zip_, to: _with_data(zip_, to, policy_kwargs={"activation_fn": "<class 'mine.Act'>"}), "mine.Act"),
    "other actions": (lambda zip_, to: _with_data(zip_, to, action_space={"n": "5"}), "the size 4"),
}  # fmt: skip


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _flipped(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    data[data.index(b'"policy_class"') + 3] ^= 1
    return bytes(data)


def _empty(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing")
    return path


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("data", "w") as entry:
        for _ in range(MAX_DATA // 2**20 + 1):
            entry.write(bytes(2**20))
    return path


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_refused_in_a_sentence_that_names_it(name: str, plain: Path, tmp_path: Path) -> None:
    make, sentence = NOT_UNDERSTOOD[name]
    path = make(plain, tmp_path / "model.zip")
    with pytest.raises(UserError, match=sentence) as told:
        _export(path)
    assert str(path) in str(told.value) and "\n" not in str(told.value)
    assert not path.with_suffix(".onnx").exists()


OTHERS: dict[str, tuple[Callable[[], BaseAlgorithm], str]] = {
    "QR-DQN": (lambda: QRDQN("MlpPolicy", Rooms(ROW), buffer_size=50, device="cpu"), "QRDQNPolicy"),
    "an extractor": (_on(PPO, "MlpPolicy", ROW, features_extractor_class=Mine), "Mine"),
    "numbers as observations": (_on(PPO, "MlpPolicy", spaces.Discrete(6)), "Discrete space"),
    "steering": (lambda: PPO("MlpPolicy", Rooms(ROW, spaces.Box(-1, 1, (2,))), n_steps=8, batch_size=8, device="cpu"), "only Discrete"),
    "an LSTM both ways": (_on(RecurrentPPO, "MlpLstmPolicy", ROW, lstm_hidden_size=4, lstm_kwargs={"bias": False}), "'bias'"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_model_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = OTHERS[name]
    make().save(tmp_path / "model.zip")
    with pytest.raises(UserError, match=sentence):
        _export(tmp_path / "model.zip")


def test_damage_anywhere_is_refused_or_harmless(plain: Path, tmp_path: Path) -> None:
    whole, rng = plain.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=rng.integers(1, 4)):
            data[place] = rng.integers(256)
        path = _bytes(tmp_path / "model.zip", bytes(data[: rng.integers(len(data) // 2, len(data) + 1)]))
        try:
            StockNet(read_stock_zip(path))
        except UserError:
            continue
        assert read_stock_zip(path).weights.keys() == read_stock_zip(plain).weights.keys()
