"""What else a run can show, each by a tick box: where it is unsure, and its curves as paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from napari_layeredcnn.plugin.results import place_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer, Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.continuation import Kept

#: The uncertainty of a curve is shown this far on either side of it: a share of the rows, and px.
_BAND_SHARE, _BAND_LEAST = 0.015, 2.0
#: The brightest color stands for this uncertainty at least, px: a sure result looks dark.
_BRIGHTEST = 3.0


class Overlays:
    """Layers beside the result, one of a kind for each partial labels layer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._uncertainty: WeakKeyDictionary[Labels, Image] = WeakKeyDictionary()
        self._paths: WeakKeyDictionary[Labels, Shapes] = WeakKeyDictionary()

    def show_uncertainty(
        self, image: Image, partial: Labels, index: int | None, kept: Kept
    ) -> None:
        """Show how unsure a run is, in pixels, in a band along every curve."""
        band = uncertainty_band(kept.curves, kept.uncertainty, kept.height)
        band = band.T if kept.transposed else band
        layer = self._uncertainty.get(partial)
        if layer is None or self._is_gone(layer, partial):
            data = np.zeros(partial.data.shape, np.float32)
            self._uncertainty[partial] = layer = self._add(
                "add_image",
                data,
                name=f"{partial.name} uncertainty (px)",
                colormap="inferno",
                blending="additive",
                contrast_limits=(0, max(_BRIGHTEST, float(band.max()))),
                **place_of(image),
            )
        (layer.data if index is None else layer.data[index])[...] = band
        layer.refresh()

    def show_paths(self, image: Image, partial: Labels, index: int | None, kept: Kept) -> None:
        """Show the curves as paths, which lie between pixels and not on them."""
        paths = curve_paths(kept.curves, index, transposed=kept.transposed)
        layer = self._paths.get(partial)
        if layer is None or layer not in self._viewer.layers:
            self._paths[partial] = layer = self._add(
                "add_shapes",
                None,
                ndim=partial.ndim,
                name=f"{partial.name} curves",
                **place_of(image),
            )
        old = {i for i, path in enumerate(layer.data) if index is None or path[0, 0] == index}
        layer.selected_data = old
        layer.remove_selected()
        layer.add_paths(paths, edge_color="yellow", edge_width=0.5)
        layer.selected_data = set()

    def _add(self, how: str, data: Any, **settings: Any) -> Any:
        """Add a layer; what is selected in the viewer stays selected."""
        selected = set(self._viewer.layers.selection)
        layer = getattr(self._viewer, how)(data, **settings)
        self._viewer.layers.selection = selected
        return layer

    def _is_gone(self, layer: Layer, partial: Labels) -> bool:
        return layer not in self._viewer.layers or layer.data.shape != partial.data.shape


def uncertainty_band(
    curves: NDArray[np.float32], uncertainty: NDArray[np.float32], height: int
) -> NDArray[np.float32]:
    """Uncertainty of the nearest curve at pixels close to it, 0 elsewhere.

    Parameters
    ----------
    curves, uncertainty : (K, W) float array
        Curves in edge coordinates and their uncertainty, px; NaN where there is none.
    height : int
        Number of rows H.

    Returns
    -------
    (H, W) float32 array
        Uncertainty, px.

    Examples
    --------
    >>> import numpy as np
    >>> uncertainty_band(np.array([[2.0]]), np.array([[0.7]]), 6)[:, 0]
    array([0.7, 0.7, 0.7, 0.7, 0. , 0. ], dtype=float32)
    """
    nearest = np.full((height, curves.shape[1]), max(_BAND_LEAST, _BAND_SHARE * height))
    band = np.zeros(nearest.shape, np.float32)
    rows = np.arange(height)[:, None] + 0.5
    for curve, unsure in zip(curves, np.nan_to_num(uncertainty), strict=True):
        distance = np.abs(rows - curve)
        closer = distance < nearest  # never where the curve is NaN
        nearest = np.where(closer, distance, nearest)
        band = np.where(closer, unsure, band)
    return band.astype(np.float32)


def curve_paths(
    curves: NDArray[np.float32], index: int | None, *, transposed: bool
) -> list[NDArray[np.float64]]:
    """Paths along curves in napari coordinates, in which pixel centers are at integers.

    Parameters
    ----------
    curves : (K, W) float array
        Curves in edge coordinates; NaN where there is none, and a path ends there.
    index : int or None
        The slice of a stack; it comes first in every vertex.
    transposed : bool
        Whether the curves run along rows, from left to right regions.

    Returns
    -------
    list of (N, 2 or 3) float array
        Vertices (row, column), of two columns or more.

    Examples
    --------
    >>> import numpy as np
    >>> curve_paths(np.array([[2.5, 3.0, np.nan]]), None, transposed=False)
    [array([[2. , 0. ],
           [2.5, 1. ]])]
    """
    known = np.concatenate([[False], ~np.isnan(curves).any(axis=0), [False]])
    stretches = np.flatnonzero(np.diff(known)).reshape(-1, 2)
    paths = []
    for curve in curves:
        for start, stop in stretches[stretches[:, 1] - stretches[:, 0] > 1]:
            vertices = np.stack([curve[start:stop] - 0.5, np.arange(start, stop)], axis=1)
            vertices = vertices[:, ::-1] if transposed else vertices
            if index is not None:
                vertices = np.insert(vertices, 0, index, axis=1)
            paths.append(vertices.astype(np.float64))
    return paths
