"""What is measured: curves with the size of a pixel, the names of regions and all that is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

PIXELS, WORLD = "pixels", "world units"


class PixelSize(NamedTuple):
    """How large a pixel is: across the curves, along them, and from slice to slice.

    `between` is None where it is not known.
    """

    across: float
    along: float
    between: float | None


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Curves of an image or a stack, and what is known of them.

    Parameters
    ----------
    curves : (K, W) or (S, K, W) array_like of float
        Ordered curves in edge coordinates; NaN where there is none.
    height : int, optional
        Number of rows (columns, if transposed) of the image. Without it nothing is known of the
        lowest region.
    region_ids : sequence of int, optional
        Ids of the K+1 regions, top to bottom. Default: 1 to K+1.
    names : sequence of str, optional
        What they are called. Default: ``"Region 1"`` and so on, by their ids; 0 is the background.
    uncertainty : array_like of float, the shape of the curves, optional
        In pixels; NaN where it is not known.
    slices : sequence of int, optional
        Numbers of the S slices, rising. Default: 0 to S - 1.
    transposed : bool
        Whether the curves run down the image: index ``w`` is a row then, and heights are columns.
    scale : (y, x) or (z, y, x) of float, optional
        Size of a pixel along slices, rows and columns of the image. Default: pixels.
    unit : str, optional
        What the scale is in, such as ``"micrometer"``. Where there is a scale other than 1 and its
        unit is not known, or called pixel, results are in "world units", and without a scale they
        are in pixels.

    Raises
    ------
    ValueError
        If the shapes do not fit together, curves cross, or the scale is none.

    Examples
    --------
    >>> one = Segmentation([[2, 3], [4, 6]], height=8, scale=(0.5, 0.1), unit="mm")
    >>> one.names, one.size, one.unit_name
    (('Region 1', 'Region 2', 'Region 3'), PixelSize(across=0.5, along=0.1, between=None), 'mm')
    """

    curves: ArrayLike
    height: int | None = None
    region_ids: Sequence[int] = ()
    names: Sequence[str] = ()
    uncertainty: ArrayLike | None = None
    slices: Sequence[int] | None = None
    transposed: bool = False
    scale: Sequence[float] | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        """Check all, and put defaults and arrays in the place of what was given."""
        curves = np.asarray(self.curves, np.float64)
        if curves.ndim not in (2, 3) or 0 in curves.shape:
            raise ValueError(
                "curves have the shape (K, W), or (S, K, W) for a stack, but these have "
                f"{curves.shape}"
            )
        n_regions = curves.shape[-2] + 1
        ids = tuple(int(i) for i in self.region_ids) or tuple(range(1, n_regions + 1))
        names = tuple(self.names) or tuple(f"Region {i}" if i else "background" for i in ids)
        for what, values in (("ids", ids), ("names", names)):
            if len(values) != n_regions:
                raise ValueError(
                    f"{n_regions - 1} curves part {n_regions} regions, but there are "
                    f"{len(values)} {what}"
                )
        _check_order(curves)
        uncertainty = None
        if self.uncertainty is not None:
            uncertainty = np.asarray(self.uncertainty, np.float64)
            if uncertainty.shape != curves.shape:
                raise ValueError(
                    f"the uncertainty's shape {uncertainty.shape} is not the curves' {curves.shape}"
                )
        for name, value in (
            ("curves", curves),
            ("uncertainty", uncertainty),
            ("region_ids", ids),
            ("names", names),
            ("slices", _slices(self.slices, curves)),
            ("scale", _scale(self.scale)),
        ):
            object.__setattr__(self, name, value)

    @property
    def is_stack(self) -> bool:
        """Whether there are slices."""
        return np.ndim(self.curves) == 3

    @cached_property
    def stack(self) -> NDArray[np.float64]:
        """Curves as those of a stack, (S, K, W); S is 1 for an image."""
        curves = np.asarray(self.curves)
        return curves if self.is_stack else curves[None]

    @cached_property
    def doubt(self) -> NDArray[np.float64] | None:
        """Uncertainty as that of a stack, (S, K, W)."""
        if self.uncertainty is None:
            return None
        uncertainty = np.asarray(self.uncertainty)
        return uncertainty if self.is_stack else uncertainty[None]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Numbers of the slices, (S,)."""
        return np.array(range(len(self.stack)) if self.slices is None else self.slices, np.int64)

    @property
    def size(self) -> PixelSize:
        """Size of a pixel, 1 where there is no scale."""
        scale = (1.0, 1.0, 1.0) if self.scale is None else tuple(self.scale)
        row, column = scale[-2:]
        between = scale[0] if len(scale) == 3 else None
        across, along = (column, row) if self.transposed else (row, column)
        return PixelSize(across, along, between)

    @property
    def unit_name(self) -> str:
        """What lengths are in."""
        if self.scale is None:
            return PIXELS
        if self.unit is not None and self.unit.lower() not in ("", "pixel", PIXELS, "px"):
            return self.unit
        return PIXELS if all(size == 1 for size in self.scale) else WORLD

    @property
    def curve_names(self) -> tuple[str, ...]:
        """Each curve by the regions above and below it."""
        names = tuple(self.names)
        return tuple(f"{a} / {b}" for a, b in pairwise(names))


def _check_order(curves: NDArray[np.float64]) -> None:
    # A curve that is not known says nothing of its neighbors.
    lowest = np.fmax.accumulate(curves, axis=-2)
    wrong = np.argwhere(curves < lowest)
    if len(wrong):
        *which, k, x = wrong[0].tolist()
        where = f" of slice {which[0]}" if which else ""
        raise ValueError(
            f"curve {k} lies above its predecessor in column {x}{where}; give ordered curves"
        )


def _slices(slices: Sequence[int] | None, curves: NDArray[Any]) -> tuple[int, ...] | None:
    if slices is None:
        return None
    numbers = tuple(int(i) for i in slices)
    if curves.ndim != 3 or len(numbers) != len(curves) or list(numbers) != sorted(set(numbers)):
        raise ValueError(
            f"a stack of {len(curves) if curves.ndim == 3 else 1} slices has as many numbers of "
            f"slices, rising, but these are {list(numbers)}"
        )
    return numbers


def _scale(scale: Sequence[float] | None) -> tuple[float, ...] | None:
    if scale is None:
        return None
    sizes = tuple(float(size) for size in scale)
    if len(sizes) not in (2, 3) or not all(np.isfinite(size) and size > 0 for size in sizes):
        raise ValueError(
            "a scale is the size of a pixel along rows and columns, or slices, rows and columns, "
            f"all positive, but this is {sizes}"
        )
    return sizes
