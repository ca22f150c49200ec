"""What comes together between two points of the curves, and survives in a checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

# of which a mean says nothing
NEWEST = {"n_updates", "learning_rate", "clip_range", "ent_coef", "exploration_rate", "buffer_fill"}


class Means:
    """Numbers by name, each averaged over what was added since the last `take`; of some the newest counts."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """
        >>> means = Means()
        >>> for loss in (1.0, 3.0): means.add({"train/loss": loss, "train/n_updates": loss})
        >>> means.take()
        {'train/loss': 2.0, 'train/n_updates': 3.0}
        """
        for name, value in values.items():
            if not math.isfinite(value):  # some are undefined now and then, such as a variance of nothing
                continue
            total, count = (0.0, 0) if name.split("/")[-1] in NEWEST else self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + float(value), count + 1)

    def take(self) -> dict[str, float]:
        taken, self._sums = {name: total / count for name, (total, count) in self._sums.items()}, {}
        return taken

    def state(self) -> dict[str, Any]:
        return {name: list(pair) for name, pair in self._sums.items()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._sums = {name: (float(total), int(count)) for name, (total, count) in state.items()}


class Happenings:
    """Episodes that ended, their events, and the actions chosen since the last point; from a learner that keeps a `tally`."""

    def __init__(self, actions: int, events: int) -> None:
        self.episodes, self.actions, self.events = 0, np.zeros(actions, np.int64), np.zeros(events, np.int64)

    def draw(self, model: Any) -> None:
        """Takes what the learner has counted; stock learners count nothing."""
        if (tally := getattr(model, "tally", None)) is None:
            return
        news = tally.drain()
        self.episodes += news.episodes
        self.actions += 0 if news.actions is None else news.actions
        self.events += 0 if news.event_counts is None else news.event_counts

    def clear(self) -> None:
        self.episodes = 0
        self.actions[:] = 0
        self.events[:] = 0

    def state(self) -> dict[str, Any]:
        return {"episodes": self.episodes, "actions": self.actions.tolist(), "events": self.events.tolist()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.episodes, self.actions[:], self.events[:] = state["episodes"], state["actions"], state["events"]
