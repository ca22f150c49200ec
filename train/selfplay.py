"""Self-play: the opponents that a run draws from its pool, and the snapshots of the learner that join it as the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from ..agents.policy_agent import PolicyAgent, obs_of
from ..agents.pool import FALL, Pool
from ..agents.seats import Agent, Partial, agent_named
from ..errors import UserError
from ..games.contract import Game
from .charts import writer_of
from .config import TrainConfig
from .progress import Display, short

SNAPSHOTS = "snapshots"  # the folder within a run


def snapshot_name(samples: int) -> str:
    """A member's name: its file within the run's folder.

    >>> snapshot_name(500_000)
    'snapshots/000000500000.onnx'
    """
    return f"{SNAPSHOTS}/{samples:012d}.onnx"


class Pools:
    """The pools of a run, one for each role that opponents hold; snapshots join that of the learner's own role.

    `folder` is the run's, as soon as it exists.
    """

    def __init__(self, config: TrainConfig, game: Game, say: Callable[[str], None]) -> None:
        self._config, self._game, self._say = config, game, say
        self.folder = Path()
        self.by_role: dict[str, Pool] = {}

    def player(self, role: str) -> Agent:
        """The agent for the seats of a role: what environments ask for."""
        pool = self.by_role[role] = Pool(
            lambda name: self._member(name, role),
            sampling=self._config.pool.sampling,
            seed=self._config.seed + len(self.by_role),
        )
        for name in self._config.pool.members:
            self.invite(role, name)
        return pool

    def invite(self, role: str, name: str) -> None:
        """A member that may turn out unfit: it is named and left out then."""
        try:
            self.by_role[role].add(name)
        except UserError as error:
            self._say(f"pool: {name} is left out: {error}")

    def welcome(self, role: str, paths: Sequence[Path]) -> None:
        """Members for a role that are not there yet: another population's."""
        if role in self.by_role:
            for name in map(str, paths):
                if name not in self.by_role[role].forms:
                    self.invite(role, name)

    @property
    def own(self) -> Pool | None:
        """Where the learner's snapshots go; none where opponents hold other roles alone, or no pool is used."""
        return self.by_role.get(self._config.role)

    def summary(self) -> dict[str, Any]:
        """How the learner fared against each member, by role."""
        return {role: {name: asdict(form) for name, form in pool.forms.items()} for role, pool in self.by_role.items()}

    def _member(self, name: str, role: str) -> Partial:
        own = name.startswith(f"{SNAPSHOTS}/")
        agent = agent_named(str(self.folder / name) if own else name, self._game, seed=self._config.seed)
        if isinstance(agent, PolicyAgent):
            obs_of(agent.policy.card, self._game, role)
            is_sampled = agent.policy.card.output == "logits"  # a distribution, as it was learnt; Q-values are none
            agent = PolicyAgent(agent.policy, temperature=1.0 if is_sampled else None, seed=self._config.seed)
        return _partial(agent)


def _partial(agent: Agent) -> Partial:
    if not isinstance(agent, Partial):
        raise UserError(f"{agent.name} cannot be a member of a pool; give it the method decide_some.")
    return agent


class SelfPlay(BaseCallback):
    """Takes a snapshot of the learner now and then, follows how it fares against each member, and tells what it forgets."""

    def __init__(self, pools: Pools, every: int, snapshot: Callable[[Path], Any], display: Display) -> None:
        super().__init__()
        self._pools, self._every, self._snapshot, self._display = pools, every, snapshot, display
        self._next, self._told = 0, set[str]()

    def _on_step(self) -> bool:
        return True

    def join(self, samples: int) -> None:
        """The learner as it is joins the pool of its role."""
        name = snapshot_name(samples)
        path = self._pools.folder / name
        path.parent.mkdir(exist_ok=True)
        self._snapshot(path)
        if self._pools.own:
            self._pools.own.add(name)
        self._next = samples + self._every

    def _on_rollout_start(self) -> None:
        samples = self.model.num_timesteps
        if samples >= self._next:
            self.join(samples)
        for pool in self._pools.by_role.values():
            for name, form in pool.forms.items():
                if form.games >= 1:
                    self.logger.record(f"pool/win_rate_vs_{Path(name).stem}", form.rate)
            self.logger.record("pool/forgotten", max(form.fallen for form in pool.forms.values()))
            self._tell_falls(pool)

    def _tell_falls(self, pool: Pool) -> None:
        """Names members against whom much has been lost, once until it has come back."""
        for name, form in pool.forms.items():
            if form.fallen <= FALL:
                self._told.discard(name)
            elif name not in self._told:
                self._told.add(name)
                self._tell(f"forgetting: against {Path(name).stem} from {form.best:.0%} to {form.rate:.0%}")

    def _tell(self, text: str) -> None:
        samples = self.model.num_timesteps
        writer_of(self.logger).add_text("pool/forgetting", text, samples)
        self._display.say(f"{text}, at {short(samples)} samples")

    def state(self) -> dict[str, Any]:
        return {"next": self._next, "told": sorted(self._told)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._next, self._told = state["next"], set(state["told"])
