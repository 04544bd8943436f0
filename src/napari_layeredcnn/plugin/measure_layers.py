"""Maps of a measured stack as Image layers, beside the slices that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes, Surface

from napari_layeredcnn.core.measure_maps import height_map, thickness_map
from napari_layeredcnn.plugin.measure_known import size_of
from napari_layeredcnn.plugin.measure_readout import short_unit
from napari_layeredcnn.plugin.measure_surfaces import colored_surfaces
from napari_layeredcnn.plugin.pixel_size import unit_factor
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.readers import KEY

if TYPE_CHECKING:
    from typing import Any, Literal

    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_maps import Map
    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles
    from napari_layeredcnn.plugin.measure_request import MeasureRequest
    from napari_layeredcnn.plugin.measure_worker import MeasureResult

    What = tuple[Literal["thickness", "height"], int]

#: Percentiles that the colors end at, as in pictures of maps.
_SHARE = (1, 99)
#: Between image and map, as a share of the image.
_GAP = 0.04
_NOTE = f"{KEY} map"


def maps_of(segmentation: Segmentation) -> list[tuple[str, What]]:
    """List the maps that a stack has, by their names; none of a single image.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> maps_of(Segmentation([[[2, 2], [4, 6]]], scale=(9, 1, 1)))[:2]
    [('Thickness of Region 2', ('thickness', 1)), ('Height of Region 1 / Region 2', ('height', 0))]
    """
    if not segmentation.is_stack or segmentation.size.between is None:
        return []
    inner = list(enumerate(segmentation.names))[1:-1]
    maps: list[tuple[str, What]] = [(f"Thickness of {name}", ("thickness", r)) for r, name in inner]
    curves = enumerate(segmentation.curve_names)
    return [*maps, *((f"Height of {name}", ("height", k)) for k, name in curves)]


def make_map(result: MeasureResult, what: What) -> Map:
    """Make a map of what was measured, without the columns that were left out.

    Parameters
    ----------
    result : MeasureResult
        What was measured.
    what : tuple
        Of `maps_of`.

    Returns
    -------
    Map
        As the library makes it.
    """
    kind, index = what
    choices, one = result.request.choices, result.segmentation
    limit = None if one.uncertainty is None else choices.max_uncertainty
    if kind == "height":
        return height_map(one, index, max_uncertainty=limit)
    return thickness_map(one, index, perpendicular=choices.perpendicular, max_uncertainty=limit)


def add_map(viewer: ViewerModel, request: MeasureRequest, map_: Map) -> Image:
    """Show a map below the slices that it is of, column under column, with a color bar.

    A map of layers that run up and down lies to the right of the slices, row beside row. The same
    map of the same labels is changed in place. Where the viewer is rolled, so that the map cannot
    be an image of its last two axes, it is there again in every slice.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    request : MeasureRequest
        What was measured.
    map_ : Map
        The map.

    Returns
    -------
    napari.layers.Image
        Slices by columns, in world units, with the axes that the viewer has shown.

    Raises
    ------
    RequestError
        If the map is empty.
    """
    known = map_.values[np.isfinite(map_.values)]
    if not known.size:
        raise RequestError(f"There is nothing to map: the {map_.name} is nowhere known.")
    turned = request.choices.transposed
    low, high = (float(edge) for edge in np.percentile(known, _SHARE))
    settings: dict[str, Any] = {
        "contrast_limits": (low, high if high > low else low + max(abs(low) * 1e-3, 1e-3)),
        "metadata": {
            _NOTE: (request.layer.name, map_.name),
            KEY: {"unit": map_.unit, "first_slice": map_.first_slice, "axes": map_.axes},
        },
    }
    data, where = _on_axes(viewer, request, map_, turned)
    old = _shown(viewer, settings["metadata"][_NOTE])
    selected = set(viewer.layers.selection)
    if old is not None and old.ndim == data.ndim:
        old.data = data
        for name, value in (settings | where).items():
            setattr(old, name, value)
        return old
    if old is not None:  # the viewer was rolled since
        viewer.layers.remove(old)
        selected.discard(old)
    layer: Image = viewer.add_image(
        data,
        name=f"{map_.name} ({short_unit(map_.unit)})",
        colormap="viridis",
        interpolation2d="nearest",
        **where,
        **settings,
    )
    layer.colorbar.visible = True
    viewer.layers.selection = selected
    return layer


def add_surfaces(viewer: ViewerModel, profiles: MeasureProfiles) -> list[Surface]:
    """Add the upper curves of regions as surfaces in the colors of their thickness.

    Those of the same regions of the same labels are changed in place.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    profiles : MeasureProfiles
        What was measured.

    Returns
    -------
    list of napari.layers.Surface
        One for each region; the last one has a color bar, or each, where their limits differ.

    Raises
    ------
    RequestError
        If no two slices follow each other.
    """
    selected = set(viewer.layers.selection)
    layers = []
    for data, settings, kind in colored_surfaces(profiles):
        old = next(
            (
                one
                for one in viewer.layers
                if isinstance(one, Surface) and one.name == settings["name"]
            ),
            None,
        )
        if old is not None:
            old.data = data
            old.contrast_limits = settings["contrast_limits"]
        layers.append(old or viewer.add_layer(Layer.create(data, settings, kind)))
    shared = len({tuple(layer.contrast_limits) for layer in layers}) == 1
    for layer in layers:
        layer.colorbar.visible = layer is layers[-1] or not shared
    viewer.layers.selection = selected
    return layers


def _on_axes(
    viewer: ViewerModel, request: MeasureRequest, map_: Map, turned: bool
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return the map as an array of the axes that are shown, and where it lies on them."""
    plane, layer = request.plane, request.layer
    scale, place = _place(viewer, request, map_, turned)
    data = map_.values.T if turned else map_.values
    if plane.rows > plane.columns:
        data, scale, place = data.T, scale[::-1], place[::-1]
    unit, last = layer.units[plane.rows], (layer.ndim - 2, layer.ndim - 1)
    shown = tuple(sorted((plane.rows, plane.columns)))
    if shown == last:
        return data, {"scale": scale, "translate": place, "units": [unit] * 2}
    where: dict[str, Any] = {
        name: list(getattr(layer, name)) for name in ("scale", "translate", "units")
    }
    for i, axis in enumerate(shown):
        where["scale"][axis], where["translate"][axis] = scale[i], place[i]
        where["units"][axis] = unit
    shape = list(size_of(layer))
    shape[shown[0]], shape[shown[1]] = data.shape
    return np.broadcast_to(np.expand_dims(data, plane.free_axes), shape), where


def _place(
    viewer: ViewerModel, request: MeasureRequest, map_: Map, turned: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return scale and translation: beside the slices, where their rows or columns end."""
    plane, layer = request.plane, request.layer
    shape = _reach(viewer, layer)
    rows, columns = shape[plane.rows], shape[plane.columns]
    across, along = request.scale[-2:]
    down, right = (
        float(layer.translate[axis]) * (unit_factor(layer, axis, plane.rows) or 1.0)
        for axis in (plane.rows, plane.columns)
    )
    between, step = map_.scale
    if turned:
        beyond = columns * along * (1 + _GAP) + (between - along) / 2
        return (step, between), (down, right + beyond)
    beyond = rows * across * (1 + _GAP) + (between - across) / 2
    return (between, step), (down + beyond, right)


def _reach(viewer: ViewerModel, layer: Labels | Shapes) -> tuple[int, ...]:
    """Return where slices end: those of labels, or of the images on which curves lie."""
    ends = np.array(size_of(layer))
    images = (
        one
        for one in viewer.layers
        if isinstance(layer, Shapes)
        and isinstance(one, Image | Labels)
        and one.ndim == layer.ndim
        and _NOTE not in one.metadata
    )
    for image in images:
        last = np.asarray(layer.world_to_data(image.extent.world[1]))
        ends = np.maximum(ends, np.round(last).astype(int) + 1)
    return tuple(ends.tolist())


def _shown(viewer: ViewerModel, note: tuple[str, str]) -> Image | None:
    found = (one for one in viewer.layers if isinstance(one, Image))
    return next((one for one in found if one.metadata.get(_NOTE) == note), None)
