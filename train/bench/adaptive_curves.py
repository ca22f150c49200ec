"""What simulated people are worth: curves, fitted to real matches, that tell everybody's true chance to win."""

from __future__ import annotations

import numpy as np

from .adaptive_people import KINDS, Arena, Floats, Who


class Curves:
    """True chances: for each kind log-odds that are a polynomial of severity and rating, fitted to real matches."""

    def __init__(self, arena: Arena, matches: int, *, severities: int = 7, ratings: int = 9) -> None:
        self._ends = arena.ladder.points[0], arena.ladder.points[-1]
        bots = ["random", *arena.game.bots]
        grid = [(kind, float(severity)) for kind in KINDS for severity in np.linspace(0.0, 1.0, severities)]
        whos, opponents = [*grid, *((bot, 0.0) for bot in bots)], np.linspace(*self._ends, ratings)
        rows = [(who, float(opponent)) for who in whos for opponent in opponents for _ in range(matches // 2)]
        people, against = [who for who, _ in rows], [opponent for _, opponent in rows]
        won = sum(arena.play(people, against)[0] for _ in (0, 1))  # each side once
        self.matches, self._fits = 2 * len(rows), dict[str, Floats]()
        for kind in (*KINDS, *bots):
            own = np.array([at for at, who in enumerate(people) if who[0] == kind])
            inputs = self._inputs(np.array([people[at][1] for at in own]), np.array(against)[own])
            self._fits[kind] = logistic_fit(inputs, np.asarray(won)[own] / 2.0, 2.0)

    def chance(self, who: Who, opponent: float) -> float:
        """How likely somebody wins, a draw as half a win."""
        inputs = self._inputs(np.array([who[1]]), np.array([opponent]))
        return float(1.0 / (1.0 + np.exp(-inputs @ self._fits[who[0]]))[0])

    def _inputs(self, severities: Floats, opponents: Floats) -> Floats:
        low, high = self._ends
        by_severity = np.stack([severities**power for power in range(4)], axis=1)
        place = 2.0 * (opponents - low) / (high - low) - 1.0
        by_rating = np.stack([place**power for power in range(3)], axis=1)
        return np.asarray((by_severity[:, :, None] * by_rating[:, None, :]).reshape(len(severities), -1))


def logistic_fit(inputs: Floats, shares: Floats, weight: float, ridge: float = 0.01) -> Floats:
    """Weights (inputs,) of a logistic regression on shares of wins, of so many matches each; Newton's method."""
    found = np.zeros(inputs.shape[1])
    for _ in range(30):
        chances = 1.0 / (1.0 + np.exp(-np.clip(inputs @ found, -30.0, 30.0)))
        slope = weight * inputs.T @ (shares - chances) - ridge * found
        curvature = weight * (inputs * (chances * (1.0 - chances))[:, None]).T @ inputs + ridge * np.eye(len(found))
        step = np.linalg.solve(curvature, slope)
        found += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-9))
    return found
