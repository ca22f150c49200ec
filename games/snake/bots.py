"""Snake's scripted players. Each sees the features alone, its own board upright, and decides before every move.

easy    walks straight towards the food around what lies directly ahead, and stumbles into any direction now and then
normal  does not stumble, and of two ways takes the clearer one
hard    takes the shortest way to the food if it could live on afterwards, else bides its time on the long way to its tail
"""

from ..contract import i4, record, rule, u8
from ..rng import randint
from .rules import CELLS
from .search import choose_move

MEMORY = record(rng=u8, head=i4, wait=(i4, (2, CELLS)), moves=(i4, CELLS), before=(i4, CELLS), queue=(i4, CELLS))
FOOD_DX, FOOD_DY, CLEAR = 2, 3, 8


@rule
def easy(features, mask, memory):
    action = randint(memory, 4)
    return action if randint(memory, 5) == 0 and mask[action] == 1 else towards_food(features, mask, 0.0)


@rule
def normal(features, mask, memory):
    return towards_food(features, mask, 0.5)


@rule
def hard(features, mask, memory):
    return choose_move(features, mask, memory)


@rule
def towards_food(features, mask, caution):
    """The clear direction that leads nearer to the food; `caution` is what clear cells weigh against that."""
    best, best_worth = 0, -1000.0
    for action in range(4):
        along = features[FOOD_DY] if action < 2 else features[FOOD_DX]
        nearer = along if action % 2 == 1 else -along
        worth = (1.0 if nearer > 0 else 0.0) + caution * features[CLEAR + action]
        if features[CLEAR + action] == 0:
            worth -= 10
        if mask[action] == 1 and worth > best_worth:
            best, best_worth = action, worth
    return best
