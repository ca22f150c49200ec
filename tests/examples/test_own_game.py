"""Somebody else's game: it stands on its own, it can be trained on, and the shipped rival is one."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from npckit.agents.policy_file import PolicyFile

Start = Callable[..., "subprocess.Popen[str]"]
EXAMPLES = Path(__file__).parents[2] / "examples"
OWN_GAME = EXAMPLES / "own_game"
BLUE, RED = (64, 156, 255), (255, 92, 84)  # scarves
ALONE = f"""
import random, sys
sys.path.insert(0, {str(OWN_GAME)!r})
import env
assert not [name for name in sys.modules if name.startswith("npckit")]
from bots import BOTS
from gymnasium.utils.env_checker import check_env
made = env.ThinIceEnv([bot(random.Random(0)) for bot in BOTS.values()])
check_env(made, skip_render_check=True)
for seed in range(20):
    made.reset(seed=seed)
    over = False
    while not over:
        seen, reward, over, *_ = made.step(made.action_space.sample())
        assert made.observation_space.contains(seen)
    assert reward in (-1, 0, 1)
"""


def run(start: Start, *arguments: str, patience: int = 300) -> str:
    """What a program said."""
    process = start(*arguments)
    out, err = process.communicate(timeout=patience)
    assert process.returncode == 0, err
    return out


def has(picture: Path, colour: tuple[int, int, int]) -> bool:
    """Whether a picture holds a colour in at least some pixels."""
    from PIL import Image

    return sum(pixel == colour for pixel in Image.open(picture).convert("RGB").getdata()) > 20


def test_the_wrapper_is_a_sound_environment_and_knows_nothing_of_npckit(start: Start) -> None:
    run(start, "-W", "error::UserWarning", "-c", ALONE)


def test_the_shipped_rival_beats_every_scripted_player(start: Start) -> None:
    said = run(start, str(OWN_GAME / "judge.py"), str(OWN_GAME / "rival.onnx"), "300")
    won = {name: float(share) for name, share in re.findall(r"(\w+): wins ([\d.]+)%", said)}
    assert min(won["wanderer"], won["keeper"], won["charger"]) > 90


def test_the_game_runs_with_the_rival_in_it(start: Start, tmp_path: Path) -> None:
    said = run(start, str(OWN_GAME / "game.py"), "--demo", "--frames", "45", "--picture", "match.png")
    assert "rounds won" in said
    assert has(tmp_path / "match.png", BLUE) and has(tmp_path / "match.png", RED)


@pytest.mark.parametrize("flag", ["--easy", "--friend"])
def test_the_game_runs_in_its_other_ways(flag: str, start: Start) -> None:
    assert "rounds won" in run(start, str(OWN_GAME / "game.py"), flag, "--frames", "30")


def test_the_shipped_rival_is_small_and_says_where_it_is_from() -> None:
    file = OWN_GAME / "rival.onnx"
    card = PolicyFile.load(file).card
    assert file.stat().st_size < 100_000
    assert (card.game, card.role, card.training["algorithm"], card.training["seed"]) == (
        "thin_ice",
        "penguin",
        "ppo",
        0,
    )


@pytest.mark.slow
def test_the_rival_is_trained_by_its_script(start: Start, tmp_path: Path) -> None:
    said = run(start, str(OWN_GAME / "train.py"), "12288", "mine.onnx")
    assert "charger: wins" in said
    card = PolicyFile.load(tmp_path / "mine.onnx").card
    assert 0 < card.training["samples"] <= 12288 and 0 <= card.skill["vs_charger"] <= 1


def test_a_crowd_of_200_shares_out_its_decisions(start: Start) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(EXAMPLES)!r})
import crowd
from npckit.agents.npc import Npc
many = crowd.Crowd(200, Npc.load(crowd.OWN_GAME / "rival.onnx"), 0)
observe, looked, period = crowd.observe, [], many.npc.card.decision_ticks
crowd.observe = lambda *seen: (looked.append(len(counts)), observe(*seen))[1]
counts = []
for _ in range(1 + 2 * period):
    apart = many.distances()
    many.decide(apart.argmin(axis=1))
    counts.append(looked.count(len(counts)))
    many.move(apart)
assert counts[0] == 200, counts
assert all(200 // period - many.falls <= count <= -(-200 // period) + many.falls for count in counts[1:]), counts
"""
    run(start, "-c", code)


def test_a_crowd_is_seen_in_one_window_with_a_meter(start: Start, tmp_path: Path) -> None:
    said = run(start, str(EXAMPLES / "crowd.py"), "--frames", "60", "--picture", "crowd.png")
    assert re.search(
        r"200 NPCs at \d+ frames a second\ndecisions: [\d.]+ ms a frame, 95% within [\d.]+ ms\nwhole frame", said
    )
    assert has(tmp_path / "crowd.png", BLUE) and has(tmp_path / "crowd.png", RED)
