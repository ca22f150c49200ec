"""Trains a rival for Thin Ice with stock Stable-Baselines3: python train.py [DECISIONS] [FILE]

It learns against the scripted players and against what it was itself a while ago: every so often its policy is exported, and
joins its rivals as the very NPC that the game would load. The best of these files is kept, by its worst result against a script.

rival.onnx beside this file is of `python train.py` (seed 0; 222 s of one core): `python judge.py` says that it wins 99.2% of 500 rounds
against the wanderer, 96.8% against the keeper, and 99.4% against the charger.
"""

import dataclasses
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import npckit
import torch
from bots import BOTS, Player
from env import ThinIceEnv
from judge import judge
from npckit.agents.card import Card, Observation, Part
from npckit.agents.learners.export import export_policy
from npckit.agents.npc import Npc
from npckit.agents.policy_file import write_card
from senses import ACTIONS, DECISION_STEPS, NAMES
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

SEED, ENVS, SNAPSHOTS = 0, 32, 10
TEACHERS = "wanderer", "keeper", "charger", "charger", "charger", "charger"  # the hardest makes up the most


def card(decisions: int) -> Card:
    """What whoever loads the file must know of it."""
    seen = Part(name="obs", frame_shape=(len(NAMES),), dtype="float32", low=-1, high=1, names=NAMES)
    return Card(
        npckit=npckit.__version__,
        game="thin_ice",
        rules_version=1,
        role="penguin",
        observation=Observation(kind="features", parts=(seen,)),
        actions=ACTIONS,
        decision_ticks=DECISION_STEPS,
        tick_rate=60,
        output="logits",
        training={"algorithm": "ppo", "by": "stable-baselines3", "samples": decisions, "seed": SEED},
    )


class Snapshots(BaseCallback):
    """Adds the policy as it is to the rivals, `SNAPSHOTS` times in the run, and remembers which one was `best`.

    A script joins once more each time: where the share of scripts falls, it forgets how to beat them.
    """

    def __init__(self, rivals: list[Player], every: int, folder: Path) -> None:
        super().__init__()
        self.rivals, self.every, self.folder, self.made = rivals, every, folder, 0
        self.best: tuple[float, Path] = (-1.0, folder)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self.every * (self.made + 1):
            self.make()
            self.rivals.append(self.rivals[self.made % len(TEACHERS)])
            self.made += 1

    def _on_training_end(self) -> None:
        self.make()

    def make(self) -> None:
        """A snapshot, judged by rounds that the last judgement does not play."""
        file = self.folder / f"{self.num_timesteps}.onnx"
        export_policy(self.model, file, card(self.num_timesteps))
        self.rivals.append(Npc.load(file, deterministic=False, seed=self.num_timesteps).act)
        shares = judge(Npc.load(file), 200, first=1_000_000)
        told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        print(f"{self.num_timesteps:9,} decisions: wins against {told}", flush=True)
        self.best = max(self.best, (min(shares.values()), file))


def train(decisions: int, file: Path) -> None:
    torch.set_num_threads(1)
    began, rivals = time.process_time(), [BOTS[name](random.Random(SEED)) for name in TEACHERS]
    envs = DummyVecEnv([lambda: ThinIceEnv(rivals)] * ENVS)
    model = PPO(
        "MlpPolicy", envs, n_steps=128, batch_size=1024, n_epochs=4, learning_rate=lambda left: 1e-3 * left, ent_coef=0.005, gamma=0.99,
        policy_kwargs={"net_arch": [64, 64]}, seed=SEED, device="cpu",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        snapshots = Snapshots(rivals, decisions // SNAPSHOTS, Path(folder))
        model.learn(decisions, snapshots)
        best = Npc.load(snapshots.best[1])
        skill = judge(best, 500)
        told = {f"vs_{name}": share for name, share in skill.items()}
        write_card(best.policy.path, dataclasses.replace(best.card, skill=told))
        shutil.move(best.policy.path, file)
    for name, share in skill.items():
        print(f"{name}: wins {share:.1%}")
    print(f"{file}: {file.stat().st_size / 1024:.0f} KiB after {time.process_time() - began:.0f} s of one core")


if __name__ == "__main__":
    train(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1_500_000,
        Path(sys.argv[2] if len(sys.argv) > 2 else "rival.onnx"),
    )
