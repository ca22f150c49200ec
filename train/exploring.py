"""What learners get for standing well fades as they learn (Bansal et al. 2018)."""

from __future__ import annotations

from stable_baselines3.common.callbacks import BaseCallback

from ..envs.shaping import Shaper
from .models import Fading


class Exploring(BaseCallback):
    """Sets the weight of the potential itself before every rollout."""

    def __init__(self, shaper: Shaper, weight: Fading) -> None:
        super().__init__()
        self._shaper, self._weight = shaper, weight

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self._shaper.exploring = self._weight(self.model._current_progress_remaining)
