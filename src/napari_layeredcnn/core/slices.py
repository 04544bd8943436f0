"""The slices of a stack, one or a strip at a time, scaled alike; whatever array the stack is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.scaling import ImageError, intensity_range, scale_intensities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

#: Pixels that the intensity range of a stack is measured on, at most.
LOOKED_AT = 2**24
#: Bytes that are read at once, if slices are not larger: chunks may hold several slices.
READ_AT_ONCE = 2**26

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


@dataclass(frozen=True)
class Scaling:
    """How pixels of a stack become what the network sees.

    Parameters
    ----------
    range : tuple of float
        Intensities that become -1 and 1.
    transposed : bool
        Whether rows and columns change places.
    """

    range: tuple[float, float]
    transposed: bool

    def __call__(self, pixels: NDArray[Any], index: int) -> NDArray[np.float32]:
        """Scale a slice, (H, W) or (H, W, 3 or 4), or part of it; its index is for the error."""
        gray = _gray(pixels, colors=pixels.ndim == 3)
        if not np.isfinite(gray).all():
            raise ImageError(f"slice {index} holds NaN or infinite pixels; replace them first")
        return scale_intensities(gray.T if self.transposed else gray, self.range)


class Slices:
    """A stack's slices in gray, scaled to [-1, 1] by one range for all.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array, or sequence of slices
        NumPy, or anything that is sliced like it, as of dask and zarr; read piece by piece.
    transposed : bool
        Whether rows and columns change places.
    range_ : tuple of float, optional
        Lowest and highest intensity, if they are known.

    Attributes
    ----------
    stack : array
        The stack itself.
    count, height, width : int
        Slices, rows and columns, after transposition.
    scaling : Scaling
        From the robust lowest to the highest intensity of the whole stack; of evenly spaced
        pixels where these are more than 16 million.

    Raises
    ------
    CompletionError, ImageError
        If the array is no stack, empty or constant, holds NaN or infinity, or cannot be read.

    Examples
    --------
    >>> slices = Slices(np.arange(24).reshape(2, 3, 4), transposed=True)
    >>> slices.count, slices.height, slices.width, slices[0].shape
    (2, 4, 3, (4, 3))
    """

    def __init__(
        self,
        stack: StackArray | Sequence[NDArray[Any]],
        *,
        transposed: bool = False,
        range_: tuple[float, float] | None = None,
    ) -> None:
        array = _stacked(stack) if isinstance(stack, Sequence) else stack
        shape = tuple(array.shape)
        if len(shape) != 3 and not (len(shape) == 4 and shape[3] in (3, 4)):
            raise CompletionError(
                f"a stack has the shape (slices, rows, columns), or that and 3 or 4 colors, but "
                f"this one has {shape}; choose the axis of the slices and one channel"
            )
        if array.dtype.kind not in "iufb":
            raise ImageError(
                f"the stack must hold integers or real numbers, but its dtype is {array.dtype}; "
                "convert it first"
            )
        if 0 in shape:
            raise ImageError(f"the stack is empty, its shape is {shape}; choose another one")
        self.stack: StackArray = array
        self.count = shape[0]
        self.height, self.width = shape[2:0:-1] if transposed else shape[1:3]
        bytes_per_slice = int(np.prod(shape[1:])) * np.dtype(array.dtype).itemsize
        self._at_once = max(1, READ_AT_ONCE // bytes_per_slice)
        self.scaling = Scaling(self._range() if range_ is None else range_, transposed)

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """One slice, (H, W)."""
        return next(self.images([index]))

    def digest(self, index: int) -> str:
        """What tells a slice's pixels from others."""
        return sha256(self[index].tobytes()).hexdigest()

    def images(self, indices: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Some slices, (H, W) each."""
        for group in _neighbors(indices, self._at_once):
            for index, pixels in zip(group, self._read(group), strict=True):
                yield self.scaling(pixels, index)

    def strip(self, start: int, stop: int) -> Iterator[NDArray[np.float32]]:
        """Columns ``start`` to ``stop - 1`` of every slice, (H, stop - start) each."""
        part = slice(start, stop)
        key = (part,) if self.scaling.transposed else (slice(None), part)
        for group in _neighbors(range(self.count), self._at_once):
            for index, pixels in zip(group, self._read(group, *key), strict=True):
                yield self.scaling(pixels, index)

    def _read(self, indices: range, *key: slice) -> NDArray[Any]:
        """Pixels of evenly spaced slices; if they cannot be read, the first such is named."""
        try:
            part = slice(indices.start, indices.stop, indices.step)
            return np.asarray(self.stack[(part, *key)])
        except MemoryError:
            raise
        except Exception as error:  # what zarr raises depends on the compression
            if len(indices) > 1:
                for index in indices:
                    self._read(range(index, index + 1), *key)
            raise ImageError(
                f"slice {indices[0]} of the stack cannot be read ({type(error).__name__}: "
                f"{error}); mend or replace it"
            ) from error

    def _range(self) -> tuple[float, float]:
        size = self.count * self.height * self.width
        step = max(1, int(np.ceil((size / LOOKED_AT) ** (1 / 3))))
        every = slice(None, None, step)
        values = []
        for group in _evenly(range(0, self.count, step), self._at_once):
            gray = _gray(self._read(group, every, every), colors=len(self.stack.shape) == 4)
            values.append(gray[np.isfinite(gray)])
        if not sum(map(len, values)):
            raise ImageError("the stack holds NaN or infinite pixels only; choose another one")
        low, high = intensity_range(np.concatenate(values))
        if low == high:
            raise ImageError(
                f"the stack is constant, all pixels are {low:g}; there is nothing to follow"
            )
        return low, high


def _stacked(slices: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Slices given one by one as one array."""
    shapes = [np.shape(one) for one in slices]
    for index, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise CompletionError(
                f"slice {index} has the shape {shape}, but slice 0 has {shapes[0]}; bring all "
                "slices to one shape"
            )
    return np.stack(slices) if slices else np.empty((0, 0, 0))


def _neighbors(indices: Sequence[int], at_most: int) -> Iterable[range]:
    """Part indices, in their order, into neighbors that are read at once."""
    runs: list[range] = []
    for index in indices:
        if runs and runs[-1].stop == index:
            runs[-1] = range(runs[-1].start, index + 1)
        else:
            runs.append(range(index, index + 1))
    return chain.from_iterable(_evenly(run, at_most) for run in runs)


def _evenly(indices: range, at_most: int) -> list[range]:
    return [indices[i : i + at_most] for i in range(0, len(indices), at_most)]


def _gray(part: NDArray[Any], *, colors: bool) -> NDArray[Any]:
    """Luminance of colors (..., 3 or 4), or the pixels themselves."""
    if colors:
        # Not as a product of matrices, whose rounding depends on how the array lies in memory.
        gray: NDArray[Any] = sum(part[..., i] * share for i, share in enumerate(_LUMINANCE))
        return gray
    return part.astype(np.uint8) if part.dtype == bool else part
