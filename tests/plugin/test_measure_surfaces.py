"""Curves of a measured stack as surfaces in the colors of the thickness below them."""

from __future__ import annotations

import numpy as np
import pytest
from measured import CURVES, LABELS, PLACE, THICKNESS, S, W, add, profiles_of, segmentation
from napari.components import ViewerModel
from napari.layers import Layer, Surface
from napari.utils.colormaps import ensure_colormap

from napari_layeredcnn.plugin.measure_profiles import measure_profiles
from napari_layeredcnn.plugin.measure_surfaces import colored_surfaces
from napari_layeredcnn.plugin.planes import Plane, RequestError, shown_plane

Y = PLACE["scale"][1]


@pytest.fixture
def model():
    return ViewerModel()


def surfaces(profiles) -> list[Surface]:
    return [Layer.create(*data) for data in colored_surfaces(profiles)]


def with_heights(gaps: np.ndarray, **how):
    """Curves of a stack in which these (S, R, W) are the regions' thickness in pixels."""
    first = np.zeros((len(gaps), 1, gaps.shape[2]))
    return segmentation(5 + np.concatenate([first, np.cumsum(gaps, axis=1)], axis=1), **how)


def test_vertices_lie_on_the_curve_and_have_the_thickness_below_it(model):
    layer = add(model)
    profiles = profiles_of(model, layer)
    found = surfaces(profiles)
    assert [one.name for one in found] == [
        "result thickness of skin",
        "result thickness of fat",
    ]
    for r, one in enumerate(found):
        z, x = one.vertices[:, [0, 2]].astype(int).T
        assert set(zip(z, x, strict=True)) == {(s, w) for s in range(S) for w in range(W)}
        np.testing.assert_allclose(one.vertices[:, 1], CURVES[z, r, x] - 0.5)
        np.testing.assert_allclose(one.vertex_values, THICKNESS[z, r, x] * Y, rtol=1e-6)
        assert len(one.faces) == 2 * (S - 1) * (W - 1)
        assert (np.ptp(one.vertices[one.faces][..., [0, 2]], axis=1) == 1).all()
        np.testing.assert_array_equal(one.scale, layer.scale)
        np.testing.assert_array_equal(one.translate, layer.translate)
        assert one.units == layer.units
        assert one.colormap.name == "viridis"
        assert one.metadata == {"region": profiles.names[r], "unit": "um"}


def test_where_there_is_no_thickness_is_a_hole(model):
    curves = CURVES.copy()
    curves[1, :, 10] = np.nan  # no curves
    curves[2, 1, 20] = curves[2, 0, 20]  # skin has ended
    profiles = profiles_of(model, add(model), of=segmentation(curves, uncertainty=None))
    skin, fat = surfaces(profiles)
    for one, holes in ((skin, {(1, 10), (2, 20)}), (fat, {(1, 10)})):
        assert np.isfinite(one.vertex_values).all()
        places = {(int(z), int(x)) for z, _, x in one.vertices}
        assert {(s, w) for s in range(S) for w in range(W)} - places == holes
        assert len(one.faces) == 2 * (S - 1) * (W - 1) - 6 * len(holes)


def test_slices_that_do_not_follow_each_other_stay_apart(model):
    layer = model.add_labels(np.zeros((9, 40, W), np.uint8))
    some = segmentation(np.concatenate([CURVES, CURVES[:1]]), slices=(0, 1, 5, 6, 8))
    one, _ = surfaces(measure_profiles(some, layer, Plane((0, None, None), 1, 2), 0))
    slices = one.vertices[one.faces][..., 0]
    assert set(one.vertices[:, 0]) == {0, 1, 5, 6}
    assert {tuple(sorted(set(face))) for face in slices.astype(int).tolist()} == {(0, 1), (5, 6)}


@pytest.mark.parametrize(
    ("of", "axis"),
    [(segmentation(CURVES, slices=(0, 2, 4, 6)), 0), (segmentation(CURVES[0]), None)],
)
def test_without_neighboring_slices_there_is_none(model, of, axis):
    layer = model.add_labels(np.zeros((9, 40, W), np.uint8))
    with pytest.raises(RequestError, match="two neighboring slices"):
        colored_surfaces(measure_profiles(of, layer, Plane((0, None, None), 1, 2), axis))


def test_regions_share_colors_if_these_tell_something(model):
    layer = add(model)
    grows = np.linspace(0, 4, W) + np.zeros((S, 1, W))
    alike = with_heights(np.concatenate([2 + grows, 3 + grows], axis=1))
    one, other = surfaces(profiles_of(model, layer, of=alike))
    assert one.contrast_limits == other.contrast_limits
    assert one.contrast_limits == pytest.approx([2 * Y, 7 * Y], abs=0.1)
    unlike = with_heights(np.concatenate([2 + grows, 20 + grows], axis=1))
    one, other = surfaces(profiles_of(model, layer, of=unlike))
    assert one.contrast_limits == pytest.approx([2 * Y, 6 * Y], abs=0.1)
    assert other.contrast_limits == pytest.approx([20 * Y, 24 * Y], abs=0.1)
    (level,) = surfaces(
        profiles_of(model, layer, of=with_heights(np.full((S, 1, W), 4.0), names=()))
    )
    low, high = level.contrast_limits
    assert low < 4 * Y < high


def test_to_the_border_and_a_first_region_without_a_curve_above(model):
    profiles = profiles_of(model, add(model), to_border=True)
    assert profiles.names == ("air", "skin", "fat", "bone")
    found = surfaces(profiles)
    assert [one.metadata["region"] for one in found] == ["skin", "fat", "bone"]
    np.testing.assert_allclose(
        found[2].vertices[:, 1] + 0.5 + found[2].vertex_values / Y, 40, rtol=1e-6
    )


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (1, 2, 0)])
def test_of_a_rolled_viewer(model, order):
    """Rolled labels have the same surface, with its axes rolled."""
    expected, _ = surfaces(profiles_of(model, add(model)))
    other = ViewerModel()
    layer = other.add_labels(np.moveaxis(LABELS, (0, 1, 2), order))
    other.dims.order = order
    found, _ = surfaces(profiles_of(other, layer, axis=order[0]))
    np.testing.assert_allclose(found.vertices[:, order], expected.vertices)
    np.testing.assert_array_equal(found.faces, expected.faces)
    np.testing.assert_array_equal(found.vertex_values, expected.vertex_values)


def test_curves_that_run_down_the_image(model):
    layer = model.add_labels(LABELS.swapaxes(1, 2))
    one, _ = surfaces(profiles_of(model, layer, of=segmentation(transposed=True)))
    z, x = one.vertices[:, :2].astype(int).T
    np.testing.assert_allclose(one.vertices[:, 2], CURVES[z, 0, x] - 0.5)


def test_seen_in_3d_in_the_colors_of_the_thickness(viewer, qtbot):
    """Over time: the surface is of the time that was measured."""
    layer = viewer.add_labels(np.stack([LABELS, LABELS]), name="result")
    viewer.dims.set_current_step(0, 1)
    profiles = measure_profiles(segmentation(), layer, shown_plane(viewer, layer).at(1, 0), 1)
    for data, settings, kind in colored_surfaces(profiles):
        viewer.add_layer(Layer.create(data, settings, kind))
    layer.visible = viewer.layers["result thickness of fat"].visible = False
    viewer.dims.ndisplay = 3
    viewer.reset_view()
    viewer.scene.camera.angles = (10, 40, 60)
    qtbot.wait(100)
    picture = viewer.screenshot(flash=False)[..., :3].reshape(-1, 3)
    lit = picture[picture.max(axis=1) > 40]
    assert len(lit) > 1000
    colors = 255 * ensure_colormap("viridis").map(np.linspace(0, 1, 256))[:, :3]
    away = np.abs(lit[::7, None].astype(float) - colors).max(axis=2)
    assert (away.min(axis=1) < 8).mean() > 0.95
    # From 3 to 5.9, of colors that go to 6.5 as the other region does.
    assert set((away.argmin(axis=1) // 32).tolist()) == set(range(7))
    viewer.dims.set_current_step(0, 0)
    qtbot.wait(50)
    assert (viewer.screenshot(flash=False)[..., :3].max(axis=2) > 40).sum() < 100
