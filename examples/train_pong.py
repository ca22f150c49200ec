"""Train Pong with npckit, then play the result against the hard bot: python examples/train_pong.py [SAMPLES]"""

import sys

from npckit.train import TrainConfig, evaluate, run

samples = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
finished = run(TrainConfig("pong", algorithm="ppo", obs="features", total_samples=samples))

for figures in evaluate(finished.policy, against=["easy", "hard"], matches=100):
    assert figures.win_rate is not None
    print(f"{figures.opponent}: wins {figures.win_rate.mean:.0%} of {figures.matches} matches")
