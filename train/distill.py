"""Trains a small student to choose as a policy does, on the policy's own games.

The student plays more and more of them itself and is told at every decision what its teacher would do (Ross et al. 2011, DAgger); it
learns the teacher's softened scores (Hinton et al. 2015; Rusu et al. 2016).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ..agents.choice import chances
from ..agents.learners.memory import State
from ..agents.learners.parity import Views, torch_scores
from ..agents.learners.policies import NEVER
from ..agents.learners.student import Student
from ..agents.policy_agent import obs_of
from ..agents.policy_file import PolicyFile
from ..envs.sb3_env import SB3VecEnv
from ..errors import UserError
from ..games.contract import Game
from .cards import seats_of

STEPS = 32  # decisions in a row that are learnt from at once
ROWS = 192  # games at once; a multiple of every team
BATCH, PICTURES = (
    64,
    24,
)  # rows of a minibatch, and of one of pictures: they cost more, and more of them are better than large ones
UPDATES = 16  # for each lot of new decisions
KEPT = 256 * 2**20, 64  # of lots, bytes and number
RATE = 3e-3  # of learning, at first
WHIMS = 0.03  # share of decisions by chance
SOFT = 1.0  # temperature of a teacher's logits


@dataclass
class Lot:
    """Some decisions in a row of all games: parts (time, rows, *shape), what the teacher would do, what was legal, and starts."""

    parts: tuple[torch.Tensor, ...]
    targets: torch.Tensor  # (time, rows, actions): the chances that the teacher gives
    masks: torch.Tensor  # (time, rows, actions) bool
    starts: torch.Tensor  # (time, rows) bool
    state: State  # of the student, before the first

    @property
    def bytes(self) -> int:
        return sum(part.nbytes for part in self.parts)


class Lessons:
    """Games of a policy's title in which teacher and student take turns to act."""

    def __init__(self, teacher: PolicyFile, game: Game, seed: int) -> None:
        card = teacher.card
        seats = seats_of(teacher, game)
        self.teacher, self.parts = teacher, [part.name for part in card.observation.parts]
        opponents = _opponents(teacher, game, seats)
        obs = obs_of(card, game, card.role)
        self.env = SB3VecEnv(game, ROWS, obs=obs, opponent=opponents, seat=card.role, seats=seats)
        self.env.seed(seed)
        self._views, self._starts = self._named(self.env.reset()), np.ones(ROWS, bool)
        self._memory = {name: np.zeros((ROWS, *shape), np.float32) for name, shape in card.recurrent}
        self._rng, self._turn = np.random.default_rng(seed), np.linspace(0, 1, ROWS, endpoint=False)
        self._rng.shuffle(self._turn)
        self._soft = SOFT if card.output == "logits" else 0.0

    def lot(self, student: Student, share: float) -> Lot:
        """The next decisions; the teacher acts in a share of the games."""
        state = self._state_of(student)
        begin = tuple(torch.from_numpy(part.copy()) for part in state.values())
        told: list[tuple[Any, ...]] = []
        for _ in range(STEPS):
            views, masks, starts = self._views, self.env.action_masks(), self._starts
            for memory in (self._memory, state):
                for values in memory.values():
                    values[starts] = 0
            wanted, self._memory = self.teacher.run(views, self._memory)
            scores, state = torch_scores(student, views, state, reference=True)
            state = {name: values.copy() for name, values in state.items()}
            told.append((*(views[name].copy() for name in self.parts), self._chances(wanted, masks), masks, starts))
            acting = np.where((self._turn < share)[:, None], wanted, scores)
            self._play(np.where(masks, acting, -np.inf).argmax(1), masks)
        self._student = state
        *parts, targets, legal, fresh = (torch.from_numpy(np.stack(each)) for each in zip(*told, strict=True))
        return Lot(tuple(parts), targets, legal, fresh, begin)

    def _play(self, actions: NDArray[np.intp], masks: NDArray[np.bool_]) -> None:
        whims = self._rng.random(ROWS) < WHIMS
        by_chance = np.where(masks, self._rng.random(masks.shape), -1.0).argmax(1)
        obs, _, self._starts, _ = self.env.step(np.where(whims, by_chance, actions))
        self._views = self._named(obs)

    def _chances(self, scores: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Softmax of the teacher's scores over what is legal; Q-values are first brought to the scale of logits."""
        if not self._soft:  # from the first decisions on: the best is so much above the mean
            legal = np.where(masks, scores, np.nan)
            self._soft = max(float(np.mean(np.nanmax(legal, 1) - np.nanmean(legal, 1))) / 3, 1e-6)
        return chances(scores / self._soft, masks)

    def _state_of(self, student: Student) -> Views:
        if not hasattr(self, "_student"):
            self._student = {name: np.zeros((ROWS, *shape), np.float32) for name, shape in student.states.items()}
        return self._student

    def _named(self, obs: Any) -> Views:
        return obs if isinstance(obs, dict) else {self.parts[0]: obs}


def distil(
    teacher: PolicyFile, game: Game, *, minutes: float, seed: int = 0, say: Callable[[str], None] = print
) -> tuple[Student, int]:
    """A student, and from how many decisions it has learnt. Raises UserError where the policy does not fit the title."""
    if not 0 < minutes <= 1e6:
        raise UserError(f"--minutes is a number above 0; got {minutes}.")
    torch.manual_seed(seed)
    student, lessons = Student(teacher.card), Lessons(teacher, game, seed)
    lots = Lots(lessons.lot(student, 1.0))  # before the clock runs: rules may have to be compiled
    optimizer, rng = torch.optim.Adam(student.parameters(), RATE), np.random.default_rng(seed)
    told, begun = 0.0, time.monotonic()
    while (part := (time.monotonic() - begun) / (60 * minutes)) < 1:
        if part < 0.5:
            student.learn_statistics(tuple(seen.flatten(0, 1) for seen in lots.newest.parts))
        for group in optimizer.param_groups:
            group["lr"] = RATE * max(0.02, 1 - part)
        losses = [_learn(student, optimizer, lots.drawn(rng), rng) for _ in range(UPDATES)]
        if part >= told:
            told += 0.1
            say(f"{part:4.0%}  {lots.decisions:,} decisions, {np.mean(losses):.3f} nats from the teacher")
        lots.add(lessons.lot(student, max(0.1, 1 - 3 * part)))
    lessons.env.close()
    student.settle()
    return student.eval(), lots.decisions


class Lots:
    """The newest lots, as many as memory allows."""

    def __init__(self, first: Lot) -> None:
        self.newest, self.decisions, self._kept = first, 0, deque[Lot]()
        self.add(first)

    def add(self, lot: Lot) -> None:
        """The oldest make room for it."""
        self.newest, self.decisions = lot, self.decisions + STEPS * ROWS
        self._kept.append(lot)
        while len(self._kept) > max(2, min(KEPT[1], KEPT[0] // lot.bytes)):
            self._kept.popleft()

    def drawn(self, rng: np.random.Generator) -> Lot:
        """One of them by chance."""
        return self._kept[rng.integers(len(self._kept))]


def _learn(student: Student, optimizer: torch.optim.Optimizer, lot: Lot, rng: np.random.Generator) -> float:
    """One step down on the Kullback-Leibler divergence from the teacher's chances; returns it."""
    has_pictures = any(part.dim() == 5 for part in lot.parts)
    rows = torch.from_numpy(rng.permutation(ROWS)[: PICTURES if has_pictures else BATCH])
    scores = student.unroll(
        tuple(part[:, rows] for part in lot.parts), tuple(part[rows] for part in lot.state), lot.starts[:, rows]
    )
    logs = functional.log_softmax(scores.masked_fill(~lot.masks[:, rows], NEVER), dim=2)
    loss = functional.kl_div(logs.flatten(0, 1), lot.targets[:, rows].flatten(0, 1), reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _opponents(teacher: PolicyFile, game: Game, seats: int) -> dict[str, float]:
    """Every bot, and itself where others have its role; nobody where one plays alone."""
    if seats == 1:
        return {"learner": 1.0}
    names = [*game.bots] or ["random"]
    if len({*game.spec.roles[:seats]}) == 1:
        names.append(str(teacher.path))
    return dict.fromkeys(names, 1 / len(names))
