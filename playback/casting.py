"""Who sits where: names from the command line become agents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..agents.ladder import ladder_of
from ..agents.policy_agent import PolicyAgent
from ..agents.policy_file import PolicyFile, shipped
from ..agents.seats import Agent, agent_named
from ..errors import UserError
from ..games.contract import Game
from ..games.replay import SUFFIX, Replay, ReplayAgent
from .keyboard import Bindings, Keyboard, bindings_for
from .person import PersonAgent, Takeover

PERSON = "person"


def rival(game: Game, seat: int, seats: int) -> str:
    """Whom one meets in a seat when nobody is named: the shipped policy of its role, else the best bot, else chance.

    Policies of a title are called as it is, and something more where there are several; one that learnt among as many is best.
    """
    fitting = {
        str(path): trained
        for name, path in shipped().items()
        if name.partition("_")[0] == game.name
        and (card := PolicyFile.load(path).card).role == game.spec.roles[seat]
        and (trained := card.training.get("seats", 0)) in (0, seats)
    }
    return max(fitting, key=lambda path: (fitting[path], Path(path).stem == game.name), default=game.hardest)


def agent_for(name: str, game: Game, seat: int, seed: int) -> Agent:
    """As `agents.seats.agent_named`, and a .replay file plays its own part of this seat."""
    if not name.endswith(SUFFIX):
        return agent_named(name, game, seed=seed + seat)
    replay = Replay.load(name)
    replay.check(game)
    if seat >= replay.seats:
        raise UserError(f"{name} has nobody in seat {seat}; it has {replay.seats} seats.")
    return ReplayAgent(replay, seat)


def cast(game: Game, names: Sequence[str], seats: int, seed: int) -> list[Agent]:
    """An agent for every seat in order; the rival sits where no name is left. UserError: too many names, or seats."""
    seats = game.spec.seat_count(seats)
    if len(names) > seats:
        raise UserError(f"{game.name} has {seats} seats; got {len(names)} agents: {', '.join(names)}.")
    everybody = [*names, *(rival(game, seat, seats) for seat in range(len(names), seats))]
    return [agent_for(name, game, seat, seed) for seat, name in enumerate(everybody)]


def opponents(game: Game, name: str, seats: int, seed: int) -> list[Agent]:
    """The same opponent in every seat; where a policy of another role cannot sit, a rival does."""
    agents = cast(game, [name] * seats, seats, seed)
    return [
        agent if _fits(agent, game, seat) else agent_for(rival(game, seat, seats), game, seat, seed)
        for seat, agent in enumerate(agents)
    ]


def graded(agents: Sequence[Agent], name: str, level: int | None, rating: float | None) -> list[Agent]:
    """The same agents, the policies among them at a level or a rating of their ladder. UserError: nobody has one, or not there."""
    if level is None and rating is None:
        return list(agents)
    if level is not None and rating is not None:
        raise UserError("a rival plays at a level or at a rating; give --level or --rating, not both.")
    if not any(isinstance(agent, PolicyAgent) for agent in agents):
        raise UserError(f"{name} has no levels; leave out --level and --rating, or name a policy with --against.")
    return [_graded(agent, level, rating) if isinstance(agent, PolicyAgent) else agent for agent in agents]


def _graded(agent: PolicyAgent, level: int | None, rating: float | None) -> PolicyAgent:
    if level is not None:
        return agent.at_level(level)
    assert rating is not None
    points = ladder_of(agent.policy).points
    if not points[0] <= rating <= points[-1]:
        raise UserError(f"the ratings of {agent.name} go from {points[0]:g} to {points[-1]:g}; got {rating:g}.")
    return agent.at_rating(rating)


def _fits(agent: Agent, game: Game, seat: int) -> bool:
    return not isinstance(agent, PolicyAgent) or agent.policy.card.role == game.spec.roles[seat]


def seat_people(game: Game, seats: list[int], keyboard: Keyboard) -> tuple[dict[int, PersonAgent], dict[int, Bindings]]:
    """People for some seats, and their keys; after the display is open."""
    bindings = bindings_for(game.spec, seats)
    names = {seat: "You" if len(seats) == 1 else _seat_name(game, seat).capitalize() for seat in seats}
    return {seat: PersonAgent(keyboard, bindings[seat], names[seat]) for seat in seats}, bindings


def may_be_taken_over(
    game: Game, agents: Sequence[Agent], keyboard: Keyboard
) -> tuple[list[Agent], dict[int, Bindings]]:
    """The same agents, of whom the first two yield their seats to whoever touches a key; none in a title without keys."""
    if not game.spec.keys:
        return list(agents), {}
    people, bindings = seat_people(game, list(range(min(len(agents), 2))), keyboard)
    taken: list[Agent] = [
        Takeover(agent, people[seat]) if seat in people else agent for seat, agent in enumerate(agents)
    ]
    return taken, bindings


def shell_name(name: str) -> str:
    """An agent's name as one would type it: a shipped policy by its path from here where that is shorter."""
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_absolute() and path.is_relative_to(Path.cwd()) else name


def _seat_name(game: Game, seat: int) -> str:
    return game.spec.seat_names[seat] if seat < len(game.spec.seat_names) else f"seat {seat}"
