"""Volley's court, how large and how fast things are in it: 1/256 of a field cell, and ticks."""

from ..contract import CELL
from ..geometry import isqrt

WIDTH, HEIGHT = 64 * CELL, 48 * CELL
GROUND = HEIGHT - 4 * CELL
SLIME_R, BALL_R = 9 * CELL // 2, 7 * CELL // 4
REACH = SLIME_R + BALL_R  # distance of the centres of a slime and a ball that touch
NET_X, NET_TOP, NET_HALF = WIDTH // 2, GROUND - 9 * CELL, CELL // 2
NET_REACH = NET_HALF + BALL_R
NET_SLIP = 40  # least speed along x off the top of the net, where no ball shall balance
SLIME_SPEED, JUMP_SPEED, SLIME_GRAVITY = 120, 396, 24
HEAVIER, LIGHTEST, HEAVIEST = 1, 11, 40  # the ball's gravity, a tick; it grows with each touch
HIGHEST, LOWEST = 26 * CELL, 10 * CELL  # how high the fastest ball would fly, and the slowest off a slime
TOP_SPEED = isqrt(2 * HEAVIEST * HEIGHT)  # more than any fall adds up to
MOST_TOUCHES = 8  # of one side in a row
GOAL = 5
TOUCH, BOUNCE, LEAP, POINT = 1, 2, 4, 8
