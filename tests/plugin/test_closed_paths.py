"""Closed curves: paths to distances on rays, and from the viewer to files and back."""

from __future__ import annotations

import numpy as np
import pytest
from hands import dock, segment, stroke
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from runs import a_run, image_plane

from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.files import Around, FileError, read_curves, write_curves
from napari_layeredcnn.plugin.closed_paths import around_of, radii_on_rays
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.writers import SaveError, write_curves_layer

PLUGIN = "napari-layeredcnn"
CENTER = Around((40.5, 52.0), start_angle=33.0)
PATHS = {"uncertainty": False, "paths": True, "surfaces": False}


def polar(angles, radii):
    """Vertices about `CENTER`; angles are degrees from ray 0."""
    turned = np.deg2rad(np.asarray(angles, float) + CENTER.start_angle)
    offsets = np.stack([np.sin(turned), np.cos(turned)], axis=-1)
    return np.array(CENTER.center) + np.asarray(radii, float)[:, None] * offsets


def slow_radius(path, around, angle):
    """Where the one side that a ray meets is met: center + r * ray = a + t * (b - a)."""
    angle = np.deg2rad(angle)
    ray, found = np.array([np.sin(angle), np.cos(angle)]), []
    for a, b in zip(path, np.roll(path, -1, axis=0), strict=True):
        r, t = np.linalg.solve(np.stack([ray, a - b], axis=1), a - np.array(around.center))
        if r > 0 and -1e-9 <= t <= 1 + 1e-9:
            found.append(r)
    assert np.ptp(found) < 1e-6
    return found[0]


class TestRadii:
    @pytest.mark.parametrize("turn", [1, -1])
    def test_a_written_path_gives_what_was_written(self, turn):
        radii = np.random.default_rng(0).uniform(0, 40, 150)
        radii[[0, 7]] = 0
        path = CENTER.vertices(radii)[::turn].astype(np.float32)  # as napari keeps it
        np.testing.assert_allclose(radii_on_rays(path, CENTER, 150), radii, atol=1e-4)

    @settings(deadline=None)
    @given(
        corners=st.lists(st.floats(5, 60), min_size=5, max_size=30),
        start=st.floats(-400, 400),
        n=st.integers(3, 90),
        turn=st.sampled_from([1, -1]),
        jitter=st.integers(0, 99),
    )
    def test_followed_straight_between_vertices(self, corners, start, n, turn, jitter):
        m = len(corners)
        shifts = np.random.default_rng(jitter).uniform(0, 0.9, m)
        angles = start + 360 * (np.arange(m) + shifts) / m
        beside = np.deg2rad(360 / n) * np.abs(angles * n / 360 - np.round(angles * n / 360))
        assume((beside * corners > 3e-3).all())  # else a vertex may count as on a ray, see below
        path = polar(angles, corners)[::turn]
        found = radii_on_rays(np.concatenate([path, path[:1]]), CENTER, n)
        slow = [slow_radius(path, CENTER, angle) for angle in CENTER.angles(n)]
        np.testing.assert_allclose(found, slow, rtol=1e-6)

    @pytest.mark.parametrize("beside", [-1e-3, 1e-3])
    def test_a_vertex_very_near_to_a_ray_is_on_it(self, beside):
        """Of a side that runs along the ray, too, where any other place is far off."""
        path = polar([0, np.rad2deg(beside / 40), 90, 180, 270], [5, 40, 20, 20, 20])
        with pytest.raises(FileError, match="several places"):
            radii_on_rays(path, CENTER, 4)
        path = polar([np.rad2deg(beside / 40), 1, 90, 180, 270], [40, 5, 20, 20, 20])
        np.testing.assert_allclose(radii_on_rays(path, CENTER, 4), [40, 20, 20, 20], atol=1e-5)

    @pytest.mark.parametrize("gone", [[0], [-1], [0, -1], [0, 1], [5], [5, 6, 7], [3, 50, 99]])
    def test_deleted_vertices_are_bridged(self, gone):
        radii = 20 + 5 * np.sin(np.deg2rad(np.arange(100) * 3.6))
        path = np.delete(CENTER.vertices(radii), gone, axis=0)
        found = radii_on_rays(path, CENTER, 100)
        np.testing.assert_allclose(found, radii, atol=0.25)
        lost = np.isin(np.arange(100), np.array(gone) % 101 % 100)
        lost[0] &= 0 in gone and -1 in gone
        np.testing.assert_allclose(found[~lost], radii[~lost], atol=1e-6)

    def test_a_moved_vertex_moves_its_ray_only(self):
        path = CENTER.vertices(np.full(60, 20.0))
        path[10] = polar([60], [27])[0]
        expected = np.full(60, 20.0)
        expected[10] = 27
        np.testing.assert_allclose(radii_on_rays(path, CENTER, 60), expected, atol=1e-6)
        path[10] = polar([63], [27])[0]  # between two rays now
        found = radii_on_rays(path, CENTER, 60)
        keep = np.arange(60) != 10
        np.testing.assert_allclose(found[keep], 20, atol=1e-6)
        assert 20 < found[10] < 27

    def test_a_wiggle_between_two_rays_is_let_be(self):
        path = np.insert(CENTER.vertices(np.full(60, 20.0)), 11, polar([64, 62], [21, 22]), axis=0)
        np.testing.assert_allclose(radii_on_rays(path, CENTER, 60), 20, atol=1e-6)

    @pytest.mark.parametrize(
        ("path", "match"),
        [
            (polar(np.arange(0, 271, 6), [20] * 46), r"^It is open over 90\.0 degrees"),
            (polar(np.arange(0, 351, 6), [20] * 59), r"^It is open over 12\.0 degrees"),
            (polar([0, 40, 80, 40, 0], [20, 20, 20, 30, 20]), "0 times instead of once"),
            (polar(np.arange(0, 721, 6), [20] * 121), "2 times instead of once"),
            (polar([0, 90, 180, 270, 0], [20, 20, 0, 20, 20]), "passes through the center"),
            (polar([0, 180, 270, 0], [20, 20, 20, 20]), "passes through the center"),
            (polar([0, 90, 100, 80, 180, 270, 0], [20, 20, 21, 22, 20, 20, 20]), "several places"),
            (
                polar([0, 90, 90, 180, 270, 0], [20, 20, 25, 20, 20, 20]),
                "at 123.0 degrees .* in several",
            ),
            (polar([0], [20]), "0 times"),
        ],
    )
    def test_what_is_no_closed_curve_is_told(self, path, match):
        with pytest.raises(FileError, match=match):
            radii_on_rays(path, CENTER, 120, "It")

    @pytest.mark.parametrize(
        "note", [None, 3, {}, {"center": [1], "start_angle": 0}, {"center": [1, "b"]}]
    )
    def test_notes_of_others_are_no_center(self, note):
        assert around_of({"around": note}) is None


def ring_run(shape, center, start=0.0, *, seed=0, ids=(5, 2, 9)):
    grid = polar_grid(shape, center, start_angle=start)
    rng = np.random.default_rng(seed)
    curves = np.array([[9.0], [17.0]]) + np.cumsum(rng.uniform(-0.2, 0.2, grid.columns))
    return a_run(curves, 0.5, height=grid.rows, grid=grid, ids=ids)


def drawn(viewer, runs, shape, **settings):
    result = viewer.add_labels(np.ones(shape, np.uint8), name="rings", **settings)
    Overlays(viewer).show(result, result, runs, **PATHS)
    return viewer.layers[-1]


def saved(layer, path):
    data, meta, _ = layer.as_layer_data_tuple()
    (name,) = write_curves_layer(str(path), data, meta)
    return read_curves(name)


class TestRoundTrip:
    @pytest.mark.parametrize("ending", ["curves.csv", "curves.npz"])
    def test_from_run_to_file_to_viewer_to_file(self, make_napari_viewer, tmp_path, ending):
        viewer, kept = make_napari_viewer(), ring_run((80, 100), (38.25, 51.5), 30)
        place = {"scale": (0.5, 2.0), "translate": (3, 4), "units": ("um", "um")}
        layer = drawn(viewer, {image_plane(): kept}, (80, 100), **place)
        viewer.layers.selection = {layer}
        first = tmp_path / f"a.{ending}"
        assert viewer.layers.save(str(first), selected=True) == [str(first)]
        table = read_curves(first)
        np.testing.assert_allclose(table.curves, kept.curves, atol=1e-4)
        assert table.around == Around((38.25, 51.5), 30)
        assert (table.region_ids, table.slices) == ((5, 2, 9), None)
        viewer.layers.remove(layer)
        (again,) = viewer.open(first, plugin=PLUGIN)
        assert again.name == layer.name
        for name, expected in place.items():
            assert tuple(map(str, getattr(again, name))) == tuple(map(str, getattr(layer, name)))
            assert len(getattr(again, name)) == len(expected)
        for one, other in zip(again.data, layer.data, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
        assert again.features.to_dict("list") == layer.features.to_dict("list")
        assert again.metadata["layeredcnn"].items() >= layer.metadata["layeredcnn"].items()
        second = saved(again, tmp_path / f"b.{ending}")
        np.testing.assert_allclose(second.curves, table.curves, atol=1e-4)
        assert (second.around, second.region_ids) == (table.around, table.region_ids)
        assert second.notes == table.notes

    def test_a_file_of_the_command_line_opens_and_is_saved(self, make_napari_viewer, tmp_path):
        curves = np.array([[3, 4, 3.5, 4.25], [0, 8, 8, 8]], np.float32)
        around = Around((20.0, 30.5), start_angle=-45.5)
        write_curves(tmp_path / "a.curves.csv", curves, region_ids=[4, 7, 9], around=around)
        (layer,) = make_napari_viewer().open(tmp_path / "a.curves.csv", plugin=PLUGIN)
        table = saved(layer, tmp_path / "b.curves.csv")
        np.testing.assert_allclose(table.curves, curves, atol=1e-5)
        assert (table.around, table.region_ids) == (around, (4, 7, 9))

    def test_one_slice_of_a_stack_comes_back_in_it(self, make_napari_viewer, tmp_path):
        viewer, kept = make_napari_viewer(), ring_run((80, 100), (38, 51))
        layer = drawn(viewer, {image_plane(3): kept}, (5, 80, 100), scale=(7, 1, 1))
        viewer.layers.selection = {layer}
        viewer.layers.save(str(tmp_path / "a.curves.npz"), selected=True)
        (again,) = viewer.open(tmp_path / "a.curves.npz", plugin=PLUGIN)
        np.testing.assert_array_equal(again.scale, (7, 1, 1))
        for one, other in zip(again.data, layer.data, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
        table = saved(again, tmp_path / "b.curves.npz")
        np.testing.assert_allclose(table.curves, kept.curves, atol=1e-4)

    def test_several_slices_are_told_and_one_that_is_left_is_saved(self, viewer, tmp_path):
        runs = {
            image_plane(z): ring_run((80, 100), (38 + z, 51), 10 * z, seed=z) for z in (1, 2, 4)
        }
        layer = drawn(viewer, runs, (5, 80, 100))
        with pytest.raises(SaveError, match=r"in the slices 1, 2 and 4: delete all but one"):
            saved(layer, tmp_path / "a.curves.csv")
        assert not list(tmp_path.iterdir())
        layer.selected_data = {i for i, path in enumerate(layer.data) if path[0, 0] != 2}
        layer.remove_selected()
        table = saved(layer, tmp_path / "a.curves.csv")
        assert table.around == Around((40, 51), 20)
        np.testing.assert_allclose(table.curves, runs[image_plane(2)].curves, atol=1e-4)

    def test_a_transposed_viewer(self, make_napari_viewer, tmp_path):
        """Rows of the data run from left to right: the rays turn the other way there."""
        kept = ring_run((100, 80), (51.5, 38), 30)
        layer = drawn(make_napari_viewer(), {Plane((None, None), 1, 0): kept}, (80, 100))
        table = saved(layer, tmp_path / "a.curves.csv")
        assert table.around == Around((38, 51.5), 60)
        n = kept.curves.shape[1]
        np.testing.assert_allclose(table.curves, kept.curves[:, -np.arange(n) % n], atol=1e-4)

    def test_edited_and_redrawn_paths(self, make_napari_viewer, tmp_path):
        kept = ring_run((80, 100), (38, 51), 30)
        layer = drawn(make_napari_viewer(), {image_plane(): kept}, (80, 100))
        grid, n = kept.grid, kept.curves.shape[1]
        paths = layer.data
        moved = grid.paths(np.full((1, n), 25.0))[0]
        paths[1][40] = moved[40]
        paths[1] = np.delete(paths[1], [60, 61, 62], axis=0)
        layer.data = [paths[0], paths[1]]
        table = saved(layer, tmp_path / "a.curves.csv")
        np.testing.assert_allclose(table.curves[0], kept.curves[0], atol=1e-4)
        expected = kept.curves[1].copy()
        expected[40] = 25
        np.testing.assert_allclose(
            np.delete(table.curves[1], [60, 61, 62]), np.delete(expected, [60, 61, 62]), atol=1e-4
        )
        np.testing.assert_allclose(table.curves[1, 60:63], expected[60:63], atol=0.6)
        # The outer one is drawn anew, by hand and with the polygon tool; an ellipse is no path.
        layer.selected_data = {1}
        layer.remove_selected()
        layer.add_polygons(moved[:-1:9])
        layer.features = {"curve": [1, 2], "above": [5, 2], "below": [2, 9]}
        table = saved(layer, tmp_path / "b.curves.csv")
        assert table.region_ids == (5, 2, 9)
        np.testing.assert_allclose(table.curves[0], kept.curves[0], atol=1e-4)
        np.testing.assert_allclose(table.curves[1, : n - 9 : 9], 25, atol=1e-4)
        assert table.curves[1].min() > 24.5
        layer.add_ellipses([[20, 20], [60, 80]])
        with pytest.raises(SaveError, match="Shape 2 is an ellipse"):
            saved(layer, tmp_path / "c.curves.csv")

    def test_an_unfinished_run_is_told(self, make_napari_viewer, tmp_path):
        kept = ring_run((80, 100), (38, 51))
        kept.curves[:, 90:120] = np.nan
        layer = drawn(make_napari_viewer(), {image_plane(): kept}, (80, 100))
        with pytest.raises(SaveError, match="Path 0 is open over"):
            saved(layer, tmp_path / "a.curves.csv")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("gone", [0, 1])
    def test_one_that_is_drawn_anew_takes_the_place_of_the_old_one(
        self, make_napari_viewer, tmp_path, gone
    ):
        kept = ring_run((80, 100), (38, 51))
        layer = drawn(make_napari_viewer(), {image_plane(): kept}, (80, 100))
        layer.selected_data = {gone}
        layer.remove_selected()
        layer.add_polygons(kept.grid.paths(np.full_like(kept.curves, 3 + 22 * gone))[0][:-1])
        table = saved(layer, tmp_path / "a.curves.csv")
        expected = kept.curves.copy()
        expected[gone] = 3 + 22 * gone
        np.testing.assert_allclose(table.curves, expected, atol=1e-4)
        assert table.region_ids == (5, 2, 9)

    def test_one_too_many_and_one_too_few_are_told(self, make_napari_viewer, tmp_path):
        kept = ring_run((80, 100), (38, 51))
        layer = drawn(make_napari_viewer(), {image_plane(): kept}, (80, 100))
        layer.add_polygons(layer.data[1][:-1] + 0.5)
        with pytest.raises(SaveError, match="Path 2 overlaps another path of curve 2"):
            saved(layer, tmp_path / "a.curves.csv")
        layer.selected_data = {0, 2}
        layer.remove_selected()
        with pytest.raises(SaveError, match="Curve 1 has no path, but curve 2 has one"):
            saved(layer, tmp_path / "a.curves.csv")

    def test_a_ring_without_a_center_is_told(self, make_napari_viewer, tmp_path):
        layer = make_napari_viewer().add_shapes(
            [polar([0, 90, 180, 270, 0], [9] * 5)], shape_type="path"
        )
        with pytest.raises(SaveError, match="Path 0 is closed, but the layer does not know its"):
            saved(layer, tmp_path / "a.curves.csv")

    @pytest.mark.parametrize(
        "layer_note", [{"place": 3, "slice": "a"}, {"place": {"scale": [1]}}, 4]
    )
    def test_broken_notes_of_a_file_do_no_harm(self, make_napari_viewer, tmp_path, layer_note):
        path, curves = tmp_path / "a.curves.csv", np.full((1, 8), 5)
        write_curves(path, curves, around=CENTER, notes={"layer": layer_note})
        (layer,) = make_napari_viewer().open(path, plugin=PLUGIN)
        assert (layer.ndim, len(layer.data)) == (2, 1)


def test_as_a_person_does(viewer, qtbot, tmp_path):
    """A run around a center, the tick Curves, File > Save Selected Layers; a vertex is dragged."""
    rows, columns = np.indices((96, 120)) - np.array([45, 60])[:, None, None]
    distance = np.hypot(rows, columns)
    image = (distance > 20).astype(np.uint8) + (distance > 30)
    labels = np.zeros(image.shape, np.uint8)
    labels[45, 60:105] = 1 + image[45, 60:105]
    viewer.add_image(image)
    viewer.add_labels(labels, name="p")
    viewer.add_points([[45, 60]], name="center")
    widget = dock(viewer)
    widget._direction.value = "around"
    widget._center.value = viewer.layers["center"]
    widget._paths_tick.setChecked(True)
    assert segment(qtbot, widget).startswith("Completed 2 boundaries from ")
    qtbot.waitUntil(lambda: "p curves" in viewer.layers, timeout=10_000)
    viewer.layers.selection = {viewer.layers["p curves"]}
    path = tmp_path / "rings.curves.csv"
    assert viewer.layers.save(str(path), selected=True) == [str(path)]
    table = read_curves(path)
    assert table.around.center == (45, 60)
    assert table.region_ids == (1, 2, 3)
    np.testing.assert_allclose(np.median(table.curves, axis=1), [20, 30], atol=1)
    assert "# coordinates: radius" in path.read_text()
    layer = viewer.layers["p curves"]
    layer.selected_data = {1}
    layer.mode = "direct"
    outer = table.curves[1]
    ray = int(np.argmin(np.abs(np.arange(len(outer)) / len(outer) - 0.25)))  # it points down
    stroke(qtbot, viewer, (45 + outer[ray], 60), (45 + outer[ray] + 5, 60))
    viewer.layers.save(str(tmp_path / "edited.curves.csv"), selected=True)
    edited = read_curves(tmp_path / "edited.curves.csv").curves
    np.testing.assert_array_equal(edited[0], table.curves[0])
    changed = np.flatnonzero(np.abs(edited[1] - outer) > 1e-3)
    assert 1 <= len(changed) <= 3
    assert np.abs(changed - ray).max() <= 2
    assert (edited[1] - outer)[changed].max() == pytest.approx(5, abs=1)
