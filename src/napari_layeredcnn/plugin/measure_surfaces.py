"""The curves of a measured stack as surfaces, colored by the thickness of the region below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.results import place_of
from napari_layeredcnn.plugin.surfaces import TOO_FEW, strip, without_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles

    Surface = tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]
    LayerData = tuple[Surface, dict[str, Any], str]

_COLORMAP = "viridis"
_SHARE = (1, 99)  # percentiles that the colors end at, as on maps
#: Regions share their colors if these span no more than so many times what one region does.
_SHARED_WITHIN = 3.0


def colored_surfaces(profiles: MeasureProfiles) -> list[LayerData]:
    """Make Surface layers of the upper curves of regions, colored by their thickness.

    Parameters
    ----------
    profiles : MeasureProfiles
        Of a stack.

    Returns
    -------
    list of (data, settings, "surface")
        For `Layer.create`: one for each region that has a curve above it. A surface passes through
        the curve where the region has a thickness, and has gaps elsewhere and between slices that
        do not follow each other. Colors end at the 1st and 99th percentile: of all regions where
        that leaves differences within a region to be seen, else of each region.

    Raises
    ------
    RequestError
        If no two slices follow each other.

    Examples
    --------
    >>> from napari.layers import Labels
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> from napari_layeredcnn.plugin.measure_profiles import measure_profiles
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> layer = Labels(np.zeros((2, 9, 2), np.uint8), name="skin")
    >>> stack = Segmentation([[[2, 2], [4, 5]], [[2, 2], [6, 6]]], height=9)
    >>> profiles = measure_profiles(stack, layer, Plane((0, None, None), 1, 2), axis=0)
    >>> [((vertices, faces, values), settings, kind)] = colored_surfaces(profiles)
    >>> settings["name"], vertices[0].tolist(), values.tolist()
    ('skin thickness of Region 2', [0.0, 1.5, 0.0], [2.0, 3.0, 4.0, 4.0])
    """
    found = [
        (r, surface)
        for r, region in enumerate(profiles.regions)
        if region > 0 and len((surface := _surface(profiles, r))[1])
    ]
    if not found:
        raise RequestError(TOO_FEW)
    limits = _limits([values for _, (_, _, values) in found])
    return [
        (
            surface,
            {
                "name": f"{profiles.layer.name} {profiles.kind} of {profiles.names[r]}",
                "colormap": _COLORMAP,
                "contrast_limits": ends,
                "shading": "none",  # light and shade would be taken for thickness
                "metadata": {"region": profiles.names[r], "unit": profiles.unit},
                **place_of(profiles.layer),
            },
            "surface",
        )
        for (r, surface), ends in zip(found, limits, strict=True)
    ]


def _surface(profiles: MeasureProfiles, r: int) -> Surface:
    """Join the upper curves of a region in neighboring slices."""
    curves = profiles.segmentation.stack[:, profiles.regions[r] - 1] - 0.5
    width, along = profiles.width, np.arange(profiles.width, dtype=np.float64)
    points = []
    for index, across in enumerate(curves):
        plane = profiles.plane_of(index)
        places = (along, across) if profiles.segmentation.transposed else (across, along)
        points.append(plane.vertices(*places))
    follows = np.diff(profiles.numbers) == 1
    joined = np.pad(follows, (0, 1)) | np.pad(follows, (1, 0))
    # With the thickness as one more coordinate, what has none is left out like any gap.
    thickness = np.where(joined[:, None], profiles.thickness[:, r], np.nan)
    vertices = np.concatenate([np.concatenate(points), thickness.reshape(-1, 1)], axis=1)
    strips = [strip(s * width, (s + 1) * width, width) for s in np.flatnonzero(follows).tolist()]
    faces = np.concatenate(strips) if strips else np.zeros((0, 3), np.intp)
    vertices, faces = without_gaps(vertices, faces)
    return vertices[:, :-1], faces, vertices[:, -1]


def _limits(values: list[NDArray[np.float64]]) -> list[tuple[float, float]]:
    """Return where the colors of each surface end."""
    ends = np.array([np.percentile(of_region, _SHARE) for of_region in values])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if high - low <= _SHARED_WITHIN * float((ends[:, 1] - ends[:, 0]).max()):
        ends[:] = low, high
    # napari wants two different numbers.
    room = np.where(ends[:, 0] < ends[:, 1], 0, 0.01 * ends[:, 1])
    ends += np.stack([-room, room], axis=1)
    return [(float(low), float(high)) for low, high in ends]
