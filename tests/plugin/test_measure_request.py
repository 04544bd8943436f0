"""What may be measured, and what is read of it; without a window."""

from __future__ import annotations

import re
from threading import Event

import numpy as np
import pytest
from measured import CURVES, LABELS, H, S, W, add
from napari.components import ViewerModel
from napari.layers import Labels
from runs import a_run, flat, image_plane

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.core.measure_statistics import DEVIATION
from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.plugin.measure_known import runs_up_and_down
from napari_layeredcnn.plugin.measure_request import Chosen, MeasureChoices, measure_request
from napari_layeredcnn.plugin.measure_worker import HowFar, MeasureOutcome, measure_layers
from napari_layeredcnn.plugin.pixel_size import pixel_size
from napari_layeredcnn.plugin.planes import Plane, RequestError
from napari_layeredcnn.plugin.results import ResultLayers

STACK = MeasureChoices(slices="stack")
UNSURE = np.broadcast_to(np.array([0.3, 0.4, 1.2])[:, None], (3, W))


@pytest.fixture
def viewer():
    return ViewerModel()


def run(viewer, chosen, choices=STACK) -> MeasureOutcome:
    request = measure_request(viewer, chosen, choices, ResultLayers(viewer))
    return measure_layers(request, 1, Event(), HowFar())


def result(viewer, chosen, choices=STACK):
    outcome = run(viewer, chosen, choices)
    assert outcome.result is not None, outcome.message
    return outcome.result


def remember(viewer, layer, curves=CURVES, ids=(1, 2, 3, 4), axis=0):
    """As if a run had made every slice of the layer."""
    for z, one in enumerate(curves):
        index = [None] * 3
        index[axis] = z
        rows, columns = (i for i in range(3) if i != axis)
        kept = a_run(one, UNSURE, height=H, ids=ids)
        ResultLayers(viewer).remember(layer, Plane(tuple(index), rows, columns), kept)


def figure(rows, measure_, region="Region 2", slice_=None):
    (found,) = [
        r.value for r in rows if (r.slice, r.region, r.measure) == (slice_, region, measure_)
    ]
    return found


def test_pixels_of_any_labels_with_scale_and_names(viewer):
    features = {"index": [2, 3], "name": ["skin", "fat"]}
    layer = add(viewer, features=features)
    found = result(viewer, Chosen(layer))
    expected = segmentation_from_labels(
        LABELS, names={2: "skin", 3: "fat"}, scale=(5.0, 0.5, 0.25), unit="micrometer"
    )
    assert found.rows == tuple(measure(expected))
    assert found.segmentation.uncertainty is None
    assert run(viewer, Chosen(layer)).message == (
        "Measured 4 regions and 3 boundaries in 4 slices, from the pixels of the labels."
    )


def test_this_slice_is_told_by_its_number(viewer):
    layer = add(viewer)
    viewer.dims.set_current_step(0, 2)
    found = result(viewer, Chosen(layer), MeasureChoices())
    one = segmentation_from_labels(LABELS[2], scale=(0.5, 0.25), unit="micrometer")
    assert found.rows == tuple(row._replace(slice=2) for row in measure(one))
    assert {row.measure for row in found.rows} >= {"area"}
    assert "volume" not in {row.measure for row in found.rows}


def test_rolled_and_transposed_views(viewer):
    layer = add(viewer, LABELS.transpose(2, 0, 1), scale=(0.25, 5, 0.5), translate=(0, 0, 0))
    viewer.dims.order = (1, 2, 0)  # rows are the last axis, columns the first
    found = result(viewer, Chosen(layer))
    expected = segmentation_from_labels(LABELS, scale=(5.0, 0.5, 0.25), unit="micrometer")
    assert found.rows == tuple(measure(expected))
    viewer.dims.order = (1, 0, 2)
    turned = result(viewer, Chosen(layer), MeasureChoices(slices="stack", transposed=True))
    assert [r for r in turned.rows if "row" not in r.measure] == [
        r for r in found.rows if "column" not in r.measure or r.measure.endswith("columns")
    ]


def test_curves_of_runs_are_taken_in_the_place_of_their_pixels(viewer):
    layer = add(viewer)
    remember(viewer, layer)
    found = result(viewer, Chosen(layer))
    np.testing.assert_allclose(found.segmentation.curves, CURVES, atol=1e-5)
    np.testing.assert_allclose(found.segmentation.uncertainty[1], UNSURE)
    assert figure(found.rows, "thickness mean") == pytest.approx((6 + 5.9 / 2) * 0.5)
    assert figure(found.rows, "thickness mean error") == pytest.approx(DEVIATION * 0.25)
    limit = MeasureChoices(slices="stack", max_uncertainty=0.5)
    assert figure(result(viewer, Chosen(layer), limit).rows, "left out", "Region 3") == 1
    assert "from the curves of the run" in run(viewer, Chosen(layer)).message
    pixels = result(viewer, Chosen(layer), MeasureChoices(slices="stack", fractions=False))
    assert pixels.rows == tuple(
        measure(segmentation_from_labels(LABELS, scale=(5.0, 0.5, 0.25), unit="micrometer"))
    )
    # Nothing is known of pixels: the limit has nothing to leave out.
    choices = MeasureChoices(slices="stack", fractions=False, max_uncertainty=0.5)
    assert result(viewer, Chosen(layer), choices).rows == pixels.rows
    assert "no column was left out, as" in run(viewer, Chosen(layer), choices).message


def test_repainted_columns_are_measured_as_painted(viewer):
    layer = add(viewer, LABELS.copy())
    remember(viewer, layer)
    layer.data[1, :, 7] = np.repeat([1, 2, 3, 4], 10)
    layer.data[1, 30, 9] = 0  # no longer labelled from top to bottom
    found = result(viewer, Chosen(layer)).segmentation
    np.testing.assert_allclose(found.curves[1][:, 7], [10, 20, 30])
    np.testing.assert_allclose(found.uncertainty[1][:, 7], 0)
    assert np.isnan(found.curves[1][:, 9]).all()
    kept = np.delete(np.arange(W), [7, 9])
    np.testing.assert_allclose(found.curves[1][:, kept], CURVES[1][:, kept], atol=1e-5)
    # A region that the run did not know: only pixels can tell.
    layer.data[2, 39] = 9
    found = result(viewer, Chosen(layer)).segmentation
    assert found.region_ids == (1, 2, 3, 4, 9)
    assert found.uncertainty is None


def test_runs_of_other_slices_or_directions_do_not_count(viewer):
    layer = add(viewer)
    remember(viewer, layer, axis=1)
    assert result(viewer, Chosen(layer)).segmentation.uncertainty is None
    remember(viewer, layer, np.ones((S, 3, W)))  # undone since, so that none of its pixels is there
    assert result(viewer, Chosen(layer)).segmentation.uncertainty is None


def test_thin_regions_that_no_pixel_shows_are_there(viewer):
    curves = np.full((1, 3, W), 10.0) + np.array([0, 0.2, 5])[:, None]
    layer = viewer.add_labels(np.repeat([1, 3, 4], [10, 5, 25])[:, None].repeat(W, 1))
    ResultLayers(viewer).remember(layer, image_plane(), a_run(curves[0], height=H))
    found = result(viewer, Chosen(layer), MeasureChoices())
    assert figure(found.rows, "thickness mean") == pytest.approx(0.2, rel=1e-5)


def test_the_way_that_layers_run_is_known_of_runs_and_files(viewer):
    results = ResultLayers(viewer)
    assert runs_up_and_down(Labels(LABELS), results) is None
    notes = {"layeredcnn": {"settings": {"direction": "down"}}}
    layer = Labels(LABELS, metadata=notes)
    assert runs_up_and_down(layer, results) is True
    results.remember(layer, image_plane(0), flat(10))
    assert runs_up_and_down(layer, results) is False


def test_comparison_in_regions_of_interest(viewer):
    one = add(viewer)
    other = add(viewer, np.concatenate([LABELS[:, :1], LABELS[:, :-1]], axis=1))
    boxes = [[[0, 5], [0, 9], [9, 9], [9, 5]]]
    shapes = viewer.add_shapes(boxes, scale=(0.5, 0.25), translate=(3, 7), units=("um", "um"))
    found = result(viewer, Chosen(one, other, shapes))
    assert {row.roi for row in (*found.rows, *found.compared)} == {"ROI 1"}
    bias = [r.value for r in found.compared if r.measure == "difference mean" and r.slice is None]
    assert bias == [0.5] * 3
    assert [row for _, row in found.named_rows()] == [*found.rows, *found.compared]


@pytest.mark.parametrize(
    ("where", "columns", "slices"),
    [
        ([(2, 5.2), (9, 9.7)], (6, 10), None),  # a layer without slices: of all of them
        ([(2, 2, 5), (2, 9, 9)], (5, 10), (2, 3)),  # drawn in a slice
        ([(1, 3, 5), (2, 3, 9)], (5, 10), (1, 3)),  # drawn from above
        ([(0, -50), (9, 1000)], (-50, 1001), None),
    ],
)
def test_rectangles_span_columns_and_slices(viewer, where, columns, slices):
    layer = add(viewer)
    shapes = rectangles(viewer, layer, where)
    request = measure_request(viewer, Chosen(layer, None, shapes), STACK, ResultLayers(viewer))
    (roi,) = request.regions_of_interest
    assert (roi.name, roi.columns, roi.slices) == ("ROI 1", columns, slices)


def test_names_of_rectangles(viewer):
    layer = add(viewer)
    shapes = rectangles(viewer, layer, *[[(0, 5 * i), (9, 5 * i + 2)] for i in range(5)])
    shapes.features = {"note": [1.0] * 5, "name": ["fovea", "", "fovea", "fovea", "edge"]}

    def names():
        chosen = Chosen(layer, None, shapes)
        request = measure_request(viewer, chosen, STACK, ResultLayers(viewer))
        return [roi.name for roi in request.regions_of_interest]

    assert names() == ["fovea", "ROI 2", "fovea (2)", "fovea (3)", "edge"]
    shapes.features = {"note": [1.0] * 5, "text": list("abcde")}
    assert names() == list("abcde")


def rectangles(viewer, layer, *corners):
    """Add rectangles with these two corners, in pixels of the labels."""
    ndim = len(corners[0][0])
    boxes = []
    for low, high in np.array(corners, float):
        change = np.flatnonzero(low != high)
        box = np.repeat(low[None], 4, axis=0)
        box[1:3, change[0]] = high[change[0]]
        box[2:, change[-1]] = high[change[-1]]
        boxes.append(box)
    return viewer.add_shapes(
        boxes,
        shape_type="rectangle",
        scale=layer.scale[-ndim:],
        translate=layer.translate[-ndim:],
        units=layer.units[-ndim:],
    )


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("ellipse", "has an ellipse, but regions of interest are upright rectangles: delete it"),
        ("polygon", "has a polygon, but"),
        ("turned", "has a turned rectangle, but"),
        ("elsewhere", "has no rectangle in the slice that is shown: draw one"),
        ("none", "has no rectangle there: draw one, or choose no regions of interest"),
        ("along", "has not the axis along which the layers run"),
    ],
)
def test_shapes_that_are_no_regions_of_interest(viewer, shape, said):
    layer, choices = add(viewer), STACK
    box = np.array([[0, 5], [0, 9], [9, 9], [9, 5.0]])
    if shape == "turned":
        shapes = viewer.add_shapes([box @ [[0.8, 0.6], [-0.6, 0.8]]], units=("um", "um"))
    elif shape == "elsewhere":
        shapes, choices = rectangles(viewer, layer, [(3, 0, 5), (3, 9, 9)]), MeasureChoices()
        viewer.dims.set_current_step(0, 1)
    elif shape == "none":
        shapes = viewer.add_shapes(None, ndim=2)
    elif shape == "along":
        shapes = rectangles(viewer, layer, [(0, 5), (9, 9)])
        viewer.dims.order = (2, 1, 0)
    else:
        shapes = viewer.add_shapes([box], shape_type=shape)
    with pytest.raises(RequestError, match=said):
        measure_request(viewer, Chosen(layer, None, shapes), choices, ResultLayers(viewer))


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((H, W), int), "No column is labelled from top to bottom .* choose the other way"),
        (np.ones((H, W), int), "No column is labelled"),
        (np.repeat([1, 2, 1], [9, 9, 22])[:, None].repeat(W, 1), "different orders.*rings"),
    ],
)
def test_labels_that_are_no_layers(viewer, pixels, said):
    layer = viewer.add_labels(pixels)
    outcome = run(viewer, Chosen(layer), MeasureChoices())
    assert outcome.result is None
    assert re.search(said, outcome.message)


def test_up_and_down_rows_are_called_rows(viewer):
    layer = viewer.add_labels(np.zeros((H, W), int))
    outcome = run(viewer, Chosen(layer), MeasureChoices(transposed=True))
    assert outcome.message.startswith("No row is labelled from left to right")


def test_a_rectangle_outside_of_the_image_is_told(viewer):
    layer = add(viewer)
    shapes = rectangles(viewer, layer, [(0, 80), (9, 90)])
    outcome = run(viewer, Chosen(layer, None, shapes))
    assert outcome.message.startswith("Nothing lies in the region of interest 'ROI 1'")


def test_what_cannot_be_measured_is_refused_before_it_begins(viewer):
    results = ResultLayers(viewer)

    def refused(chosen, said):
        with pytest.raises(RequestError, match=said):
            measure_request(viewer, chosen, STACK, results)

    refused(Chosen(None), "There is nothing to measure")
    layer = add(viewer)
    refused(Chosen(layer, layer), "compared with itself")
    refused(Chosen(layer, add(viewer, LABELS[:, 1:])), "has the shape 4 x 39 x 60")
    around = add(viewer, metadata={"layeredcnn": {"settings": {"direction": "around"}}})
    refused(Chosen(around), "about a center cannot be measured yet")
    refused(Chosen(layer, around), "about a center cannot be measured yet")
    grid = polar_grid((H, W), (20.0, 30.0))
    rings = add(viewer)
    results.remember(
        rings, image_plane(0), flat(5, width=grid.columns, height=grid.rows, grid=grid)
    )
    refused(Chosen(rings), "about a center cannot be measured yet")
    refused(Chosen(layer, add(viewer, translate=(100, 3, 8))), "lies elsewhere")
    viewer.dims.ndisplay = 3
    refused(Chosen(layer), "The viewer shows 3D")


def test_canceled_between_two_slices(viewer):
    layer = add(viewer)
    request = measure_request(viewer, Chosen(layer), STACK, ResultLayers(viewer))
    cancel, told = Event(), []

    class Stops(HowFar):
        def tell(self, text: str) -> None:
            told.append(text)
            if "slice 3" in text:
                cancel.set()

    assert measure_layers(request, 5, cancel, Stops()).canceled
    assert told[-1] == 'Reading "result": slice 3 of 4'


@pytest.mark.parametrize(
    ("how", "size", "unit"),
    [
        ({}, (1, 1), "pixel"),
        ({"scale": (0.1, -3.9), "units": ("um", "um")}, (0.1, 3.9), "micrometer"),
        ({"scale": (0.1, 3.9), "rotate": 30, "units": ("mm", "mm")}, (0.1, 3.9), "millimeter"),
        ({"scale": (2, 500), "units": ("mm", "um")}, (2, 0.5), "millimeter"),
        ({"affine": np.diag([4, 3, 1]), "units": ("um", "um")}, (4, 3), "micrometer"),
    ],
)
def test_size_of_a_pixel(how, size, unit):
    found = pixel_size(Labels(LABELS[0], **how), image_plane(), None)
    np.testing.assert_allclose(found[0], size, rtol=1e-12)
    assert found[1] == unit


def test_size_of_a_pixel_that_has_none():
    time = Labels(LABELS, units=("s", "um", "um"), scale=(9, 2, 3))
    assert pixel_size(time, image_plane(0), 0) == ((2, 3), "micrometer")
    with pytest.raises(RequestError, match=r"Rows of .* are in second, columns in micrometer"):
        pixel_size(time, Plane((None, 0, None), 0, 2), None)
    with pytest.raises(RequestError, match="is sheared"):
        pixel_size(Labels(LABELS[0], shear=[0.5]), image_plane(), None)
