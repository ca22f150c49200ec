"""What a single character sees of its newest frame, checked, and the stack of the last ones."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError, plain
from .card import Card, Part
from .policy_file import as_array, as_rows

Frame = ArrayLike | dict[str, ArrayLike]  # one unstacked observation; a dict for kind "both"


class Eye:
    """One part of what a single character sees: the last frames, in the buffer that onnxruntime reads."""

    def __init__(self, part: Part, stack: int, buffer: NDArray[Any]) -> None:
        self.part, self._stack, self._dtype = part, stack, np.dtype(part.dtype)
        self._frames = buffer.reshape(stack, *part.frame_shape)  # a view, oldest first

    def look(self, frame: ArrayLike) -> NDArray[Any]:
        """Check one unstacked frame and give it in the graph's dtype."""
        part = self.part
        image = frame if isinstance(frame, np.ndarray) else as_array(part.name, frame, part.dtype, part.frame_shape)
        if image.shape != part.frame_shape:
            if image.shape == part.stacked_shape(self._stack):
                raise stacked_error(part)
            raise UserError(f"{part.name} must be {part.dtype} {part.frame_shape}; got {image.dtype} {image.shape}")
        if image.dtype is not self._dtype:
            image = as_rows(part.name, image[None], part.dtype, part.frame_shape)[0]
        return check_finite(part, image)

    def push(self, image: NDArray[Any], fresh: bool) -> None:
        """Take in the newest frame; the first of an episode fills the stack."""
        if fresh or self._stack == 1:
            self._frames[:] = image
        else:
            self._frames[:-1] = self._frames[1:]
            self._frames[-1] = image


def check_finite(part: Part, image: NDArray[Any]) -> NDArray[Any]:
    """A NaN or an infinity makes the sum of squares one, quickly; a sum that merely overflowed is looked at again."""
    if part.dtype == "float32":
        flat = image if image.ndim == 1 else image.ravel()
        if not math.isfinite(flat.dot(flat)) and not np.isfinite(flat).all():
            raise UserError(f"{part.name} holds NaN or infinity; check what the game observes")
    return image


def stacked_error(part: Part) -> UserError:
    return UserError(f"give the newest frame alone, {part.name} {part.frame_shape}; Npc stacks the last ones itself")


def by_part(card: Card, frame: Any) -> dict[str, Any]:
    """A frame by the names of its parts. Raises UserError where they are others."""
    names = [part.name for part in card.observation.parts]
    frames = frame if isinstance(frame, dict) else {names[0]: frame}
    if list(frames) != names and set(frames) != set(names):
        got = ", ".join(map(str, frames)) if isinstance(frame, dict) else "one array"
        raise UserError(f"this policy sees {' and '.join(names)}; got {plain(got) or 'nothing'}")
    return frames


def checked_frames(card: Card, frames: Any) -> dict[str, NDArray[Any]]:
    """Unstacked frames (n, *frame shape) by part, in the graph's dtypes. Raises UserError where they are something else."""
    given = by_part(card, frames)
    return {part.name: check_finite(part, _rows(card, part, given[part.name])) for part in card.observation.parts}


def _rows(card: Card, part: Part, frames: ArrayLike) -> NDArray[Any]:
    array = as_array(part.name, frames, part.dtype, ("n", *part.frame_shape))
    if array.shape[1:] == part.stacked_shape(card.observation.stack) != part.frame_shape:
        raise stacked_error(part)
    return as_rows(part.name, array, part.dtype, part.frame_shape)
