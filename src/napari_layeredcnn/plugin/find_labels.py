"""Accepted candidates written into a Labels layer, as the strokes that a person would paint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.seeds import SeedError
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.layer_checks import check_layers
from napari_layeredcnn.plugin.new_layers import add_partial_labels
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.reports import turned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.plugin.planes import Plane

    Strips = dict[Plane, NDArray[np.integer[Any]]]


def write_strips(
    viewer: ViewerModel,
    image: Image,
    found: Mapping[Plane, Candidates],
    accepted: Sequence[int],
    labels: Labels | None = None,
) -> Labels:
    """Write the regions between accepted candidates into their seed's columns, one step of undo.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image
        The image that was searched.
    found : dict of Plane to Candidates
        Of every slice.
    accepted : sequence of int
        Candidates.
    labels : napari.layers.Labels, optional
        Into which layer, in columns where nothing is drawn. Default: a new one.

    Returns
    -------
    napari.layers.Labels
        The layer.

    Raises
    ------
    RequestError
        If nothing is accepted, a region is thinner than a pixel, or the layer does not fit; then
        nothing is written.
    """
    if not accepted:
        raise RequestError("No candidate is ticked: tick those that are boundaries.")
    strips = {plane: _strip(candidates, accepted) for plane, candidates in found.items()}
    if labels is not None:
        check_layers(image, labels, Choices(into_partial=True))
        vertical = next(iter(found.values())).transposed
        strips = {_frame(plane, labels, len(strips)): strip for plane, strip in strips.items()}
        strips = {
            plane: _beside_strokes(plane, strip, labels, vertical)
            for plane, strip in strips.items()
        }
    else:
        labels = add_partial_labels(viewer, image)
        labels.mode = "pan_zoom"  # there is nothing to paint
    places, values = [], []
    for plane, strip in strips.items():
        rows, columns = np.nonzero(strip)
        places.append(plane.places(rows, columns))
        values.append(strip[rows, columns])
    pixels = tuple(np.concatenate(axis) for axis in zip(*places, strict=True))
    labels.data_setitem(pixels, np.concatenate(values).astype(labels.data.dtype))
    return labels


def _strip(candidates: Candidates, accepted: Sequence[int]) -> NDArray[np.integer[Any]]:
    """Return labels (H, W) of a few columns, 0 elsewhere."""
    seed = candidates.seed(accepted)
    labels = regions_from_curves(seed.curves, seed.height, seed.region_ids)
    try:
        whole = seed_from_regions(labels).n_curves == seed.n_curves
    except SeedError:
        whole = False
    if not whole:
        raise RequestError(
            "A region between the ticked candidates is thinner than a pixel, which labels cannot "
            "show: untick one of the candidates beside it."
        )
    return labels.T if candidates.transposed else labels


def _frame(plane: Plane, labels: Labels, n_slices: int) -> Plane:
    """Return the slice of the labels, which may have fewer axes than the image."""
    n = labels.data.ndim
    if n == len(plane.index):
        return plane
    if n_slices > 1 or min(plane.rows, plane.columns) < len(plane.index) - n:
        raise RequestError(
            f'"{labels.name}" has {n} axes, the image {len(plane.index)}: choose a new layer.'
        )
    return plane.on(n)


def _beside_strokes(
    plane: Plane, strip: NDArray[np.integer[Any]], labels: Labels, vertical: bool
) -> NDArray[np.integer[Any]]:
    """Leave out columns with strokes; raise if nothing is left or the strokes are others."""
    drawn = np.asarray(plane.of(labels.data))
    across = 1 if vertical else 0
    free = ~(drawn != 0).any(axis=across, keepdims=True)
    left = np.where(free, strip, 0)
    line = "rows" if vertical else "columns"
    if not left.any():
        raise RequestError(
            f'"{labels.name}" has strokes in the {line} where the candidates are surest, which '
            "are not painted over: choose a new layer."
        )
    if drawn.any():
        both = np.where(left != 0, left.astype(np.int64), drawn)
        try:
            seed_from_regions(both.T if vertical else both)
        except SeedError as error:
            text = turned(str(error)) if vertical else str(error)
            raise RequestError(
                f'The candidates do not go with the strokes in "{labels.name}" ({text}): choose '
                "a new layer."
            ) from None
    return left
