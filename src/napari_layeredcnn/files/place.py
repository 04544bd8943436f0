"""Where an array lies in the world, as plain numbers and words that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Place:
    """Scale, units and transforms of an array with N axes; what is left empty is not said.

    Parameters
    ----------
    scale : tuple of float, length N
        The size of a pixel along each axis, in `units`.
    translate : tuple of float, length N
        Where the center of the first pixel lies, in `units`.
    units : tuple of str, length N
        Names of the units, as ``"micrometer"`` or ``"pixel"``.
    axis_labels : tuple of str, length N
        Names of the axes.
    rotate : tuple of tuples of float, shape (N, N)
        Rotation, applied after the scale.
    shear : tuple of float
        The upper triangle of the shear, applied before the rotation.
    affine : tuple of tuples of float, shape (N + 1, N + 1)
        A further transform, applied last.

    Examples
    --------
    >>> place = Place(scale=(3.9, 11.0), units=("micrometer", "micrometer"))
    >>> Place.from_document(place.document(), 2) == place
    True
    """

    scale: tuple[float, ...] = ()
    translate: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    axis_labels: tuple[str, ...] = ()
    rotate: Matrix = ()
    shear: tuple[float, ...] = ()
    affine: Matrix = ()

    def document(self) -> dict[str, Any]:
        """Return what is said, for JSON."""
        return {name: plain(value) for name, value in self.said().items()}

    def said(self) -> dict[str, Any]:
        """Return the fields that are not empty."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value != ()}

    @classmethod
    def from_document(cls, document: Any, ndim: int) -> Place:
        """Read what `document` made.

        Parameters
        ----------
        document : dict
            As read from JSON.
        ndim : int
            The number of axes, N.

        Returns
        -------
        Place
            The same as was written.

        Raises
        ------
        ValueError
            If something in it does not fit N axes.
        """
        if not isinstance(document, Mapping):
            raise ValueError(f"the place is {type(document).__name__}")
        lengths = {"shear": ndim * (ndim - 1) // 2, "affine": ndim + 1}
        found: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            value = document.get(name, [])
            if value == []:
                continue
            if not isinstance(value, list) or len(value) != lengths.get(name, ndim):
                raise ValueError(f"{name} does not fit {ndim} axes")
            if name in ("units", "axis_labels"):
                if not all(isinstance(word, str) for word in value):
                    raise ValueError(f"{name} are not words")
                found[name] = tuple(value)
            elif name in ("rotate", "affine"):
                found[name] = tuple(numbers(row, len(value), name) for row in value)
            else:
                found[name] = numbers(value, len(value), name)
        if any(size == 0 for size in found.get("scale", ())):
            raise ValueError("the scale is 0")
        return cls(**found)

    def world(self, positions: Any, axis: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Turn positions along one axis (pixel centers at integers) into world units.

        Rotation, shear and affine mix the axes and are left out.
        """
        scale = self.scale[axis] if self.scale else 1.0
        start = self.translate[axis] if self.translate else 0.0
        return np.asarray(positions, np.float64) * scale + start

    def unit(self, axis: int) -> str:
        """Return the name of the unit along one axis."""
        return self.units[axis] if self.units else "pixel"


def numbers(values: Any, length: int, what: str) -> tuple[float, ...]:
    """Return `length` finite numbers, or raise ValueError."""
    if not isinstance(values, Sequence) or len(values) != length:
        raise ValueError(f"{what} does not have {length} numbers")
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise ValueError(f"{what} is not made of numbers")
    return tuple(float(value) for value in values)


def plain(value: Any) -> Any:
    """Return what JSON can hold: NumPy becomes plain, tuples lists, NaN null, the rest text."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
