"""What is to be measured: layers and choices, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from napari.layers import Labels, Shapes

from napari_layeredcnn.plugin.features import region_names
from napari_layeredcnn.plugin.measure_curves import CurveSource, curve_source
from napari_layeredcnn.plugin.measure_known import (
    NOTHING_THERE,
    is_around,
    plane_of,
    size_of,
    slice_axes,
    width_of,
)
from napari_layeredcnn.plugin.measure_rois import regions_of_interest
from napari_layeredcnn.plugin.pixel_size import pixel_size
from napari_layeredcnn.plugin.planes import RequestError, slider_axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel

    from napari_layeredcnn.core.measure_rows import RegionOfInterest
    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.results import ResultLayers

    Runs = Mapping[Plane, tuple[Kept, ...]]

#: Two layers lie on the same pixels if no corner is further off than this, in pixels.
_SAME_PLACE = 0.01


@dataclass(frozen=True)
class MeasureChoices:
    """Everything in the "Measure Layers" dock that is not a viewer layer.

    Parameters
    ----------
    slices : {"shown", "stack"}
        The slice that the viewer shows, or all of them.
    along : int or None
        The labels' axis whose slices these are; None is that of the slider moved last.
    transposed : bool
        Whether the layers run up and down, if curves do not say it themselves.
    perpendicular, to_border, max_uncertainty, correlation_length, detrend
        See `measure`.
    fractions : bool
        Whether curves of runs are measured in the place of the pixels that show them.
    """

    slices: Literal["shown", "stack"] = "shown"
    along: int | None = None
    transposed: bool = False
    perpendicular: bool = False
    to_border: bool = False
    max_uncertainty: float | None = None
    correlation_length: int | None = None
    detrend: int = 1
    fractions: bool = True


@dataclass(frozen=True, eq=False)
class Chosen:
    """The viewer layers that are chosen: what is measured, compared with, and where.

    `labels` and `other` may be curves, too.
    """

    labels: Labels | Shapes | None
    other: Labels | Shapes | None = None
    rectangles: Shapes | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """A label image, and the runs that have made it.

    Parameters
    ----------
    name : str
        Of the layer.
    data : array
        All of its labels, read by the worker only.
    runs : mapping of Plane to tuple of Kept
        Oldest first; empty for labels that were made otherwise.
    names : mapping of int to str
        Of regions.
    """

    name: str
    data: Any
    runs: Runs
    names: Mapping[int, str]


@dataclass(frozen=True, eq=False)
class MeasureRequest:
    """What is to be measured.

    Parameters
    ----------
    layer : napari.layers.Labels or napari.layers.Shapes
        The layer, for its colors.
    source : Source or CurveSource
        What is in it.
    other : Source, CurveSource or None
        What it is compared with, on the same pixels.
    plane : Plane
        The slice that the viewer shows.
    axis : int or None
        The axis of the slices, if all are measured.
    number : int or None
        Which slice of a stack this is, if one is measured.
    scale, unit
        See `Segmentation`.
    regions_of_interest : tuple of RegionOfInterest
        Empty for the whole.
    choices : MeasureChoices
        How; for curves that say which way they run, that way.
    """

    layer: Labels | Shapes
    source: Source | CurveSource
    other: Source | CurveSource | None
    plane: Plane
    axis: int | None
    number: int | None
    scale: tuple[float, ...]
    unit: str
    regions_of_interest: tuple[RegionOfInterest, ...]
    choices: MeasureChoices


def measure_request(
    viewer: ViewerModel, chosen: Chosen, choices: MeasureChoices, results: ResultLayers
) -> MeasureRequest:
    """Check what is chosen and gather what measuring needs.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    chosen : Chosen
        The layers.
    choices : MeasureChoices
        The rest.
    results : ResultLayers
        What runs have left.

    Returns
    -------
    MeasureRequest
        Ready for a worker.

    Raises
    ------
    RequestError
        If there is nothing chosen, the viewer does not show the rows and columns of one slice, or
        the layers do not fit together.
    """
    labels = chosen.labels
    if labels is None:
        raise RequestError(NOTHING_THERE)
    plane = plane_of(viewer, labels)
    around = is_around(labels, results)
    other = chosen.other
    if other is not None:
        _check_other(labels, other)
        around |= is_around(other, results)
    if around:
        raise RequestError(
            "Layers about a center cannot be measured yet: take labels or curves of layers that "
            "run along the image."
        )
    slider = slider_axis(viewer, plane, choices.along)
    axis = slider if choices.slices == "stack" and slice_axes(viewer, labels) else None
    scale, unit = pixel_size(labels, plane, axis)
    source, its = _sources(chosen, plane, axis, choices, results)
    if isinstance(source, CurveSource):
        choices = replace(choices, transposed=source.transposed)
    rois: tuple[RegionOfInterest, ...] = ()
    if chosen.rectangles is not None:
        along = plane.rows if choices.transposed else plane.columns
        rois = regions_of_interest(chosen.rectangles, labels, plane, axis, along)
    return MeasureRequest(
        labels,
        source,
        its,
        plane,
        axis,
        None if slider is None or axis is not None else plane.index[slider],
        scale,
        unit,
        rois,
        choices,
    )


def _sources(
    chosen: Chosen, plane: Plane, axis: int | None, choices: MeasureChoices, results: ResultLayers
) -> tuple[Source | CurveSource, Source | CurveSource | None]:
    """Take what is in the layers; drawn curves are as wide as what they are compared with."""
    layers = (chosen.labels, chosen.other)
    along = plane.rows if choices.transposed else plane.columns
    width = next((n for one in layers if one is not None and (n := width_of(one, along))), None)
    first, second = (
        _source(one, choices, results)
        if isinstance(one, Labels)
        else one and curve_source(one, plane, axis, choices.transposed, width)
        for one in layers
    )
    assert first is not None
    return first, second


def _source(labels: Labels, choices: MeasureChoices, results: ResultLayers) -> Source:
    return Source(
        labels.name,
        labels.data[0] if labels.multiscale else labels.data,
        results.runs(labels) if choices.fractions else {},
        region_names(labels),
    )


def _check_other(labels: Labels | Shapes, other: Labels | Shapes) -> None:
    shape, its = size_of(labels), size_of(other)
    if other is labels:
        raise RequestError(f'"{labels.name}" is compared with itself: choose another layer.')
    if labels.ndim != other.ndim:
        raise RequestError(
            f'"{other.name}" has {other.ndim} axes, "{labels.name}" {labels.ndim}: compare labels '
            "or curves of one image."
        )
    if shape != its and isinstance(labels, Labels) and isinstance(other, Labels):
        raise RequestError(
            f'"{other.name}" has the shape {_by(its)}, "{labels.name}" {_by(shape)}: compare '
            "labels of one image."
        )
    for corner in (np.zeros(len(shape)), np.array(shape) - 1.0):
        found = other.world_to_data(labels.data_to_world(corner))
        if not np.allclose(found, corner, rtol=0, atol=_SAME_PLACE):
            raise RequestError(
                f'"{other.name}" lies elsewhere in the viewer than "{labels.name}": give both '
                "layers the same scale, translation and rotation."
            )


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
