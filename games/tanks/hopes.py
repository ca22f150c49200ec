"""How near two tanks are to a fight: for training, because who never looks for the other is seldom hit either."""

import numpy as np

from .rules import SPEC
from .senses import OTHER

X, Y, AIM = 0, 1, 22  # among the features
NEAR, LOOKS, AIMS = 0.5, 0.2, 0.3  # what it is worth to be where the other is, to see it, and to point at it
SHAPE = SPEC.field[1] / SPEC.field[0]


def hopes(features):
    """Features (rows, n), the other tank's behind the own ones -> (rows,) from 0, at the other end of the field, to 1."""
    own, other = np.split(features, 2, 1)  # the other sees the field turned half round
    far = np.hypot(own[:, X] + other[:, X], (own[:, Y] + other[:, Y]) * SHAPE) / 2
    looks = np.where(own[:, OTHER] > 0, LOOKS + AIMS * (1 - np.abs(own[:, AIM])), 0)
    return NEAR * np.maximum(1 - far, 0) + looks
