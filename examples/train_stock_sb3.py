"""Train Pong with stock Stable-Baselines3 alone: python examples/train_stock_sb3.py [SAMPLES]"""

import sys

from npckit.envs.sb3_env import SB3VecEnv
from stable_baselines3 import PPO

samples = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
env = SB3VecEnv("pong", 256, opponent={"learner": 0.5, "easy": 0.5})
model = PPO("MlpPolicy", env, n_steps=64, batch_size=2048, n_epochs=4, learning_rate=1e-3, device="cpu")
model.learn(samples)
model.save("pong_sb3.zip")
episodes = list(model.ep_info_buffer or [])
print(f"mean score of the last {len(episodes)} matches: {sum(e['r'] for e in episodes) / max(len(episodes), 1):+.2f}")
