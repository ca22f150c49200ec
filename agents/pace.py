"""How long decisions take, so that none begins that would not be over within the frame."""

import sys
from bisect import bisect_left, insort
from collections import deque

WINDOW = 64  # decisions
SHARE = 0.95


class Pace:
    """The running 95th percentile of the last decisions, in seconds; 0 before the first."""

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, seconds: float) -> None:
        if len(self._last) == WINDOW:
            self.fade()
        self._last.append(seconds)
        insort(self._sorted, seconds)

    def fits(self, budget: float) -> int:
        """How many decisions fit into so many seconds; before the first of them as many as you like."""
        return int(budget / self.p95) if self.p95 else sys.maxsize

    def fade(self) -> None:
        """Forgets the oldest: what was slow once is tried again after a while."""
        if self._last:
            del self._sorted[bisect_left(self._sorted, self._last.popleft())]

    @property
    def p95(self) -> float:
        """
        >>> pace = Pace()
        >>> for k in range(100):
        ...     pace.add(k / 100)
        >>> pace.p95
        0.96
        """
        return self._sorted[int(SHARE * len(self._sorted))] if self._sorted else 0.0
