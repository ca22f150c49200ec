"""What a training run is told: frozen dataclasses with help beside each field, refused before any work where they cannot be.

One sample is one decision by one learning seat; a row is one learner (a game in which every seat learns gives several).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Annotated, Literal

import tyro

from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from ..games.observation import ObsSpec
from .opponents import OPPONENTS_FLAG, check_opponents, check_teacher, default_opponents

ALGORITHMS = ("ppo", "recurrent-ppo", "dqn", "recurrent-dqn")
ACTIVATIONS = ("tanh", "relu")
CNNS = ("tiny", "small", "nature", "impala")
DEVICES = ("auto", "cpu", "cuda")
MEMORIES = ("none", "lstm", "gru")
PRECISIONS = ("auto", "float32", "bf16")
SIZE_LIMIT = 10**12


@dataclass(frozen=True, kw_only=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al. 2017), with or without a memory."""

    n_steps: int = 32  # decisions of every row between updates; a memory learns from sequences of this length
    batch_size: int = 4096  # samples in a minibatch, at most: the greatest divisor of rows times n_steps is taken
    n_epochs: int = 4  # passes over the samples of an update
    gae_lambda: float = 0.95  # Schulman et al. 2016: 0 trusts the critic, 1 the returns
    clip_range: float = 0.2  # how far a policy may move in one update
    final_clip_range: float = 1.0  # at the end, as a part of the first
    ent_coef: float = 0.003  # bonus for keeping choices open
    final_ent_coef: float = 1.0  # at the end, as a part of the first
    vf_coef: float = 0.5  # weight of the critic's loss
    max_grad_norm: float = 0.5  # gradients are scaled down to this
    feature_coef: float = 0.0  # weight of a loss that tells features from planes or pixels (Lample & Chaplot 2017)
    belief_coef: float = 0.0  # weight of a loss that guesses what other teams perceive (Papoudakis et al. 2021)
    asymmetric_critic: bool = False  # the critic alone is told what other teams perceive (Pinto et al. 2018)
    teacher_coef: float = 1.0  # weight of a loss that imitates the teacher, if there is one (Schmitt et al. 2018)
    teacher_fraction: float = 0.5  # the part of the run in which that weight fades out

    def __post_init__(self) -> None:
        _within("ppo.", self, n_steps=(1, 65536), batch_size=(2, SIZE_LIMIT), n_epochs=(1, 1000), gae_lambda=(0, 1))
        _within("ppo.", self, clip_range=(1e-6, 10), ent_coef=(0, 10), vf_coef=(0, 100), max_grad_norm=(1e-6, 1e6))
        _within("ppo.", self, final_clip_range=(0, 1), final_ent_coef=(0, 1), feature_coef=(0, 1000))
        _within("ppo.", self, belief_coef=(0, 1000), teacher_coef=(0, 1000), teacher_fraction=(1e-6, 1))


@dataclass(frozen=True, kw_only=True)
class DQNConfig:
    """Deep Q-learning (Mnih et al. 2015), with or without a memory (Kapturowski et al. 2019)."""

    buffer_size: int = 200_000  # samples that are remembered
    batch_size: int = 512  # samples in an update; with a memory, in whole sequences
    learning_starts: int = 10_000  # samples before the first update
    train_freq: int = 1  # decisions of every row between updates
    gradient_steps: int = 2  # updates each time
    target_update_interval: int = 4_000  # samples between copies of the network into its target
    exploration_fraction: float = 0.2  # the part of the run in which chance fades out
    exploration_final_eps: float = 0.02  # the chance that stays
    n_steps: int = 3  # rewards that are counted before the target network takes over (Hessel et al. 2018)
    double: bool = True  # the online network chooses what the target network values (van Hasselt et al. 2016)
    dueling: bool = False  # value and advantages apart (Wang et al. 2016)
    prioritized: bool = False  # what surprised is learnt from more often (Schaul et al. 2016)
    max_grad_norm: float = 10.0  # gradients are scaled down to this
    burn_in: int = 8  # with a memory: decisions that only bring the stored state up to date
    sequence: int = 24  # with a memory: decisions after them, which are learnt from

    def __post_init__(self) -> None:
        _within("dqn.", self, buffer_size=(1, SIZE_LIMIT), batch_size=(1, SIZE_LIMIT), learning_starts=(0, SIZE_LIMIT))
        _within("dqn.", self, train_freq=(1, 65536), gradient_steps=(1, 65536), target_update_interval=(1, SIZE_LIMIT))
        _within("dqn.", self, exploration_fraction=(0, 1), exploration_final_eps=(0, 1), n_steps=(1, 1000))
        _within("dqn.", self, max_grad_norm=(1e-6, 1e6), burn_in=(0, 1000), sequence=(1, 1000))


@dataclass(frozen=True, kw_only=True)
class PoolConfig:
    """Of whom the opponent "pool" is made: snapshots of the learner that are taken as it goes on, and members that are named."""

    every: int = 500_000  # samples between snapshots
    sampling: Literal["pfsp", "recent", "uniform"] = (
        "pfsp"  # pfsp: who wins more is met more often (Vinyals et al. 2019)
    )
    members: tuple[str, ...] = ()  # bots and .onnx files that are in it from the beginning

    def __post_init__(self) -> None:
        _within("pool.", self, every=(1, SIZE_LIMIT))
        _one_of("pool.sampling", self.sampling, ("pfsp", "recent", "uniform"))


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run. Equal configs give equal policies on one machine, unless `minutes` ends the run."""

    game: tyro.conf.Positional[str]  # a title's name, or the path of its folder
    _: KW_ONLY
    algorithm: Literal["ppo", "recurrent-ppo", "dqn", "recurrent-dqn"] = "ppo"  # the learner
    role: str = ""  # whose seats it learns to hold, all of a team's at once; empty: the title's first role
    seats: int = 0  # how many play, in titles that allow several counts; 0: the most
    obs: Literal["features", "planes", "pixels", "both"] = "features"  # what it sees
    stack: int = 0  # frames in an observation; 0: the usual number for this kind
    size: tuple[int, int] = (64, 64)  # height and width of a pixels frame
    hidden: tuple[int, ...] = (128, 128)  # widths of the fully connected layers; the critic has its own
    cnn: Literal["tiny", "small", "nature", "impala"] = "small"  # the network that looks at planes and pixels
    activation: Literal["tanh", "relu"] = "tanh"  # of the fully connected layers
    memory: Literal["", "none", "lstm", "gru"] = (
        ""  # of the recurrent learners; empty: an LSTM for them, none for others
    )
    memory_size: int = 128  # numbers that it holds
    shift: int = 0  # pixels by which pictures are moved at random while they are learnt from
    normalize_obs: bool = (
        False  # features are brought to mean 0 and deviation 1; the statistics go into the policy file
    )
    zoom: tuple[float, ...] = ()  # features are also seen so many times larger, cut off at 1, for small differences
    normalize_reward: bool = False  # rewards are divided by the deviation of returns
    shaping: float = 0.0  # how much of the change of the title's own potential is added to the reward (Ng et al. 1999)
    teacher: str = ""  # a bot, or an .onnx file, that shows what it would do; it fades out (Schmitt et al. 2018)
    sampled: bool = False  # the policy draws its actions in play too, as while it learns, rather than take the best
    # who holds the other seats, in shares of the rows: learner (every seat learns), pool, random, a bot, an .onnx file
    opponents: Annotated[dict[str, float], OPPONENTS_FLAG] = field(default_factory=dict)
    num_envs: int = 512  # rows that are played side by side
    total_samples: int = 4_000_000  # the run ends here
    minutes: float = 0.0  # or after so many minutes, whichever comes first; 0: no limit
    learning_rate: float = 1e-3  # at the start
    final_learning_rate: float = 0.05  # at the end, as a part of the first; falls in a straight line
    gamma: float = 0.99  # discount per decision
    seed: int = 0  # everything random follows from it
    device: Literal["auto", "cpu", "cuda"] = "auto"  # where the network learns; auto: a GPU if there is one
    precision: Literal["auto", "float32", "bf16"] = "auto"  # auto: bf16 for pictures, where the device has units for it
    threads: int = 0  # of the CPU; 0: all cores
    eval_every: int = 500_000  # samples between matches against each bot; 0: never
    eval_matches: int = 100  # matches against each of them
    final_matches: int = 200  # matches at the end; their figures go into the policy's card
    checkpoint_every: int = 500_000  # samples between checkpoints; the last three are kept
    checkpoint_limit_mb: int = 4096  # a replay buffer that would take more on disk is refused
    out: str = ""  # the run's folder; must be new; by default runs/<game>-<algorithm>-<obs>-<number>
    ppo: PPOConfig = field(default_factory=PPOConfig)
    dqn: DQNConfig = field(default_factory=DQNConfig)
    pool: PoolConfig = field(default_factory=PoolConfig)

    def __post_init__(self) -> None:
        _one_of("algorithm", self.algorithm, ALGORITHMS)
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("cnn", self.cnn, CNNS)
        _one_of("memory", self.memory, ("", *MEMORIES))
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("device", self.device, DEVICES)
        _within("", self, num_envs=(1, 2**20), total_samples=(1, SIZE_LIMIT), minutes=(0, 1e6), gamma=(0, 1))
        _within("", self, learning_rate=(0, 10), final_learning_rate=(0, 1), seed=(0, 2**31), threads=(0, 1024))
        _within("", self, eval_every=(0, SIZE_LIMIT), eval_matches=(2, 10**6), final_matches=(2, 10**6))
        _within("", self, checkpoint_every=(1, SIZE_LIMIT), checkpoint_limit_mb=(1, SIZE_LIMIT))
        _within("", self, memory_size=(1, 65536), shift=(0, 64), shaping=(0, 1e6))
        if any(not 0 < factor <= 1e6 for factor in self.zoom):
            raise UserError(f"factors of zoom lie between 0 and 1e6; got {self.zoom}.")
        if any(not 1 <= width <= 65536 for width in self.hidden):
            raise UserError(f"hidden layers are 1 to 65536 wide; got {self.hidden}.")
        if self.ppo.feature_coef and self.obs not in ("planes", "pixels"):
            raise UserError(
                f"--ppo.feature-coef tells features from planes or pixels; leave it out with --obs {self.obs}."
            )
        if self.sampled and "dqn" in self.algorithm:
            raise UserError(f"{self.algorithm} learns values, which are no chances to draw by; leave out --sampled.")
        _ = self.obs_spec

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec(self.obs, self.stack, (self.size[0], self.size[1]))

    @property
    def recurrent(self) -> bool:
        return self.algorithm.startswith("recurrent-")


def resolved(config: TrainConfig) -> tuple[TrainConfig, Game]:
    """The config with every default filled in, and its title. Raises UserError where the two, or this machine, do not fit."""
    game = registry.load(config.game)
    role, seats = game.spec.role_named(config.role), game.spec.seat_count(config.seats)
    opponents = dict(config.opponents) or default_opponents(game, seats)
    check_opponents(game, opponents, role, seats)
    if config.teacher:
        check_teacher(game, config.teacher, role, config.algorithm)
    if config.shaping and role not in game.potentials:
        raise UserError(
            f"{game.name} has no potential for a {role} to be shaped by; leave out --shaping {config.shaping:g}."
        )
    side = len(game.spec.sides(role, seats)[0])
    num_envs = max(config.num_envs // side, 1) * side  # whole games
    config = replace(config, role=role, seats=seats, opponents=opponents, num_envs=num_envs, memory=_memory(config))
    return replace(config, stack=config.obs_spec.stack, ppo=_whole_minibatches(config)), game


def _memory(config: TrainConfig) -> Literal["none", "lstm", "gru"]:
    """Refuses a memory that a learner cannot use, and a recurrent learner without one."""
    if not config.recurrent and config.memory in ("lstm", "gru"):
        raise UserError(
            f"{config.algorithm} has no memory; use --algorithm recurrent-{config.algorithm}, or leave out --memory {config.memory}."
        )
    if config.recurrent and config.memory == "none":
        raise UserError(
            f"{config.algorithm} needs a memory: lstm or gru; without one use --algorithm {config.algorithm[10:]}."
        )
    return config.memory or ("lstm" if config.recurrent else "none")


def _whole_minibatches(config: TrainConfig) -> PPOConfig:
    """The minibatch size that divides an update; with a memory it is made of whole sequences."""
    ppo, samples = config.ppo, config.num_envs * config.ppo.n_steps
    if config.recurrent:
        return replace(
            ppo, batch_size=max(2, ppo.n_steps * _divisor(config.num_envs, max(1, ppo.batch_size // ppo.n_steps)))
        )
    size = _divisor(samples, ppo.batch_size)
    if size < 2:
        raise UserError(
            f"a PPO update of {samples} samples cannot be cut into minibatches; give more --num-envs or --ppo.n-steps."
        )
    return replace(ppo, batch_size=size)


def _divisor(number: int, limit: int) -> int:
    """The greatest divisor up to a limit.

    >>> _divisor(96, 40)
    32
    """
    return max(size for size in range(1, min(limit, number) + 1) if number % size == 0)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(f"there is no {name} {value!r}; choose one of {', '.join(allowed)}.")


def _within(prefix: str, config: object, **limits: tuple[float, float]) -> None:
    for name, (low, high) in limits.items():
        value = getattr(config, name)
        if not low <= value <= high:
            raise UserError(f"{prefix}{name} lies between {low:g} and {high:g}; got {value!r}.")
