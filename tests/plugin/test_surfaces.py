"""Curves of a stack as surfaces."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from napari.layers import Surface
from runs import flat, image_plane

from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.surfaces import show_surfaces, surface_meshes


def stack(*slices: int, **how) -> dict:
    """Level curves that sink by one row from slice to slice."""
    return {image_plane(z): flat(10 + z, 20 + z, width=9, **how) for z in slices}


def border(faces) -> int:
    """Number of edges that belong to one triangle only."""
    edges = [tuple(sorted(pair)) for face in faces.tolist() for pair in combinations(face, 2)]
    counts = np.unique(edges, axis=0, return_counts=True)[1]
    assert counts.max() <= 2
    return int((counts == 1).sum())


def area(vertices, faces) -> float:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_a_surface_passes_through_every_curve_of_every_slice():
    meshes = surface_meshes(stack(0, 1, 2))
    assert len(meshes) == 2
    for k, (vertices, faces) in enumerate(meshes):
        z, y, x = np.meshgrid(np.arange(3), [0], np.arange(9), indexing="ij")
        expected = np.stack([z, 9.5 + 10 * k + z + y, x], axis=-1).reshape(-1, 3)
        np.testing.assert_allclose(sorted(vertices.tolist()), sorted(expected.tolist()))
        assert len(faces) == 2 * 2 * 8
        assert border(faces) == 2 * (2 + 8)
        assert area(vertices, faces) == pytest.approx(2 * 8 * np.sqrt(2))


def test_a_slice_without_a_run_leaves_a_gap():
    vertices, faces = surface_meshes(stack(0, 1, 3, 4, 7))[0]
    assert sorted(set(vertices[:, 0])) == [0, 1, 3, 4]
    for face in faces:
        assert np.ptp(vertices[face, 0]) == 1


def test_columns_without_a_curve_leave_a_gap():
    runs = stack(0, 1)
    curves = runs[image_plane(1)].curves
    curves[:, 4] = np.nan
    vertices, faces = surface_meshes(runs)[0]
    assert np.isfinite(vertices).all()
    assert faces.max() < len(vertices)
    x = vertices[faces, 2]
    assert not ((x.min(axis=1) < 4) & (x.max(axis=1) > 4)).any()
    # Of the two squares beside it one corner is left.
    assert area(vertices, faces) == pytest.approx((8 - 1.5) * np.sqrt(2))


@pytest.mark.parametrize(
    "runs",
    [
        {},
        {image_plane(): flat(10, 20)},
        stack(0, 2, 4),
        {image_plane(0): flat(10, 20), image_plane(1): flat(10, 20, ids=(1, 5, 3))},
        {image_plane(0): flat(10, 20), image_plane(1): flat(10, 20, transposed=True)},
        {image_plane(0): flat(10), image_plane(1): flat(np.nan)},
    ],
)
def test_without_neighbors_there_is_none(runs):
    assert surface_meshes(runs) == []


def test_neighbors_lie_along_the_last_axis_that_has_any():
    runs = {image_plane(t, z): flat(10, width=9) for t in (0, 1) for z in (3, 4)}
    vertices, faces = surface_meshes(runs)[0]
    assert vertices.shape == (4 * 9, 4)
    assert (np.ptp(vertices[faces][..., 0], axis=1) == 0).all()
    over_time = {image_plane(t, 3): flat(10, width=9) for t in (0, 1)}
    vertices, faces = surface_meshes(over_time)[0]
    assert len(faces) == 16


def test_slices_of_a_rolled_viewer_and_curves_along_columns():
    runs = {
        Plane((None, i, None), rows=2, columns=0): flat(10, width=9, transposed=True)
        for i in (5, 6)
    }
    vertices, faces = surface_meshes(runs)[0]
    assert set(vertices[:, 1]) == {5, 6}
    assert set(vertices[:, 0]) == {9.5}
    assert set(vertices[:, 2]) == set(range(9))
    assert area(vertices, faces) == pytest.approx(8)


def test_closed_curves_make_a_closed_tube():
    runs = {}
    for z, center, angle in ((0, (50, 60), 0), (1, (52, 58), 90), (2, (30, 61), 0)):
        grid = polar_grid((100, 120), center, start_angle=angle)
        runs[image_plane(z)] = flat(20, width=grid.columns, height=grid.rows, grid=grid)
    assert len({run.grid.columns for run in runs.values()}) > 1
    vertices, faces = surface_meshes(runs)[0]
    columns = len(vertices) // 3
    assert border(faces) == 2 * columns  # its two ends
    for z, (plane, run) in enumerate(runs.items()):
        assert plane.index[0] == z
        ring = vertices[vertices[:, 0] == z, 1:]
        radii = np.linalg.norm(ring - run.grid.center, axis=1)
        np.testing.assert_allclose(radii, 20, atol=1e-4)
    # No twist: rays at the same angle are joined, whatever the rays at which the runs began.
    centers = np.array([run.grid.center for run in runs.values()])
    rays = (vertices[:, 1:] - centers[vertices[:, 0].astype(int)])[faces]
    angles = np.unwrap(np.arctan2(rays[..., 0], rays[..., 1]), axis=1)
    assert np.ptp(angles, axis=1).max() <= 2 * np.pi / columns + 1e-6


# ------------------------------------------------------------------------ in the viewer


@pytest.fixture
def result(viewer):
    layer = viewer.add_labels(
        np.ones((5, 60, 9), np.uint8),
        name="result",
        scale=(5, 0.5, 0.5),
        translate=(1, 2, 3),
        units=("um",) * 3,
    )
    for z, kept in enumerate(stack(0, 1, 2, 3, 4).values()):
        layer.data[z] = kept.labels()
    return layer


def surfaces(viewer) -> list[Surface]:
    return [layer for layer in viewer.layers if isinstance(layer, Surface)]


def test_layers_lie_on_the_result_in_the_colors_of_the_regions(viewer, result):
    memory = {}
    list(show_surfaces(viewer, result, result, stack(0, 1, 2), memory))
    found = surfaces(viewer)
    assert [layer.name for layer in found] == ["result surface 1", "result surface 2"]
    assert viewer.layers.selection == {result}
    for k, layer in enumerate(found):
        np.testing.assert_array_equal(layer.scale, result.scale)
        np.testing.assert_array_equal(layer.translate, result.translate)
        assert layer.units == result.units
        color = layer.colormap.map(layer.vertex_values)[0]
        np.testing.assert_allclose(color, result.get_color(k + 2), atol=1e-6)
    assert not np.allclose(found[0].colormap.colors, found[1].colormap.colors)
    again = {}
    for _ in range(2):  # the same colors once more, under the same names
        list(show_surfaces(viewer, result, result, stack(0, 1), again))
    assert len(surfaces(viewer)) == 4


def test_a_new_run_changes_them_in_place(viewer, result):
    memory = {}
    list(show_surfaces(viewer, result, result, stack(0, 1, 2), memory))
    first, second = surfaces(viewer)
    first.colormap, first.opacity = "viridis", 0.3
    list(show_surfaces(viewer, result, result, stack(0, 1, 2, 3), memory))
    assert surfaces(viewer) == [first, second]
    assert first.data[0][:, 0].max() == 3
    assert (first.colormap.name, first.opacity) == ("viridis", 0.3)
    viewer.layers.remove(first)
    list(show_surfaces(viewer, result, result, stack(0, 1), memory))
    assert [layer.name for layer in surfaces(viewer)] == ["result surface 2", "result surface 1"]
    assert second.data[0][:, 0].max() == 1
    one_curve = {image_plane(z): flat(10, width=9) for z in (0, 1)}
    list(show_surfaces(viewer, result, result, one_curve, memory))
    assert [layer.name for layer in surfaces(viewer)] == ["result surface 1"]
    list(show_surfaces(viewer, result, result, stack(0, 2), memory))
    assert surfaces(viewer) == []


def test_it_is_seen_in_3d(viewer, result, qtbot):
    result.visible = False
    list(show_surfaces(viewer, result, result, stack(0, 1, 2, 3, 4), {}))
    viewer.dims.ndisplay = 3
    viewer.reset_view()
    viewer.scene.camera.angles = (10, 40, 60)
    qtbot.wait(100)
    picture = viewer.screenshot(flash=False)[..., :3]
    lit = picture[picture.max(axis=2) > 60].astype(float)
    assert len(lit) > 5000
    for layer in surfaces(viewer):  # each is lit in its own color
        color = np.array(layer.colormap.colors[0][:3])
        likeness = lit @ color / np.linalg.norm(lit, axis=1) / np.linalg.norm(color)
        assert (likeness > 0.998).sum() > 500


def test_in_four_axes(viewer):
    result = viewer.add_labels(np.ones((2, 3, 60, 9), np.uint8))
    runs = {image_plane(t, z): flat(10 + t, width=9) for t in (0, 1) for z in (0, 1, 2)}
    list(show_surfaces(viewer, result, result, runs, {}))
    viewer.dims.ndisplay = 3
    for t in (0, 1):
        viewer.dims.set_point(0, t)
        (layer,) = surfaces(viewer)
        rows = layer._view_vertices[np.unique(layer._view_faces)][:, 1]
        assert set(rows) == {9.5 + t}
