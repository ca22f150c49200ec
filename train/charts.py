"""What a run shows in TensorBoard beside its curves: config and network as text, hyperparameters, actions, an animated match."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import HParam, Logger, TensorBoardOutputFormat
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard.writer import SummaryWriter

from ..agents.match import Match
from ..agents.seats import Agent
from ..envs.rendering import ink_array
from ..games.contract import Game
from ..games.palette import rgb_table
from .config import TrainConfig
from .config_file import to_toml
from .network_text import describe

SCALE = 4  # pixels to a field cell
SECONDS = 20  # of play that an animation shows at most
NO_HPARAMS = (
    "game", "out", "opponents", "ppo", "dqn", "pool", "device", "threads", "eval_every", "eval_matches", "final_matches",
    "checkpoint_every", "checkpoint_limit_mb",
)  # fmt: skip


def writer_of(logger: Logger) -> SummaryWriter:
    """The run's one TensorBoard writer: a second one in the same folder would hide what the first writes."""
    return next(form.writer for form in logger.output_formats if isinstance(form, TensorBoardOutputFormat))


def log_config(model: BaseAlgorithm, config: TrainConfig, metrics: Mapping[str, float]) -> None:
    """Config and network as text, and the config as hyperparameters next to these metrics (their tags and values so far)."""
    writer_of(model.logger).add_text("config", f"```toml\n{to_toml(config)}```", 0)
    writer_of(model.logger).add_text("network", f"```\n{describe(model)[1]}\n```", 0)
    model.logger.record("hparams", HParam(hparams(config), dict(metrics)), exclude=("stdout", "log", "json", "csv"))


def hparams(config: TrainConfig) -> dict[str, bool | str | float | None]:
    """The settings that bear on learning, flat.

    >>> hparams(TrainConfig("pong", algorithm="dqn"))["dqn.batch_size"]
    512
    """
    flat = {key: value for key, value in asdict(config).items() if key not in NO_HPARAMS}
    method = config.algorithm.removeprefix("recurrent-")
    flat |= {f"{method}.{key}": value for key, value in asdict(getattr(config, method)).items()}
    flat |= {f"opponent.{name}": share for name, share in config.opponents.items()}
    return {key: value if isinstance(value, bool | str | int | float) else str(value) for key, value in flat.items()}


def add_counts(writer: SummaryWriter, tag: str, counts: NDArray[np.int64], step: int) -> None:
    """A histogram of how often each of the numbers 0, 1, ... came up, (k,); one bar for each."""
    numbers, right_edges = np.arange(len(counts)), np.arange(len(counts)) + 0.5
    writer.add_histogram_raw(
        tag,
        min=-0.5,
        max=len(counts) - 0.5,
        num=int(counts.sum()),
        sum=float(counts @ numbers),
        sum_squares=float(counts @ numbers**2),
        bucket_limits=right_edges.tolist(),
        bucket_counts=counts.tolist(),
        global_step=step,
    )


def add_gif(writer: SummaryWriter, tag: str, gif: bytes, step: int) -> None:
    """Puts an animation among TensorBoard's images (its own `add_video` wants moviepy)."""
    with Image.open(io.BytesIO(gif)) as picture:
        width, height = picture.size
    image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif)
    assert writer.file_writer is not None
    writer.file_writer.add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), step)


def animate(game: Game, agents: list[Agent], *, seed: int) -> bytes:
    """The beginning of a match as a GIF: one frame for each decision, at the game's own speed."""
    match = Match(game, agents, seed=seed)
    limit = SECONDS * game.spec.tick_rate // game.spec.decision_ticks
    frames = [ink_array(match.batch, scale=SCALE)]
    while match.running and len(frames) < limit:
        match.advance()
        frames.append(ink_array(match.batch, scale=SCALE))
    return _gif(frames, milliseconds=1000 * game.spec.decision_ticks // game.spec.tick_rate)


def _gif(frames: list[NDArray[np.uint8]], milliseconds: int) -> bytes:
    """Ink numbers are palette entries already, so a GIF needs no quantising."""
    palette: list[Any] = rgb_table().ravel().tolist()
    pictures = [Image.fromarray(frame) for frame in frames]
    for picture in pictures:
        picture.putpalette(palette)  # turns grey levels into palette entries
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    return out.getvalue()
