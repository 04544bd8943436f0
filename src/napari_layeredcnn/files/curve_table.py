"""Curves and what belongs to them, as they are kept in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.place import Place, numbers, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Around:
    """What closed curves go around; their numbers are distances from it then.

    Parameters
    ----------
    center : (float, float)
        Row and column in pixels; centers of pixels lie at whole numbers.
    start_angle : float
        Where ray 0 points, in degrees, clockwise on the screen from the right; the rays of a
        table stand at equal angles.
    """

    center: tuple[float, float]
    start_angle: float = 0.0

    def angles(self, n: int) -> NDArray[np.float64]:
        """Return the angles of n rays in degrees."""
        return self.start_angle + 360 * np.arange(n, dtype=np.float64) / n

    def vertices(self, radii: NDArray[Any]) -> NDArray[np.float64]:
        """Return a closed path, (n + 1, 2) in napari coordinates, through a radius on each ray."""
        angles = np.deg2rad(self.angles(len(radii)))
        row, column = self.center
        path = np.stack([row + radii * np.sin(angles), column + radii * np.cos(angles)], axis=-1)
        return np.concatenate([path, path[:1]])


@dataclass(frozen=True)
class CurveTable:
    """Curves as they are kept in a ``.csv`` or ``.npz`` file.

    Parameters
    ----------
    curves : ndarray of float32, shape (K, W), or (S, K, W) for S slices
        The curves in edge coordinates, in pixels; of closed curves (`around`) the radii.
    uncertainty : ndarray of float32, the same shape, or None
        Their uncertainty in pixels.
    region_ids : tuple of int
        The K + 1 ids of the regions, top to bottom (left to right if transposed, from the
        center outwards if closed).
    transposed : bool
        If True the curves run down the image: index ``w`` is a row and the values are
        columns.
    slices : tuple of int, length S, or None
        Which slices of a stack the curves are in; None for those of one image.
    place : Place or None
        Scale, units and transforms of the image (two axes) or the stack (three axes).
    notes : dict
        Names, colors, settings: whatever JSON can hold.
    around : Around or None
        For closed curves of one image: the center, and where the W rays point.
    """

    curves: NDArray[np.float32]
    uncertainty: NDArray[np.float32] | None
    region_ids: tuple[int, ...]
    transposed: bool = False
    slices: tuple[int, ...] | None = None
    place: Place | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    around: Around | None = None

    @property
    def n_curves(self) -> int:
        """K."""
        return int(self.curves.shape[-2])

    def world(self) -> NDArray[np.float64]:
        """Return the curves in world units, which `unit` names; NaN where there is none."""
        place, axis = self.place or Place(), -1 if self.transposed else -2
        return place.world(self.curves.astype(np.float64) - 0.5, axis)

    def unit(self) -> str:
        """Return the unit of `world`."""
        return (self.place or Place()).unit(-1 if self.transposed else -2)

    def document(self) -> dict[str, Any]:
        """Return place and notes for JSON; empty if there are none."""
        document = {
            "place": None if self.place is None else self.place.document(),
            "notes": plain(self.notes),
            "around": None if self.around is None else asdict(self.around),
        }
        return {name: value for name, value in document.items() if value}

    def place_from(self, document: Any) -> Place | None:
        """Read the place that `document` wrote for curves of this many axes."""
        if "place" not in document:
            return None
        return Place.from_document(document["place"], 2 if self.slices is None else 3)


def checked_table(table: CurveTable, document: Any) -> CurveTable:
    """Add place and notes to a table that was read, and check that all its parts fit.

    Raises
    ------
    ValueError
        If they do not.
    """
    expected = 2 if table.slices is None else 3
    if table.curves.ndim != expected:
        raise ValueError(f"its curves have {table.curves.ndim} axes instead of {expected}")
    if table.slices is not None and len(table.slices) != len(table.curves):
        raise ValueError(
            f"it has {len(table.curves)} slices and {len(table.slices)} numbers of them"
        )
    if table.uncertainty is not None and table.uncertainty.shape != table.curves.shape:
        raise ValueError("its uncertainty does not fit its curves")
    if len(table.region_ids) != table.n_curves + 1:
        raise ValueError(f"it has {table.n_curves} curves and {len(table.region_ids)} regions")
    notes = document.get("notes", {}) if isinstance(document, Mapping) else None
    if not isinstance(notes, Mapping):
        raise ValueError("its notes are no table")
    if table.around is not None and (table.slices is not None or table.transposed):
        raise ValueError("closed curves are those of one image")
    if table.around is not None and np.isnan(table.curves).any():
        raise ValueError("its closed curves are not known on every ray")
    return CurveTable(
        table.curves,
        table.uncertainty,
        table.region_ids,
        table.transposed,
        table.slices,
        table.place_from(document),
        notes,
        table.around,
    )


def around_from(document: Any) -> Around:
    """Read what the document of a table of closed curves says of them."""
    found = document["around"]
    row, column = numbers(found["center"], 2, "the center")
    (start_angle,) = numbers([found["start_angle"]], 1, "the start angle")
    return Around((row, column), start_angle)
