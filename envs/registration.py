"""Gymnasium ids for all titles: `npckit/` + the title in CamelCase + `-v` + its rules version."""

from __future__ import annotations

from ..errors import missing_extra
from ..games import registry
from ..games.contract import Game


def env_id(game: Game) -> str:
    """`npckit/Pong-v1` for version 1 of pong's rules."""
    return f"npckit/{''.join(word.capitalize() for word in game.name.split('_'))}-v{game.spec.version}"


def register_titles() -> None:
    """Registers what the registry finds; titles given by path are made with `GameEnv(path)`."""
    try:
        import gymnasium
    except ModuleNotFoundError:
        raise missing_extra("gymnasium", "envs") from None
    for name in registry.names():
        identifier = env_id(registry.load(name))
        if identifier not in gymnasium.registry:
            gymnasium.register(
                identifier,
                entry_point="npckit.envs.gym_env:GameEnv",
                vector_entry_point="npckit.envs.vector_env:GameVectorEnv",
                kwargs={"game": name},
            )
