"""Thickness along the layers, and where its columns are in the viewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured import CURVES, LABELS, THICKNESS, H, S, W, add, profiles_of, segmentation
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.plugin.measure_profiles import measure_profiles
from napari_layeredcnn.plugin.measure_readout import describe, slice_words
from napari_layeredcnn.plugin.planes import Plane, shown_plane

STACK = Plane((0, None, None), 1, 2)


@pytest.fixture
def labels():
    return Labels(LABELS)


def test_thickness_and_its_error_are_those_of_the_curves(labels):
    found = measure_profiles(segmentation(), labels, STACK, 0)
    assert found.names == ("skin", "fat")
    assert found.unit == "um"
    assert (found.thickness.dtype, found.error.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(found.thickness, THICKNESS * 0.5, rtol=1e-6)
    expected = 0.5 * np.array([np.hypot(0.3, 0.4), np.hypot(0.4, 1.2)])
    np.testing.assert_allclose(
        found.error, np.broadcast_to(expected[:, None], (S, 2, W)), rtol=1e-6
    )
    for color, label in zip(found.colors, (2, 3), strict=True):
        np.testing.assert_allclose(color, labels.get_color(label)[:3])


@pytest.mark.parametrize("perpendicular", [False, True])
@pytest.mark.parametrize("length", [None, 7])
def test_means_of_slices_are_those_of_the_table(labels, perpendicular, length):
    curves = CURVES.copy()
    curves[1, :, 20:30] = np.nan
    curves[2, 1] = curves[2, 0]  # skin ends
    uncertainty = np.random.default_rng(1).uniform(0.1, 2, curves.shape)
    uncertainty[3, 1, 5] = np.nan
    how = {"max_uncertainty": 1.5, "correlation_length": length, "perpendicular": perpendicular}
    stack = segmentation(curves, uncertainty=uncertainty)
    found = measure_profiles(stack, labels, STACK, 0, **how)
    kind = "perpendicular thickness" if perpendicular else "thickness"
    assert found.kind == kind
    table = {(row.slice, row.region, row.measure): row.value for row in measure(stack, **how)}
    for what, means in zip((f"{kind} mean", f"{kind} mean error"), found.means, strict=True):
        expected = [[table[s, name, what] for name in ("skin", "fat")] for s in range(S)]
        np.testing.assert_allclose(means, expected, rtol=1e-5)
    assert np.isnan(found.means[0]).sum() == 1  # where skin has ended


def test_a_tilted_slab_has_its_true_thickness_perpendicular(labels):
    upper = 5 + 0.5 * np.arange(W)
    slab = Segmentation([upper, upper + 8], height=60, uncertainty=np.ones((2, W)))
    found = measure_profiles(slab, labels, Plane((None, None), 0, 1), perpendicular=True)
    share = np.cos(np.arctan(0.5))
    np.testing.assert_allclose(found.thickness[0, 0, 20:40], 8 * share, rtol=1e-6)
    np.testing.assert_allclose(found.error[0, 0, 20:40], np.sqrt(2) * share, rtol=1e-6)


def test_regions_without_thickness_are_left_out():
    image = Image(np.zeros((9, 3)))
    plane = Plane((None, None), 0, 1)
    nan = np.nan
    one = Segmentation([[2, 3, nan], [2, 3, nan], [5, 6, nan]], height=9, region_ids=(0, 1, 2, 3))
    assert measure_profiles(one, image, plane).regions == (2,)
    bordered = measure_profiles(one, image, plane, to_border=True)
    assert bordered.names == ("background", "Region 2", "Region 3")
    np.testing.assert_array_equal(bordered.thickness[0, :, :2], [[2, 3], [3, 3], [4, 3]])
    assert bordered.error is None
    assert bordered.means[1] is None
    assert len(set(bordered.colors)) == 1  # gray: an image has no colors for regions
    without_height = replace(one, height=None)
    assert measure_profiles(without_height, image, plane, to_border=True).regions == (0, 2)
    assert measure_profiles(Segmentation([[2, 3, 4]]), image, plane).regions == ()


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0)])
def test_from_a_column_to_a_place_of_the_layer_and_back(order):
    """However the viewer is rolled, the slices' axis is the one that it does not show."""
    viewer = ViewerModel()
    labels = np.moveaxis(LABELS, (0, 1, 2), order)
    layer = viewer.add_labels(labels)
    viewer.dims.order = order
    found = profiles_of(viewer, layer, axis=order[0])
    for index, region, column in [(0, 0, 0), (2, 1, 33), (3, 0, 59)]:
        plane, place = found.plane_of(index), found.place(index, region, column)
        (point,) = plane.vertices([place[0]], [place[1]])
        assert labels[tuple(np.round(point).astype(int))] == region + 2
        where = found.locate(point)
        assert where[:2] == (index, column)
        assert found.region_at(*where) == region
    (outside,) = found.plane_of(1).vertices([10], [W])
    assert found.locate(outside) is None
    assert found.slice_at(outside) == 1


def test_curves_that_run_down_the_image():
    viewer = ViewerModel()
    layer = viewer.add_labels(LABELS.swapaxes(1, 2))
    found = profiles_of(viewer, layer, of=segmentation(transposed=True))
    assert found.place(2, 0, 30) == (30.0, 8 - 0.5 + (6 + 3) / 2)
    assert layer.data[2][30, 12] == 2
    assert found.locate((2, 30, 12)) == (2, 30, 12.5)
    assert describe(found, 2, 0, 30) == "skin 2.25 ± 0.12 µm in row 30 (15 µm)"


def test_slices_that_are_not_all_there_and_further_axes():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.stack([LABELS, LABELS]))
    viewer.dims.set_point(0, 1)
    some = segmentation(CURVES[[0, 3]], slices=(0, 3))
    found = measure_profiles(some, layer, shown_plane(viewer, layer).at(1, 0), 1)
    assert found.plane_of(1).index == (1, 3, None, None)
    assert slice_words(found, 1) == "slice 1, 3"
    assert found.locate((1, 3, 10, 20)) == (1, 20, 10.5)
    for elsewhere in [(1, 2, 10, 20), (0, 3, 10, 20)]:
        assert found.slice_at(elsewhere) is None
        assert found.locate(elsewhere) is None


def test_places_in_columns_without_curves(labels):
    curves = CURVES[0].copy()
    curves[:, 5] = np.nan
    curves[0, 6] = np.nan
    found = measure_profiles(segmentation(curves), labels, Plane((1, None, None), 1, 2))
    assert not found.is_stack
    assert found.place(0, 0, 5) == ((H - 1) / 2, 5.0)
    assert found.region_at(0, 5, 12) is None
    for column in (5, 6):
        row, x = found.place(0, 0, column)
        assert 0 <= row < H
        assert x == column
    assert describe(found, 0, 0, 5) == "skin has no thickness in column 5 (1.25 µm)"


def test_words_of_means_and_without_a_unit():
    viewer = ViewerModel()
    layer = add(viewer)
    found = profiles_of(viewer, layer)
    assert describe(found, 3, 1, None) == "fat 6.50 ± 0.94 µm in slice 3"
    plain = Segmentation(CURVES[0], height=H)
    one = measure_profiles(plain, Labels(LABELS[0]), Plane((None, None), 0, 1))
    assert describe(one, 0, 0, 12) == "Region 2 7.2 px in column 12"
    assert describe(one, 0, None, 12) == "Column 12"
