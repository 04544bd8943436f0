"""The slices of a stack, one or a strip at a time, scaled alike; whatever array the stack is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_layeredcnn.core.runs import CompletionError
from napari_layeredcnn.core.scaling import ImageError, intensity_range, scale_intensities

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pixels that the intensity range of a stack is measured on, at most.
LOOKED_AT = 2**24

_LUMINANCE = np.array([0.2125, 0.7154, 0.0721], dtype=np.float32)


class StackArray(Protocol):
    """What is asked of a stack: a shape, a dtype, and slicing to what NumPy takes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(S, H, W) or (S, H, W, 3 or 4)."""

    @property
    def dtype(self) -> Any:
        """Of integers, real numbers or booleans."""

    def __getitem__(self, key: Any, /) -> Any:
        """Part of the stack."""


class Slices:
    """A stack's slices in gray, scaled to [-1, 1] by one range for all.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array
        NumPy, or anything that is sliced like it; read piece by piece.
    transposed : bool
        Whether rows and columns change places.

    Attributes
    ----------
    count, height, width : int
        Slices, rows and columns, after transposition.
    range : tuple of float
        Robust lowest and highest intensity of the whole stack; of evenly spaced pixels where
        these are more than 16 million.

    Raises
    ------
    CompletionError, ImageError
        If the array is no stack, empty or constant, or holds NaN or infinity.

    Examples
    --------
    >>> slices = Slices(np.arange(24).reshape(2, 3, 4), transposed=True)
    >>> slices.count, slices.height, slices.width, slices[0].shape
    (2, 4, 3, (4, 3))
    """

    def __init__(self, stack: StackArray, *, transposed: bool = False) -> None:
        shape = tuple(stack.shape)
        if len(shape) != 3 and not (len(shape) == 4 and shape[3] in (3, 4)):
            raise CompletionError(
                f"a stack has the shape (slices, rows, columns), or that and 3 or 4 colors, but "
                f"this one has {shape}; choose the axis of the slices and one channel"
            )
        if stack.dtype.kind not in "iufb":
            raise ImageError(
                f"the stack must hold integers or real numbers, but its dtype is {stack.dtype}; "
                "convert it first"
            )
        if 0 in shape:
            raise ImageError(f"the stack is empty, its shape is {shape}; choose another one")
        self._stack = stack
        self._transposed = transposed
        self.count = shape[0]
        self.height, self.width = shape[2:0:-1] if transposed else shape[1:3]
        self.range = self._range()

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """One slice, (H, W)."""
        image: NDArray[np.float32] = self._scaled(np.asarray(self._stack[index])[None], index)[0]
        return image

    def strip(self, start: int, stop: int) -> NDArray[np.float32]:
        """Columns ``start`` to ``stop - 1`` of every slice, (S, H, stop - start)."""
        part = slice(start, stop)
        key = (slice(None), part) if self._transposed else (slice(None), slice(None), part)
        return self._scaled(np.asarray(self._stack[key]), 0)

    def _scaled(self, part: NDArray[Any], first: int) -> NDArray[np.float32]:
        gray = _gray(part)
        bad = ~np.isfinite(gray)
        if bad.any():
            index = first + int(np.argwhere(bad)[0, 0])
            raise ImageError(f"slice {index} holds NaN or infinite pixels; replace them first")
        if self._transposed:
            gray = gray.swapaxes(1, 2)
        return scale_intensities(gray, self.range)

    def _range(self) -> tuple[float, float]:
        size = self.count * self.height * self.width
        step = max(1, int(np.ceil((size / LOOKED_AT) ** (1 / 3))))
        looked_at = [
            _gray(np.asarray(self._stack[i])[None, ::step, ::step])
            for i in range(0, self.count, step)
        ]
        values = np.concatenate([part[np.isfinite(part)] for part in looked_at])
        if not values.size:
            raise ImageError("the stack holds NaN or infinite pixels only; choose another one")
        low, high = intensity_range(values)
        if low == high:
            raise ImageError(
                f"the stack is constant, all pixels are {low:g}; there is nothing to follow"
            )
        return low, high


def _gray(part: NDArray[Any]) -> NDArray[Any]:
    """(S, H, W), and the luminance of colors."""
    if part.ndim == 4:
        gray: NDArray[Any] = part[..., :3] @ _LUMINANCE
        return gray
    return part.astype(np.uint8) if part.dtype == bool else part
