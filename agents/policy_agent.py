"""A trained policy file in the seats of a match: greedy, sampled, or under handicaps, each game's player under its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..games.batch import Batch, Rows
from ..games.contract import Game
from ..games.observation import Observation, Observer, ObsSpec
from ..games.snapshot import State
from .card import Card
from .choice import chances
from .hampered import Hampered
from .handicap import NO_HANDICAP, Handicap
from .ladder import Level, ladder_of, policy_of
from .policy_file import PolicyFile
from .policy_file import State as Memory


class PolicyAgent:
    """A trained policy file.

    `temperature`: 0 takes the best action; above, one is drawn anew in every decision, seeded; None: as the policy's card says.
    `handicap` is one for all games, or one for each equal share of the games in order.
    """

    def __init__(
        self,
        policy: PolicyFile,
        *,
        temperature: float | None = None,
        seed: int = 0,
        handicap: Handicap | Sequence[Handicap] = NO_HANDICAP,
        name: str = "",
    ) -> None:
        self.policy, self.name = policy, name or Path(policy.path).stem
        self._temperature = policy.card.temperature if temperature is None else temperature
        self._seed, self._rng = seed, np.random.default_rng(seed)
        self._handicaps = (handicap,) if isinstance(handicap, Handicap) else tuple(handicap)
        delays = {whole(each.delay) for each in self._handicaps for whole in (floor, ceil)}
        self._period = gcd(policy.card.decision_ticks, *delays)
        self._hampered: Hampered | None = None

    def at_level(self, level: int) -> PolicyAgent:
        """The same policy at a level of its ladder. Raises UserError where it has none, or not this one."""
        return self._at(ladder_of(self.policy).at_level(level))

    def at_rating(self, points: float) -> PolicyAgent:
        """The same policy as near to a rating as its ladder goes. Raises UserError where it has none."""
        return self._at(ladder_of(self.policy).at_rating(points))

    def _at(self, level: Level) -> PolicyAgent:
        return PolicyAgent(
            policy_of(level, self.policy),
            temperature=self._temperature,
            seed=self._seed,
            handicap=level.handicap,
            name=f"{self.policy.path.stem}@{level.level}",
        )

    def set_handicaps(self, handicap: Handicap | Sequence[Handicap]) -> None:
        """From now on, also while a match is under way, whose rhythm stays: delays are multiples of the period, right on average.

        Raises UserError where the games cannot be shared out among so many.
        """
        self._handicaps = (handicap,) if isinstance(handicap, Handicap) else tuple(handicap)
        if self._hampered is not None:
            self._hampered.set_handicaps(self._handicaps)
        elif hasattr(self, "_observer") and any(each != NO_HANDICAP for each in self._handicaps):
            self._hampered = self._new_hampered()

    def keep_to_decisions(self) -> None:
        """For who asks it at usual decisions alone, as an environment does: delays are multiples of those, right on average."""
        self._period = self.policy.card.decision_ticks

    def period(self, game: Game) -> int:
        """Ticks between decisions, or less where the first handicaps' delays ask for it."""
        return self._period

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        obs = obs_of(self.policy.card, batch.game, batch.game.spec.roles[seats[0]])
        self._observer = Observer(batch, obs, games, seats)
        sizes = self.policy.card.recurrent
        self._memory: Memory = {name: np.zeros((len(games), *shape), np.float32) for name, shape in sizes}
        self._hampered = self._new_hampered() if any(each != NO_HANDICAP for each in self._handicaps) else None

    def _new_hampered(self) -> Hampered:
        hampered = Hampered(self.policy.card, self._handicaps, len(self._observer.games), seed=self._seed)
        hampered.grain = self._period
        return hampered

    def decide(self, actions: NDArray[np.int32]) -> None:
        self._decide(actions, slice(None))

    def decide_some(self, actions: NDArray[np.int32], rows: NDArray[np.intp]) -> None:
        """As `decide`, for rows that are given by their places in what `sit` was given."""
        self._decide(actions, rows)

    def _decide(self, actions: NDArray[np.int32], rows: slice | NDArray[np.intp]) -> None:
        observer, hampered = self._observer, self._hampered
        places = observer.games[rows], observer.seats[rows]
        if hampered is None:
            seen = observer.observe() if isinstance(rows, slice) else observer.observe_some(rows)
            scores = np.where(observer.batch.masks(*places) > 0, self._drawn(self._scores(seen, rows)), -np.inf)
            actions[places] = np.argmax(scores, axis=1)
            return
        now = observer.batch.states["tick"][observer.games].astype(np.int64)
        running = observer.batch.running[observer.games]
        usual = not (now[running] % self.policy.card.decision_ticks).any()
        if usual:
            hampered.decide(self._drawn(self._scores(self._believed(hampered), slice(None))), now)
        actions[places] = hampered.act(now, observer.masks(), bound=usual)[rows]

    @property
    def weighs(self) -> bool:
        """Whether its scores are logits that nothing hampers."""
        return self._hampered is None and self.policy.card.output == "logits"

    def chances(self) -> NDArray[np.float32]:
        """(rows, actions): the softmax by which it draws, or would draw; asked for instead of `decide`."""
        scores = self._scores(self._observer.observe(), slice(None)) / (self._temperature or 1.0)
        return chances(scores, self._observer.masks() > 0)

    def _believed(self, hampered: Hampered) -> Observation:
        """What those under handicaps take for what they see."""
        observer = self._observer
        seen, fresh = observer.observe(), observer.batch.fresh[observer.games]
        views = seen if isinstance(seen, dict) else {self.policy.card.observation.parts[0].name: seen}
        return hampered.see(views, fresh)

    def _scores(self, seen: Observation, rows: slice | NDArray[np.intp]) -> NDArray[np.floating]:
        """(rows, actions) what the policy makes of what some rows see."""
        fresh = self._observer.batch.fresh[self._observer.games[rows]]
        memory = {name: values[rows] for name, values in self._memory.items()}
        for values in memory.values():
            values[fresh] = 0
        scores, memory = self.policy.run(seen, memory)
        for name, values in memory.items():
            self._memory[name][rows] = values
        return scores

    def _drawn(self, scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """Scores whose best is the choice."""
        if self._temperature == 0:
            return scores
        return np.asarray(scores / self._temperature + self._rng.gumbel(size=scores.shape))

    def state(self) -> State:
        memory = {name: values.copy() for name, values in self._memory.items()}
        state = {"observer": self._observer.state(), "memory": memory, "rng": self._rng.bit_generator.state}
        return state if self._hampered is None else {**state, "hampered": self._hampered.state()}

    def set_state(self, state: State) -> None:
        if ("hampered" in state) != (self._hampered is not None):
            raise UserError(
                "this snapshot does not fit: handicaps differ; build everything as it was when it was made."
            )
        self._observer.set_state(state["observer"])
        self._memory = {name: values.copy() for name, values in state["memory"].items()}
        self._rng.bit_generator.state = state["rng"]
        if self._hampered is not None:
            self._hampered.set_state(state["hampered"])


def obs_of(card: Card, game: Game, role: str) -> ObsSpec:
    """The observation that a policy file was trained on; a UserError says why it does not fit this title and role."""
    spec = game.spec
    if (card.game, card.rules_version) != (spec.name, spec.version):
        raise UserError(
            f"this policy plays {card.game} rules version {card.rules_version}, not {spec.name} version {spec.version}; train one for it."
        )
    if card.role != role:
        raise UserError(f"this policy plays the role {card.role!r}; this seat is a {role!r}.")
    pixels = next(
        (part.frame_shape[1:] for part in card.observation.parts if card.observation.kind == "pixels"), (64, 64)
    )
    obs = ObsSpec(card.observation.kind, card.observation.stack, (pixels[0], pixels[1]))
    for part, told in zip(obs.parts, card.observation.parts, strict=True):
        shape = obs.frame_shape(game, role, part)
        if shape != told.frame_shape:
            raise UserError(
                f"this policy expects {part} frames of {told.frame_shape}; {spec.name} gives {shape}; export it anew."
            )
    return obs
