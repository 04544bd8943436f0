"""A tour of the places where a result is most doubtful, by a key or by a button.

A place is a peak of the uncertainty along a curve, and stands for the whole stretch around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakMethod

import numpy as np
from scipy.ndimage import maximum_filter1d

from napari_layeredcnn.plugin.curve_points import curve_points, typical_thickness
from napari_layeredcnn.plugin.moving import go_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

NEXT_KEY, PREVIOUS_KEY = "N", "Shift-N"
#: A curve is doubtful from this uncertainty on: px, and a share of the regions' thickness. On the
#: sample stack most of a good result has half of it, and where it has more it is really wrong.
_LEAST, _LEAST_SHARE = 1.0, 1 / 12
#: Two places of a curve are at least so many columns apart, or as many as a region is thick.
_APART = 20
#: Between two peaks of one stretch the uncertainty stays above this share of the lower one.
_DIP = 0.5


@dataclass(frozen=True)
class Doubt:
    """A doubtful place.

    Parameters
    ----------
    plane : Plane
        The slice.
    row, column : float
        Where the curve is, in the slice as it is shown, in napari coordinates.
    uncertainty : float
        How unsure it is, px.
    """

    plane: Plane
    row: float
    column: float
    uncertainty: float


def doubtful_places(runs: Mapping[Plane, Kept]) -> list[Doubt]:
    """Find the peaks of the uncertainty in what runs have left.

    Parameters
    ----------
    runs : dict of Plane to Kept
        The run of each slice.

    Returns
    -------
    list of Doubt
        The most doubtful one first. At most one for each stretch of a curve; where two curves lie
        close together, one for both. None below `doubtful_from`.
    """
    places = [doubt for plane, kept in runs.items() for doubt in _in_slice(plane, kept)]
    return sorted(places, key=lambda doubt: -doubt.uncertainty)


def doubtful_from(kept: Kept) -> float:
    """Return the uncertainty from which on a place of this run is doubtful, px."""
    return max(_LEAST, _LEAST_SHARE * typical_thickness(kept))


class DoubtWalk:
    """Goes from one doubtful place to the next one and back, round and round.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._runs: dict[Plane, Kept] = {}
        self._places: list[Doubt] | None = None
        self._at: int | None = None

    @property
    def places(self) -> list[Doubt]:
        """All doubtful places, the most doubtful one first."""
        if self._places is None:
            self._places = doubtful_places(self._runs)
        return self._places

    def take(self, runs: Mapping[Plane, Kept]) -> None:
        """Walk about in these runs from now on; in other ones than before from the start."""
        same = runs.keys() == self._runs.keys()
        if same and all(runs[plane] is kept for plane, kept in self._runs.items()):
            return
        self._runs, self._places, self._at = dict(runs), None, None

    def step(self, layer: Layer, step: int) -> str:
        """Go to another place.

        Parameters
        ----------
        layer : napari.layers.Layer
            The result.
        step : int
            1 for the next, less doubtful place, -1 for the one before.

        Returns
        -------
        str
            A sentence that says where that is; it stands in the viewer's status, too.
        """
        text = self._nothing()
        if self.places:
            start = -1 if step > 0 else 0
            self._at = ((start if self._at is None else self._at) + step) % len(self.places)
            doubt = self.places[self._at]
            go_to(self._viewer, layer, doubt.plane, (doubt.row, doubt.column))
            text = describe(doubt, self._at, len(self.places))
        self._viewer.status = text
        return text

    def _nothing(self) -> str:
        if not self._runs:
            return "No doubtful place: press Segment Layers first."
        if not any(np.isfinite(kept.uncertainty).any() for kept in self._runs.values()) or all(
            np.isnan(kept.uncertainty).any() for kept in self._runs.values()
        ):
            return (
                "No doubtful place known: a run tells how sure it is when it has come to its end."
            )
        least = max(doubtful_from(kept) for kept in self._runs.values())
        return f"No doubtful place: no curve is unsure by {least:.1f} px or more."


def describe(doubt: Doubt, number: int, total: int) -> str:
    """Say in one sentence which place this is.

    Examples
    --------
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> describe(Doubt(Plane((None, None), 0, 1), 56.8, 140, 3.1), 1, 7)
    'Doubtful place 2 of 7: about 3.1 px at row 57, column 140.'
    >>> describe(Doubt(Plane((12, None, None), 1, 2), 56.8, 140, 3.1), 0, 7)
    'Doubtful place 1 of 7: about 3.1 px at slice 12, row 57, column 140.'
    """
    slices = ", ".join(str(doubt.plane.index[axis]) for axis in doubt.plane.free_axes)
    where = f"slice {slices}, " if slices else ""
    return (
        f"Doubtful place {number + 1} of {total}: about {doubt.uncertainty:.1f} px at "
        f"{where}row {doubt.row:.0f}, column {doubt.column:.0f}."
    )


def bind_doubt_keys(layer: Labels, step: Callable[[int], object]) -> None:
    """Bind the keys for the next and the previous place on a layer.

    Parameters
    ----------
    layer : napari.layers.Labels
        A layer; the keys act while it is selected.
    step : bound method
        Called with 1 or -1; its object is not kept alive.
    """
    watched: WeakMethod[Callable[[int], object]] = WeakMethod(step)
    layer.bind_key(NEXT_KEY, _stepper(watched, 1), overwrite=True)
    layer.bind_key(PREVIOUS_KEY, _stepper(watched, -1), overwrite=True)


def _stepper(
    watched: WeakMethod[Callable[[int], object]], direction: int
) -> Callable[[Layer], None]:
    """Return what a key does."""

    def go(_layer: Layer) -> None:
        step = watched()
        if step is not None:
            step(direction)

    go.__doc__ = f"Go to the {'next' if direction > 0 else 'previous'} doubtful place."
    return go


def _in_slice(plane: Plane, kept: Kept) -> list[Doubt]:
    unsure = np.nan_to_num(kept.uncertainty).astype(np.float64)
    places = curve_points(kept)
    if not unsure.size:
        return []
    if kept.grid is not None:
        # No stretch is cut where the curves are surest.
        cut = int(unsure.max(axis=0).argmin())
        unsure, places = np.roll(unsure, -cut, axis=1), np.roll(places, -cut, axis=1)
    apart = max(_APART, round(typical_thickness(kept)))
    found: list[tuple[int, int]] = []
    for k, x in _peaks(unsure, apart, doubtful_from(kept)):
        height = unsure[k, x]
        # Close to one curve a person sees the other one, too, and repaints whole columns.
        if not any(
            np.hypot(*(places[k, x] - places[curve, other])) <= apart
            or (
                np.hypot(*(places[k, other] - places[curve, other])) <= apart
                and _is_same(unsure[k], x, other, height)
            )
            for curve, other in found
        ):
            found.append((k, x))
    return [
        Doubt(plane, float(places[k, x, 0]), float(places[k, x, 1]), float(unsure[k, x]))
        for k, x in found
    ]


def _peaks(unsure: NDArray[np.float64], apart: int, least: float) -> list[tuple[int, int]]:
    """Curve and column where no other column near by is more doubtful, the highest first."""
    highest = maximum_filter1d(unsure, 2 * apart + 1, axis=1, mode="nearest")
    k, x = np.nonzero((unsure == highest) & (unsure >= least))
    order = np.argsort(-unsure[k, x], kind="stable")
    return list(zip(k[order].tolist(), x[order].tolist(), strict=True))


def _is_same(unsure: NDArray[np.float64], x: int, other: int, height: float) -> bool:
    """Whether two columns of a curve lie in one stretch."""
    between = unsure[min(x, other) : max(x, other)]
    return bool(between.min(initial=height) >= _DIP * height)
