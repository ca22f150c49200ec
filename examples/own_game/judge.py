"""How good a rival of Thin Ice is: seeded rounds against every scripted player. python judge.py [FILE] [ROUNDS]"""

import random
import sys
from pathlib import Path

from bots import BOTS, Player
from env import ThinIceEnv
from npckit.agents.npc import Npc


def win_rate(player: Player, rival: Player, rounds: int, first: int) -> float:
    """The share of rounds, of seeds from `first` on, that `player` wins; one in which both fall counts half."""
    env, points = ThinIceEnv([rival]), 0.0
    for seed in range(first, first + rounds):
        seen, _ = env.reset(seed=seed)
        over = False
        while not over:
            seen, reward, over, _, _ = env.step(player(seen))
        points += (reward + 1) / 2
    return points / rounds


def judge(npc: Npc, rounds: int, first: int = 0) -> dict[str, float]:
    """Win rates by the names of the scripted players."""
    return {name: win_rate(npc.act, bot(random.Random(0)), rounds, first) for name, bot in BOTS.items()}


if __name__ == "__main__":
    file = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("rival.onnx")
    for name, share in judge(Npc.load(file), int(sys.argv[2]) if len(sys.argv) > 2 else 500).items():
        print(f"{name}: wins {share:.1%}")
