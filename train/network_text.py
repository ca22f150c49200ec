"""A network in words: its weights by what they do, in one line, and its modules as a tree."""

from __future__ import annotations

from collections.abc import Iterator

from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

GROUPS = {  # what weights do, by the names of the modules around them; the first that fits counts
    "copies": {"q_net_target", "target"},
    "memory": {"memory", "critic_memory", "lstm_actor", "lstm_critic"},
    "eyes": {"eyes", "features_extractor", "pi_features_extractor", "vf_features_extractor"},
    "critic": {"value_net", "critic"},
    "actor": {"action_net", "policy_net", "actor"},
    "Q-values": {"q_net"},
}
ORDER = ("eyes", "memory", "actor", "critic", "Q-values", "other")  # as an observation passes through them


def describe(model: BaseAlgorithm) -> tuple[str, str]:
    """One line with the number of weights that learn and what they do; and this line with the tree of modules.

    The target of a Q-network is a copy that does not learn: it stands in the tree, and is not counted in the line.
    """
    counts: dict[str, int] = {}
    for name, weights in model.policy.named_parameters():
        group = group_of(name)
        counts[group] = counts.get(group, 0) + weights.numel()
    total = sum(counts.get(group, 0) for group in ORDER)
    parts = [f"{group} {counts[group]:,}" for group in ORDER if group in counts]
    line = f"network: {total:,} weights ({', '.join(parts)})"
    return line, "\n".join([line, "", *_tree(model.policy, "policy", set())])


def group_of(name: str) -> str:
    """What a weight does, by its dotted name.

    >>> group_of("features_extractor.eyes.obs.weight"), group_of("mlp_extractor.value_net.0.bias"), group_of("log_std")
    ('eyes', 'critic', 'other')
    """
    places = set(name.split("."))
    return next((group for group, names in GROUPS.items() if places & names), "other")


def _tree(module: nn.Module, name: str, seen: set[nn.Module], depth: int = 0) -> Iterator[str]:
    """A line for each module with the weights in it. Policies hold some modules under several names: they are told once."""
    children = list(module.named_children())
    count = sum(weights.numel() for weights in module.parameters())
    what = type(module).__name__ if children else repr(module)
    again = module in seen
    seen.add(module)
    yield f"{'  ' * depth}{name}: {what}{'  (as above)' if again else f'  {count:,}' if count else ''}"
    for child_name, child in [] if again else children:
        yield from _tree(child, child_name, seen, depth + 1)
