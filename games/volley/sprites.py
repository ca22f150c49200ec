"""Volley's bitmaps: the left and the right half of a dome."""

SIDE = 16


def _row(y: int) -> str:
    """A row of the left half: the pixels whose middle lies in the disc."""
    up = 2 * (SIDE - y) - 1
    return "".join("#" if (2 * (SIDE - x) - 1) ** 2 + up**2 < (2 * SIDE) ** 2 else "." for x in range(SIDE))


LEFT_HALF = tuple(_row(y) for y in range(SIDE))
DOME = LEFT_HALF, tuple(row[::-1] for row in LEFT_HALF)
