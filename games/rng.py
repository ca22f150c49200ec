"""Random numbers that live in a record's `rng` field (uint64), so that a state is all there is to copy or to save.

SplitMix64 (Steele, Lea, Flood 2014): a Weyl counter and a finaliser; the same numbers interpreted and compiled.
"""

import numpy as np

from .contract import rule

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S33 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(33)


@rule
def mix(z):
    """A uint64 scrambled into another, one to one."""
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@rule
def seed_rng(state, seed):
    """Starts the generator in `state.rng` from any uint64."""
    state.rng = mix(np.uint64(seed) + _GAMMA)


@rule
def randint(state, n):
    """An integer from 0 to n - 1, for n below 2**31."""
    state.rng = state.rng + _GAMMA
    return np.int64(mix(state.rng) >> _S33) % n
