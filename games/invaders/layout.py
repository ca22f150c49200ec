"""Where things are in Invaders, how large and how fast: 1/256 of a field cell, and ticks."""

from ..contract import CELL

WIDTH, HEIGHT = 64 * CELL, 64 * CELL
ROWS, COLUMNS = 5, 8
INVADER_W, INVADER_H = 4 * CELL, 8 * CELL // 3
PITCH_X, PITCH_Y = 6 * CELL, 4 * CELL  # from one invader to the next
WORTH = 3, 2, 2, 1, 1  # of an invader, by row
FORMATION_X, FORMATION_Y = 4 * CELL, 8 * CELL
MARGIN, STRIDE, DESCENT = CELL, CELL, 2 * CELL
CANNON_W, CANNON_H, CANNON_Y, CANNON_SPEED = 4 * CELL, 7 * CELL // 3, 60 * CELL, 112
SHIELDS, SHIELD_Y, SHIELD_ROWS, SHIELD_COLUMNS = 4, 52 * CELL, 4, 6  # of one cell each
SHIELD_PITCH, SHIELD_X = 16 * CELL, 5 * CELL
SHOT_H, SHOT_SPEED = 2 * CELL, 320
BOMBS, BOMB_W, BOMB_H = 8, 3 * CELL // 4, 2 * CELL
SAUCER_W, SAUCER_H, SAUCER_Y, SAUCER_SPEED, SAUCER_WORTH = 6 * CELL, 21 * CELL // 8, 4 * CELL, 72, 10
NONE = -1
SHOT, HIT, CRUMBLE, LOST, STEP, SAUCER, BONUS, CLEARED, LANDED = (1 << bit for bit in range(9))  # events
