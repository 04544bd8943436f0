"""Maps and colored surfaces of what was measured, as layers."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from measured import CURVES, LABELS, H, S, W, add
from napari.components import ViewerModel

from napari_layeredcnn.core.measure_maps import height_map, thickness_map
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.plugin.measure_layers import add_map, add_surfaces, make_map, maps_of
from napari_layeredcnn.plugin.measure_request import Chosen, MeasureChoices, measure_request
from napari_layeredcnn.plugin.measure_worker import HowFar, measure_layers
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.results import ResultLayers


@pytest.fixture
def viewer():
    return ViewerModel()


def measured(viewer, layer, **choices):
    choices = MeasureChoices(**({"slices": "stack"} | choices))
    request = measure_request(viewer, Chosen(layer), choices, ResultLayers(viewer))
    return measure_layers(request, 1, Event(), HowFar()).result


def test_a_map_lies_below_its_slices_column_under_column(viewer):
    result = measured(viewer, add(viewer))
    maps = dict(maps_of(result.segmentation))
    assert list(maps) == [
        "Thickness of Region 2",
        "Thickness of Region 3",
        "Height of Region 1 / Region 2",
        "Height of Region 2 / Region 3",
        "Height of Region 3 / Region 4",
    ]
    viewer.layers.selection = {viewer.layers[0]}
    found = add_map(viewer, result.request, make_map(result, maps["Thickness of Region 2"]))
    np.testing.assert_array_equal(found.data, thickness_map(result.segmentation, 1).values)
    assert found.name == "thickness of Region 2 (µm)"
    assert found.units == viewer.layers[0].units[1:]
    assert (found.scale == [5, 0.25]).all()
    assert found.colormap.name == "viridis"
    assert found.colorbar.visible
    low, high = np.percentile(found.data, [1, 99])
    np.testing.assert_allclose(found.contrast_limits, [low, high])
    assert viewer.layers.selection == {viewer.layers[0]}
    # Its columns are those of the labels, and it begins a little below their last row.
    left, top = found.data_to_world((0, 0))[1], found.data_to_world((-0.5, 0))[0]
    assert left == 7
    bottom = viewer.layers[0].data_to_world((0, H - 0.5, 0))[1]
    assert bottom < top < bottom + 0.1 * H * 0.5


def test_a_map_of_layers_that_run_up_and_down_lies_beside_them(viewer):
    layer = add(viewer, LABELS.transpose(0, 2, 1), scale=(5, 0.25, 0.5), translate=(0, 3, 7))
    result = measured(viewer, layer, transposed=True)
    found = add_map(viewer, result.request, make_map(result, ("height", 0)))
    np.testing.assert_array_equal(found.data, height_map(result.segmentation, 0).values.T)
    assert found.data.shape == (W, S)
    assert (found.scale == [0.25, 5]).all()
    assert found.data_to_world((0, 0))[0] == 3
    right = layer.data_to_world((0, 0, H - 0.5))[2]
    assert right < found.data_to_world((0, -0.5))[1] < right + 0.1 * H * 0.5


@pytest.mark.parametrize("order", [(1, 2, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_map_in_a_rolled_view_lies_below_the_slices_as_they_are_shown(viewer, order, transposed):
    """Wherever the axes of the slices are, what is seen is what is seen of the plain stack."""
    stack = LABELS.transpose(0, 2, 1) if transposed else LABELS
    sizes = (5, 0.25, 0.5) if transposed else (5, 0.5, 0.25)
    axes = np.argsort(order)  # where slices, rows and columns of the plain stack go
    scale, translate = (np.array(all_)[axes] for all_ in (sizes, (100, 3, 7)))
    layer = add(viewer, stack.transpose(axes), scale=scale, translate=translate)
    viewer.dims.order = order
    viewer.dims.set_point(order[0], 105)
    result = measured(viewer, layer, transposed=transposed)
    found = add_map(viewer, result.request, make_map(result, ("thickness", 1)))

    plain = ViewerModel()
    result = measured(plain, add(plain, stack, scale=sizes, translate=(100, 3, 7)),
                      transposed=transposed)  # fmt: skip
    expected = add_map(plain, result.request, make_map(result, ("thickness", 1)))
    assert viewer.dims.displayed == order[1:]
    seen = np.asarray(found._slice.image.view)
    np.testing.assert_array_equal(seen, expected.data)
    missing = 3 - found.ndim
    shown = [axis - missing for axis in order[1:]]
    assert min(shown) >= 0
    for name in ("scale", "translate"):
        np.testing.assert_allclose(getattr(found, name)[shown], getattr(expected, name))
    viewer.dims.set_point(order[0], 115)  # it stays there in other slices
    np.testing.assert_array_equal(np.asarray(found._slice.image.view), expected.data)


def test_a_map_follows_the_viewer_when_it_is_rolled(viewer):
    layer = add(viewer)
    result = measured(viewer, layer)
    flat = add_map(viewer, result.request, make_map(result, ("thickness", 1)))
    viewer.layers.selection = {flat}
    viewer.dims.order = (2, 1, 0)  # slices are columns now, columns slices
    result = measured(viewer, layer)
    rolled = add_map(viewer, result.request, make_map(result, ("thickness", 1)))
    assert list(viewer.layers) == [layer, rolled]
    np.testing.assert_array_equal(np.asarray(rolled._slice.image.view), flat.data.T)
    assert rolled.data.shape == (S, W, W)


def test_the_same_map_again_is_changed_in_place(viewer):
    layer = add(viewer, LABELS.copy())
    result = measured(viewer, layer)
    first = add_map(viewer, result.request, make_map(result, ("thickness", 1)))
    other = add_map(viewer, result.request, make_map(result, ("thickness", 2)))
    assert other is not first
    layer.data[0] = regions_from_curves(CURVES[0] + np.array([0, 4, 4])[:, None], H, (1, 2, 3, 4))
    result = measured(viewer, layer)
    again = add_map(viewer, result.request, make_map(result, ("thickness", 1)))
    assert again is first
    assert len(viewer.layers) == 3
    np.testing.assert_array_equal(first.data, thickness_map(result.segmentation, 1).values)
    np.testing.assert_allclose(first.contrast_limits, np.percentile(first.data, [1, 99]))


def test_flat_and_empty_maps(viewer):
    flat = np.repeat([1, 2, 3], [10, 10, 20])[:, None].repeat(W, 1)
    result = measured(viewer, add(viewer, np.stack([flat] * S)))
    found = add_map(viewer, result.request, make_map(result, ("thickness", 1)))
    low, high = found.contrast_limits
    assert low == 5 < high
    result.segmentation.curves[:, 1] = result.segmentation.curves[:, 0]
    with pytest.raises(RequestError, match="nothing to map: the thickness of Region 2 is nowhere"):
        add_map(viewer, result.request, make_map(result, ("thickness", 1)))


def test_perpendicular_maps_and_what_was_left_out(viewer):
    layer = add(viewer)
    result = measured(viewer, layer, perpendicular=True)
    found = make_map(result, ("thickness", 1))
    assert found.name == "perpendicular thickness of Region 2"
    expected = thickness_map(result.segmentation, 1, perpendicular=True).values
    np.testing.assert_array_equal(found.values, expected)


def test_no_maps_of_one_slice_or_of_slices_over_time(viewer):
    layer = add(viewer)
    assert maps_of(measured(viewer, layer, slices="shown").segmentation) == []
    time = add(viewer, units=("s", "um", "um"))
    assert maps_of(measured(viewer, time).segmentation) == []


def test_surfaces_have_a_color_bar_and_are_changed_in_place(viewer):
    result = measured(viewer, add(viewer))
    layers = add_surfaces(viewer, result.profiles)
    assert [layer.name for layer in layers] == [
        "result thickness of Region 2",
        "result thickness of Region 3",
    ]
    assert [layer.colorbar.visible for layer in layers] == [False, True]
    assert add_surfaces(viewer, result.profiles) == layers
    assert len(viewer.layers) == 3


def test_surfaces_of_different_limits_have_a_color_bar_each(viewer):
    result = measured(viewer, add(viewer))
    thickness = result.profiles.thickness.copy()
    thickness[:, 1] += 100
    apart = replace(result.profiles, thickness=thickness)
    layers = add_surfaces(viewer, apart)
    assert layers[0].contrast_limits != layers[1].contrast_limits
    assert [layer.colorbar.visible for layer in layers] == [True, True]
