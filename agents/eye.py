"""What a single character sees of its newest frame, checked, and the stack of the last ones."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UserError
from .card import Part
from .policy_file import as_array, as_rows


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
    # A NaN or an infinity makes the sum of squares one, quickly; a sum that merely overflowed is looked at again.
    if part.dtype == "float32" and not math.isfinite(np.vdot(image, image)) and not np.isfinite(image).all():
        raise UserError(f"{part.name} holds NaN or infinity; check what the game observes")
    return image


def stacked_error(part: Part) -> UserError:
    return UserError(f"give the newest frame alone, {part.name} {part.frame_shape}; Npc stacks the last ones itself")
