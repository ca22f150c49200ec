"""What a browser must come to as well: decisions of `Npc` in Python, and matches of pong, as plain JSON.

The page asks serve.py for it (`?selftest`). To look at it: python examples/browser/record.py > selftest.json
"""

import json
from collections.abc import Iterator
from itertools import chain, count, islice
from typing import Any

import numpy as np
from npckit.agents.match import Match
from npckit.agents.npc import Npc
from npckit.agents.policy_agent import obs_of
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.observation import Observer

# One of each learner, and one that sees planes, two of them stacked. Decisions, of which an episode is given a third at most.
POLICIES = {"pong": 300, "tanks": 300, "flappy_dqn": 300, "pong_recurrent_dqn": 300, "breakout_planes": 30}
SEEDS = 1, 2**64 - 5


def record() -> dict[str, Any]:
    """Seeded play: {"policies": {name: {card, steps}}, "matches": [...]}."""
    policies = {name: record_policy(name, decisions) for name, decisions in POLICIES.items()}
    return {"policies": policies, "matches": [record_match(seed) for seed in SEEDS]}


def record_policy(name: str, decisions: int) -> dict[str, Any]:
    npc = Npc.load(name)
    episodes = (islice(episode(npc, seed), decisions // 3) for seed in count())
    return {"card": json.loads(npc.card.to_json()), "steps": [*islice(chain.from_iterable(episodes), decisions)]}


def episode(npc: Npc, seed: int) -> Iterator[dict[str, Any]]:
    """Its decisions in the first seat of its role, against normal bots: what it saw, and what it made of that."""
    game = registry.load(npc.card.game)
    roles = game.spec.roles[: npc.card.training["seats"]]
    seat = roles.index(npc.card.role)
    match = Match(game, [agent_named(npc.policy.path.stem if s == seat else "normal", game) for s in range(len(roles))])
    match.reset(seed)
    row = np.zeros(1, np.int32), np.full(1, seat, np.int32)
    eyes, state = Observer(match.batch, obs_of(npc.card, game, npc.card.role), *row), None
    npc.reset()
    while match.running:
        fresh, stacked, mask = bool(match.batch.fresh[0]), eyes.observe(), eyes.masks()[0]
        scores, state = npc.policy.run(stacked, state)
        newest = np.split(stacked[0], npc.card.observation.stack)[-1]
        action = npc.act(newest, mask)
        yield {
            "fresh": fresh,
            "frame": newest.ravel().tolist(),
            "mask": mask.tolist(),
            "scores": scores[0].tolist(),
            "action": action,
        }
        match.advance(npc.card.decision_ticks)
        assert match.actions[0, seat] == action


def record_match(seed: int) -> dict[str, Any]:
    """A whole match of pong: what both seats perceive at every decision, and do."""
    pong = registry.load("pong")
    match = Match(pong, [agent_named("hard", pong), agent_named("normal", pong)])
    match.reset_to(np.array([seed], np.uint64))
    eyes = Observer(match.batch, obs_of(Npc.load("pong").card, pong, "paddle"), np.zeros(2, np.int32), np.arange(2))
    decisions = []
    while match.running:
        features = eyes.observe().tolist()
        match.advance(pong.spec.decision_ticks)
        decisions.append({"features": features, "actions": match.actions[0].tolist()})
    score = match.batch.states["score"][0].tolist()
    return {"seed": str(seed), "decision_ticks": pong.spec.decision_ticks, "decisions": decisions, "score": score}


if __name__ == "__main__":
    print(json.dumps(record()))
