"""One game as a Gymnasium `Env`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.contract import Game, key_constant, keys_of
from ..games.observation import ObsSpec
from .arena import Arena, Ended
from .options import game_of, metadata_of, obs_of, render_mode_of
from .rendering import Renderer
from .seating import LEARNER, Opponent
from .shaping import Potential
from .spaces import action_space, observation_space


class GameEnv(gymnasium.Env[Any, Any]):
    """A learner in one seat; the other seats are held by `opponent`.

    | option | meaning |
    |---|---|
    | obs, stack, size | `features`, `planes`, `pixels` or `both`; frames in a stack (0: the usual); (h, w) of pixels |
    | opponent | a bot's name, `random`, an .onnx file, or a function from observations (1, ...) to actions (1,) |
    | seat | the learner's seat, by number or name |
    | potential, gamma | shaping of the reward, see `Arena` |
    | illegal | "replace" or "refuse" an action that the mask forbids, see `Arena` |
    | max_ticks | truncates earlier than the title does |

    A step is one decision. The reward is the change of the seat's score or margin. At the end `info` holds `score`, `perf`
    (0 random, 1 mastery), `length` and the counts of the title's events; titles with a mask give `info["action_mask"]`.
    """

    metadata = {"render_modes": ["rgb_array", "human"], "render_fps": 15}  # noqa: RUF012 - Gymnasium's own declaration

    def __init__(
        self,
        game: Game | str | Path,
        *,
        obs: str | ObsSpec = "features",
        stack: int = 0,
        size: tuple[int, int] = (64, 64),
        opponent: Opponent | Mapping[str, float] = "hard",
        seat: int | str = 0,
        seats: int | None = None,
        render_mode: str | None = None,
        potential: Potential | None = None,
        gamma: float = 0.99,
        max_ticks: int = 0,
        illegal: str = "replace",
    ) -> None:
        self.game, self.render_mode = game_of(game), render_mode_of(render_mode)
        if opponent == LEARNER:
            raise UserError(
                "a single Env has one learner; use gymnasium.make_vec or npckit.envs.parallel_env to learn in every seat."
            )
        self.arena = Arena(
            self.game, 1, obs=obs_of(obs, stack, size), opponent=opponent, seat=seat, seats=seats, max_ticks=max_ticks,
            potential=potential, gamma=gamma, illegal=illegal, fresh_arrays=True, autoreset="off",
        )  # fmt: skip
        self.metadata = metadata_of(self.game)
        self.observation_space = observation_space(self.game, self.arena.role, self.arena.obs_spec)
        self.action_space = action_space(self.game, self.arena.role)
        self._renderer = Renderer(self.arena.batch, self.render_mode)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.arena.reset(int(self.np_random.integers(2**63)) if seed is None else seed)
        self._show()
        return self._first(self.arena.obs), self._info(None)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        arena = self.arena
        if not arena.batch.running[0]:
            raise UserError("the episode is over, or has not begun; call reset() before step().")
        ended = arena.step(np.asarray(action).reshape(1))
        self._show()
        reward, terminated, truncated = arena.rewards[0], arena.terminated[0], arena.truncated[0]
        return self._first(arena.obs), float(reward), bool(terminated), bool(truncated), self._info(ended)

    def action_masks(self) -> NDArray[np.bool_]:
        """(actions,) bool, as sb3-contrib's MaskablePPO asks for it."""
        return self.arena.masks()[0].astype(bool)

    def render(self) -> Any:
        return self._renderer.render()

    def close(self) -> None:
        self._renderer.close()

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """For `gymnasium.utils.play`: pygame key codes to actions, as this seat sees them."""
        import pygame

        spec, seat = self.game.spec, int(self.arena.seats[0])
        return {
            tuple(getattr(pygame, key_constant(part)) for part in keys_of(key)): spec.field_action(
                seat, spec.action_index(self.arena.role, action)
            )
            for action, key in spec.keys.items()
            if action in spec.actions_of(self.arena.role)
        }

    def _first(self, obs: Any) -> Any:
        return {part: rows[0] for part, rows in obs.items()} if isinstance(obs, dict) else obs[0]

    def _show(self) -> None:
        if self.render_mode == "human":
            self._renderer.show()

    def _info(self, ended: Ended | None) -> dict[str, Any]:
        info: dict[str, Any] = {"action_mask": self.arena.masks()[0]} if self.game.legal is not None else {}
        return info if ended is None else {**info, **episode_info(self.arena, ended, 0)}


def episode_info(arena: Arena, ended: Ended, index: int) -> dict[str, Any]:
    """What one finished episode is reported with."""
    spec, score = arena.game.spec, float(ended.scores[index])
    counts = dict(zip(spec.events, ended.event_counts[index].tolist(), strict=True))
    return {
        "score": score,
        "perf": spec.perf(score, arena.batch.seats, arena.role),
        "length": int(ended.lengths[index]),
        "events": counts,
    }
