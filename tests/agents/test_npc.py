"""An NPC decides from the newest frame alone and owns all that lies between frames and actions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npckit.agents import policy_file
from npckit.agents.card import Observation, Part
from npckit.agents.npc import Npc
from npckit.agents.policy_file import PolicyFile, with_card, write_card
from npckit.errors import UserError
from onnx import helper, load_model_from_string

RIGHT, LEFT = np.array([0, 1, 0], np.float32), np.array([1, 0, 0], np.float32)
# With a stack of 2 these weights look at the older frame only.
OLDER = np.vstack([np.eye(3), np.zeros((3, 3))])


def test_an_npc_takes_the_best_action(make_policy: Any) -> None:
    npc = Npc.load(make_policy())
    assert npc.act(RIGHT) == 1
    assert npc.action_name(1) == "action1"


def test_the_first_frame_fills_the_stack_and_later_ones_push_it(make_policy: Any) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2))
    assert [npc.act(RIGHT), npc.act(LEFT), npc.act(RIGHT)] == [1, 1, 0]


def test_reset_forgets_the_frames(make_policy: Any) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2))
    npc.act(RIGHT)
    npc.reset()
    assert npc.act(LEFT) == 0


def test_recurrent_state_is_carried_and_reset(make_policy: Any) -> None:
    npc = Npc.load(make_policy(recurrent=True))
    assert [npc.act(2 * RIGHT), npc.act(LEFT)] == [1, 1]
    npc.reset()
    assert npc.act(LEFT) == 0


def test_tick_decides_at_once_and_holds_for_decision_ticks(make_policy: Any) -> None:
    npc = Npc.load(make_policy(decision_ticks=3))
    frames = iter([RIGHT, LEFT, RIGHT])
    assert [npc.tick(lambda: next(frames)) for _ in range(7)] == [1, 1, 1, 0, 0, 0, 1]


def test_reset_ends_the_held_action(make_policy: Any) -> None:
    npc = Npc.load(make_policy(decision_ticks=3))
    npc.tick(lambda: RIGHT)
    npc.reset()
    assert npc.tick(lambda: LEFT) == 0


def test_a_mask_keeps_to_legal_actions(make_policy: Any) -> None:
    npc = Npc.load(make_policy())
    assert npc.act(RIGHT, mask=[True, False, False]) == 0
    assert npc.tick(lambda: RIGHT, lambda: [False, False, True]) == 2


def test_sampling_repeats_with_its_seed_and_keeps_to_the_mask(make_policy: Any) -> None:
    path = make_policy()
    mask = [True, True, False]
    first, again, other = (Npc.load(path, seed=seed, deterministic=False) for seed in (1, 1, 2))
    draws = [[npc.act(RIGHT, mask) for _ in range(50)] for npc in (first, again, other)]
    assert draws[0] == draws[1] != draws[2]
    assert set(draws[0]) == {0, 1}


def test_sampling_follows_the_softmax_of_the_scores(make_policy: Any) -> None:
    npc = Npc.load(make_policy(), deterministic=False, temperature=0.5)
    draws = npc.act_many(np.tile(RIGHT, (20_000, 1)))
    wanted = np.exp(RIGHT / 0.5) / np.exp(RIGHT / 0.5).sum()
    np.testing.assert_allclose(np.bincount(draws) / len(draws), wanted, atol=0.02)


def test_a_character_chooses_as_its_card_says(make_policy: Any) -> None:
    warm = make_policy(temperature=0.5)
    wanted = np.exp(RIGHT / 0.5) / np.exp(RIGHT / 0.5).sum()

    def draws(**options: Any) -> Any:
        return np.bincount(Npc.load(warm, **options).act_many(np.tile(RIGHT, (20_000, 1))), minlength=3) / 20_000

    np.testing.assert_allclose(draws(), wanted, atol=0.02)
    np.testing.assert_array_equal(draws(), draws(deterministic=False))
    assert draws(deterministic=True).tolist() == draws(deterministic=True, temperature=9.0).tolist() == [0, 1, 0]
    assert draws(temperature=1e-3).tolist() == [0, 1, 0]
    cold = Npc.load(make_policy())
    assert {cold.act(RIGHT) for _ in range(50)} == {1}


@pytest.mark.parametrize("recurrent", [False, True])
def test_each_of_a_crowd_plays_as_if_alone(make_policy: Any, recurrent: bool) -> None:
    path = make_policy(np.random.default_rng(0).normal(size=(6, 4)), stack=2, recurrent=recurrent)
    frames = np.random.default_rng(1).normal(size=(12, 30, 3)).astype(np.float32)
    crowd, alone = Npc.load(path), [Npc.load(path) for _ in range(30)]
    for step in frames:
        assert crowd.act_many(step).tolist() == [npc.act(frame) for npc, frame in zip(alone, step, strict=True)]


def test_a_character_of_a_crowd_is_known_by_its_id(make_policy: Any) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2))
    npc.act_many([RIGHT, LEFT], ids=["ann", "bob"])
    assert npc.act_many([LEFT, LEFT, RIGHT], ids=["bob", "cy", "ann"]).tolist() == [0, 0, 1]


def test_a_forgotten_character_begins_again(make_policy: Any) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2, recurrent=True))
    npc.act_many([RIGHT, RIGHT], ids=["ann", "bob"])
    npc.forget(["ann"])
    assert npc.act_many([LEFT, LEFT], ids=["ann", "bob"]).tolist() == [0, 1]


def test_an_empty_crowd_decides_nothing(make_policy: Any) -> None:
    assert Npc.load(make_policy()).act_many(np.zeros((0, 3), np.float32)).shape == (0,)


def test_a_large_crowd_is_run_in_pieces_and_answers_the_same(make_policy: Any) -> None:
    policy = PolicyFile.load(make_policy(recurrent=True))
    obs = np.random.default_rng(0).normal(size=(2500, 3)).astype(np.float32)
    scores, state = policy.run(obs)
    np.testing.assert_array_equal(scores, obs)
    np.testing.assert_array_equal(state["memory"], obs)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (np.zeros(6, np.float32), "newest frame alone"),
        (np.zeros(4, np.float32), r"obs must be float32 \(3,\); got float32 \(4,\)"),
        (np.zeros(3, complex), r"must be float32 \(n, 3\); got complex128"),
        ([[1, 2], [3]], r"obs must be float32 \(3,\); got rows of unequal sizes"),
        (None, r"obs must be float32 \(3,\); got object \(\)"),
        (["a", "b", "c"], "must be float32 .*; got <U1"),
        (np.array([0, np.nan, 0]), "NaN"),
        (np.array([0, np.inf, 0], np.float32), "NaN or infinity"),
        ({"pixels": np.zeros(3)}, "sees obs"),
    ],
)
def test_an_unfit_frame_is_refused_in_a_sentence(make_policy: Any, frame: Any, says: str) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2))
    with pytest.raises(UserError, match=says):
        npc.act(frame)


@pytest.mark.parametrize("mask", [[False] * 3, [True] * 2])
def test_an_unfit_mask_is_refused_and_leaves_the_memory_alone(make_policy: Any, mask: list[bool]) -> None:
    npc = Npc.load(make_policy(OLDER, stack=2))
    npc.act(RIGHT)
    with pytest.raises(UserError, match="the mask"):
        npc.act(LEFT, mask)
    assert npc.act(LEFT) == 1


@pytest.mark.parametrize("arguments", [{"ids": ["a"]}, {"ids": ["a", "a"]}, {"masks": [[False] * 3, [True] * 3]}])
def test_an_unfit_crowd_is_refused(make_policy: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        Npc.load(make_policy()).act_many([RIGHT, LEFT], **arguments)


def test_a_stacked_crowd_is_refused(make_policy: Any) -> None:
    with pytest.raises(UserError, match="newest frame alone"):
        Npc.load(make_policy(OLDER, stack=2)).act_many(np.zeros((5, 6), np.float32))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_must_be_above_zero(make_policy: Any, temperature: float) -> None:
    with pytest.raises(UserError, match="temperature"):
        Npc.load(make_policy(), temperature=temperature)


def test_scores_that_are_no_numbers_are_refused(make_policy: Any) -> None:
    npc = Npc.load(make_policy(np.full((3, 3), 1e38)))
    with pytest.raises(UserError, match="infinities"):
        npc.act(np.full(3, 1e6, np.float32))


def test_a_policy_of_features_and_planes_takes_a_dict_of_frames(
    tmp_path: Path, make_card: Any, make_model: Any
) -> None:
    nodes = [
        helper.make_node("Flatten", ["planes"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w"], ["seen"]),
        helper.make_node("Sub", ["seen", "features"], ["logits"]),
    ]
    inputs, weights = {"features": [2], "planes": [2, 1, 2]}, {"w": np.repeat(np.eye(2, dtype=np.float32), 2, axis=0)}
    parts = (
        Part(name="features", frame_shape=(1,), dtype="float32", low=0, high=1),
        Part(name="planes", frame_shape=(1, 1, 2), dtype="float32", low=0, high=1),
    )
    card = make_card(observation=Observation(kind="both", parts=parts, stack=2), actions=("old", "new"))
    path = tmp_path / "both.onnx"
    path.write_bytes(with_card(make_model(nodes, inputs, {"logits": [2]}, weights).SerializeToString(), card))
    npc = Npc.load(path)
    assert npc.act({"features": [1], "planes": np.full((1, 1, 2), 3)}) == 0  # 6 - 1 for both: the first of equals
    assert npc.act({"planes": np.full((1, 1, 2), 4), "features": [1]}) == 1  # the newer planes weigh 8 - 1
    with pytest.raises(UserError, match="sees features and planes"):
        npc.act({"features": [1]})


def test_a_shipped_policy_is_opened_by_its_name(make_policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_policy()
    monkeypatch.setattr(policy_file, "ZOO", path.parent)
    assert PolicyFile.load("policy").path == path
    with pytest.raises(UserError, match="one of: policy"):
        PolicyFile.load("pacman")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"rival\.onnx"):
        Npc.load(tmp_path / "rival.onnx")


def test_a_file_without_a_card_says_so(tmp_path: Path, make_model: Any) -> None:
    path = tmp_path / "bare.onnx"
    model = make_model([helper.make_node("Relu", ["obs"], ["logits"])], {"obs": [3]}, {"logits": [3]})
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="carries no npckit card"):
        PolicyFile.load(path)


def test_a_card_that_does_not_fit_its_graph_is_refused(make_policy: Any, make_card: Any) -> None:
    path = make_policy()
    before = path.read_bytes()
    for card in (make_card(size=4), make_card(output="q"), make_card(actions=("a", "b"))):
        with pytest.raises(UserError, match="card says"):
            write_card(path, card)
    assert path.read_bytes() == before


def test_a_sentence_about_a_file_is_one_short_line_whatever_the_file_says(
    tmp_path: Path, make_card: Any, make_model: Any
) -> None:
    long, bell = "x" * 100_000, "a\x1b[2J\nb"
    for name in (long, bell):
        outputs = {name: [3], "logits": [3]}
        nodes = [helper.make_node("Relu", ["obs"], ["logits"]), helper.make_node("Neg", ["obs"], [name])]
        for model in (
            make_model(nodes, {"obs": [3]}, outputs),
            make_model(nodes[:1], {"obs": [3], name: [3]}, {"logits": [3]}),
            make_model([*nodes, helper.make_node("Gelu", ["obs"], ["y"], name=name)], {"obs": [3]}, {"logits": [3]}),
        ):
            path = tmp_path / "odd\nname\x1b.onnx"
            path.write_bytes(with_card(model.SerializeToString(), make_card()))
            with pytest.raises(UserError) as refusal:
                PolicyFile.load(path)
            assert str(refusal.value).isprintable() and len(str(refusal.value)) < 1200 + len(str(tmp_path))


def _umask() -> int:
    os.umask(mask := os.umask(0o22))
    return mask


def test_other_metadata_stays_when_a_card_is_rewritten(make_policy: Any, make_card: Any) -> None:
    path = make_policy()
    model = load_model_from_string(path.read_bytes())
    model.metadata_props.add(key="author", value="ann")
    path.write_bytes(model.SerializeToString())
    write_card(path, make_card())
    assert PolicyFile.load(path).facts.metadata == {"author": "ann", "npckit": make_card().to_json()}


@pytest.mark.parametrize("data", [b"", b"\x0b", b"no policy at all"])
def test_a_card_is_not_put_into_what_is_no_policy(tmp_path: Path, make_card: Any, data: bytes) -> None:
    path = tmp_path / "rival.onnx"
    path.write_bytes(data)
    with pytest.raises(UserError, match="refused"):
        write_card(path, make_card())
    assert path.read_bytes() == data


def test_a_card_can_be_rewritten_in_place(make_policy: Any, make_card: Any) -> None:
    path = make_policy()
    card = make_card(ratings={"elo": 1200})
    write_card(path, card)
    assert PolicyFile.load(path).card == card
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_run_refuses_what_the_card_does_not_say(make_policy: Any) -> None:
    policy = PolicyFile.load(make_policy(recurrent=True))
    for obs, state, says in [
        (np.zeros((2, 4), np.float32), None, r"obs must be float32 \(n, 3\); got float32 \(2, 4\)"),
        (np.zeros(3, np.float32), None, r"obs must be float32 \(n, 3\); got float32 \(3,\)"),
        (np.float32(1), None, r"obs must be float32 \(n, 3\); got float32 \(\)"),
        (np.zeros((2, 3), np.complex64), None, r"obs must be float32 \(n, 3\); got complex64 \(2, 3\)"),
        (np.zeros((2, 3), object), None, r"obs must be float32 \(n, 3\); got object \(2, 3\)"),
        ([["a", "b", "c"]], None, r"obs must be float32 \(n, 3\); got <U1 \(1, 3\)"),
        ([[1, 2, 3], [1, 2]], None, r"obs must be float32 \(n, 3\); got rows of unequal sizes"),
        (None, None, r"obs must be float32 \(n, 3\); got object \(\)"),
        ({"features": np.zeros((2, 3))}, None, "sees obs; got features"),
        ({}, None, "sees obs; got nothing"),
        (np.zeros((2, 3)), {"memory": np.zeros((1, 3), np.float32)}, "as many rows .* got 2 of obs, 1 of memory"),
        (np.zeros((2, 3)), {"memory": np.zeros((2, 4))}, r"memory must be float32 \(n, 3\); got float64 \(2, 4\)"),
        (np.zeros((2, 3)), {"other": np.zeros((2, 3), np.float32)}, "remembers memory; got memory, other"),
    ]:
        with pytest.raises(UserError, match=says):
            policy.run(obs, state)  # type: ignore[arg-type]  # what is wrong is the point


def test_an_array_for_a_policy_that_sees_two_is_refused(tmp_path: Path, make_card: Any, make_model: Any) -> None:
    parts = (
        Part(name="features", frame_shape=(2,), dtype="float32", low=0, high=1),
        Part(name="planes", frame_shape=(1, 1, 2), dtype="uint8", low=0, high=1),
    )
    card = make_card(observation=Observation(kind="both", parts=parts), actions=("a", "b"))
    model = make_model([helper.make_node("Relu", ["features"], ["logits"])], {"features": [2]}, {"logits": [2]})
    model.graph.input.append(helper.make_tensor_value_info("planes", 2, ["batch", 1, 1, 2]))
    (tmp_path / "both.onnx").write_bytes(with_card(model.SerializeToString(), card))
    policy = PolicyFile.load(tmp_path / "both.onnx")
    planes = np.zeros((3, 1, 1, 2), np.uint8)
    for obs, says in [
        (np.zeros((3, 2)), "sees features and planes; got one array"),
        ({"features": np.zeros((3, 2))}, "sees features and planes; got features"),
        ({"features": np.zeros((2, 2)), "planes": planes}, "got 2 of features, 3 of planes"),
        ({"features": np.zeros((3, 2)), "planes": planes + 0.5}, r"planes must be uint8 \(n, 1, 1, 2\); got float64"),
        ({"features": np.zeros((3, 2)), "planes": planes[..., 0]}, r"got uint8 \(3, 1, 1\)"),
    ]:
        with pytest.raises(UserError, match=says):
            policy.run(obs)


def test_the_npc_loads_nothing_but_numpy_and_onnxruntime() -> None:
    code = """
import sys
import npckit.agents.npc
third = {name.split(".")[0] for name, module in sys.modules.items()
         if "site-packages" in (getattr(module, "__file__", None) or "")}
third = {name for name in third if not name.startswith(("_", "npckit"))}
games = [name for name in sys.modules if name.startswith(("npckit.games", "npckit.envs", "npckit.train", "npckit.playback"))]
print(sorted(third), games)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['numpy', 'onnxruntime'] []"
    assert done.stderr == ""
