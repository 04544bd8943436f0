"""Candidates as paths in a Shapes layer: accepted ones strong, the others faint."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from napari_layeredcnn.plugin.curve_points import add_beside
from napari_layeredcnn.plugin.planes import shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari.components import ViewerModel
    from napari.layers import Image, Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.plugin.planes import Plane

#: Colors by rank, again from the first after the last.
COLORS = (
    "#ffd23f", "#3bceac", "#ff6b9d", "#5aa9ff", "#ff8c42",
    "#b388ff", "#9be564", "#ff5252", "#4dd0e1", "#d7a86e",
)  # fmt: skip
#: Candidates are shown up to this rank, or up to the last one that is chosen.
SHOWN = 10
#: Opacity of candidates that are not accepted.
_FAINT = 0.4
#: A path has so many vertices at most.
_VERTICES = 512
#: Width of accepted paths: share of the shorter side, and px at least.
_WIDTH_SHARE, _WIDTH_LEAST = 0.008, 0.6
#: A number stands so much above the middle of its path, share of the shorter side.
_ABOVE = 0.05


def n_shown(candidates: Candidates) -> int:
    """Return how many candidates are shown."""
    return min(len(candidates.curves), max(SHOWN, *(i + 1 for i in candidates.chosen), 0))


def candidate_path(candidates: Candidates, number: int) -> NDArray[np.float64]:
    """Return the path along a candidate in its slice, as it is shown.

    Parameters
    ----------
    candidates : Candidates
        Of the slice.
    number : int
        Which one.

    Returns
    -------
    (N, 2) float64 array
        Row and column in napari coordinates, in which pixel centers are at integers.
    """
    curve = candidates.curves[number].astype(np.float64)
    n = min(len(curve), _VERTICES)
    along = np.linspace(0, len(curve) - 1, n).round() if n > 1 else np.zeros(1)
    across = curve[along.astype(int)] - 0.5
    return np.stack([along, across] if candidates.transposed else [across, along], axis=-1)


class CandidatesLayer:
    """A Shapes layer for each image that is searched; a new search takes the place of the last.

    A layer is emptied, not deleted: napari 0.9.2 may crash when a stack is opened after a Shapes
    layer was deleted.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer to which it is added.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: WeakKeyDictionary[Image, Shapes] = WeakKeyDictionary()
        self._layer: Shapes | None = None
        self._width = _WIDTH_LEAST

    def show(self, image: Image, found: Mapping[Plane, Candidates], accepted: set[int]) -> None:
        """Show candidates; those of an earlier search of the image make room.

        Parameters
        ----------
        image : napari.layers.Image
            The image on whose pixels they lie.
        found : dict of Plane to Candidates
            Of every slice.
        accepted : set of int
            Those that are shown strongly.
        """
        first = next(iter(found.values()))
        shown = n_shown(first)
        paths, ranks = [], []
        for plane, candidates in found.items():
            for i in range(shown):
                path = candidate_path(candidates, i)
                paths.append(plane.vertices(path[:, 0], path[:, 1]))
                ranks.append(i + 1)
        size = min(shape_of(image)[axis] for axis in (plane.rows, plane.columns))
        above = np.zeros(image.ndim)
        above[plane.rows] = -_ABOVE * size  # numbers beside their curves, not on them
        self._width = max(_WIDTH_LEAST, _WIDTH_SHARE * size)
        features = {"rank": ranks, "cost": [float(first.costs[i - 1]) for i in ranks]}
        layer = self._layers.get(image)
        if layer is not None and layer in self._viewer.layers and layer.ndim == image.ndim:
            self._layer = layer
            layer.selected_data = set(range(len(layer.data)))
            layer.remove_selected()
            if paths:
                layer.add_paths(paths)
                layer.features = features
                layer.text.translation = above
                layer.selected_data = set()
        elif paths:
            self._layer = self._layers[image] = add_beside(
                self._viewer,
                image,
                "add_shapes",
                paths,
                shape_type="path",
                ndim=image.ndim,
                name=f"{image.name} candidates",
                features=features,
                text={"string": "{rank}", "size": 9, "translation": above},
            )
        else:
            self._layer = None
        self.mark(accepted)

    def mark(self, accepted: Collection[int]) -> None:
        """Show these candidates strongly, the others faintly."""
        layer = self._layer
        if layer is None or layer not in self._viewer.layers or not len(layer.data):
            return
        ranks = np.nan_to_num(np.asarray(layer.features["rank"], float))  # NaN: drawn by a person
        numbers = ranks.astype(int) - 1
        strong = np.isin(numbers, list(accepted))
        colors = np.array([_rgba(i) for i in numbers])
        colors[~strong, 3] = _FAINT
        layer.edge_width = list(np.where(strong, self._width, self._width / 2))
        layer.edge_color = colors
        layer.text.color = colors


def color_of(number: int) -> str:
    """Return the color of a candidate."""
    return COLORS[number % len(COLORS)]


def _rgba(number: int) -> tuple[float, ...]:
    color = color_of(number)
    return (*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
