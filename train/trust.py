"""A stock zip beside the class that saved it: does the exported file choose as `predict` does? Loading it runs what it holds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..agents.learners.acting import ScoreNet
from ..agents.learners.parity import TOLERANCE, Imagined, Sights, is_clear, sights_of, size_of, torch_scores
from ..agents.learners.stock_net import input_names
from ..agents.learners.stock_zip import StockZip
from ..agents.policy_file import PolicyFile
from ..errors import UserError
from ..games.contract import Game

ROWS, DECISIONS = 16, 200


@dataclass(frozen=True)
class Agreement:
    """How often `predict` of the real class chose as the file does, and how much their scores differ."""

    algorithm: str
    seen: str
    same: int
    decisions: int
    difference: float

    def told(self) -> str:
        """In a line."""
        return (
            f"{self.algorithm}.predict chose the same in {self.same:,} of {self.decisions:,} decisions on {self.seen}; "
            f"scores differ by {self.difference:.1e} at most"
        )


def agreements(zipped: StockZip, policy: PolicyFile, game: Game | None) -> list[Agreement]:
    """On random observations, and on those of games where the title is known; memories are forgotten where episodes begin.

    UNPICKLES THE ZIP, which can run anything: only for a file whose maker is trusted. Raises UserError where the file chooses
    otherwise although its scores are clear, or where they differ by more than the tolerance.
    """
    model = _load(zipped)
    seen: dict[str, Sights] = {"random observations": Imagined(policy.card, ROWS, DECISIONS)}
    if game is not None:
        seen[f"games of {game.name}"] = sights_of(policy.card, game, ROWS, DECISIONS)
    return [_agreement(zipped, model, policy, sights, name) for name, sights in seen.items()]


def _agreement(zipped: StockZip, model: Any, policy: PolicyFile, sights: Sights, seen: str) -> Agreement:
    real = ScoreNet(model).eval()
    named = dict(zip(input_names(zipped.parts), zipped.parts, strict=True))  # ours: theirs
    same, worst, hidden = 0, 0.0, None
    state = {name: np.zeros((ROWS, *shape), np.float32) for name, shape in policy.card.recurrent}
    torches = state
    for _ in range(DECISIONS):
        views, fresh = sights.look()
        for memory in (state, torches):
            for values in memory.values():
                values[fresh] = 0
        theirs = {named[name]: view for name, view in views.items()}
        observed: Any = theirs if len(theirs) > 1 else next(iter(theirs.values()))
        chosen, hidden = model.predict(observed, hidden, fresh, deterministic=True)
        wanted, torches = torch_scores(real, theirs, torches, reference=True)
        scores, state = policy.run(views, state)
        off = float(np.abs(wanted - scores).max())
        tolerance = TOLERANCE * size_of(wanted)
        agree, worst = chosen == scores.argmax(1), max(worst, off)
        if not off <= tolerance or not agree[is_clear(scores, tolerance)].all():
            raise UserError(
                f"{zipped.path}: the file would not choose as {zipped.algorithm}.predict does (scores differ by {off:.1e}, on "
                f"{seen}), so what the zip tells of itself is not true; nothing was written."
            )
        same += int(agree.sum())
        torches = {name: values.copy() for name, values in torches.items()}
        sights.act(scores)
    return Agreement(zipped.algorithm, seen, same, ROWS * DECISIONS, worst)


def _load(zipped: StockZip) -> Any:
    """The model, as the class that saved it loads it."""
    import sb3_contrib
    import stable_baselines3

    package: Any = stable_baselines3 if hasattr(stable_baselines3, zipped.algorithm) else sb3_contrib
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(package, zipped.algorithm).load(zipped.path, device="cpu")
    except Exception as error:  # whatever somebody's pickles may raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(
            f"{zipped.path} cannot be loaded by {zipped.algorithm} ({reason}); leave out --trust."
        ) from None
