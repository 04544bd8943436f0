"""Layers of curves in the "Measure Layers" dock: from files, from runs, and drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from curve_layers import SHOWN, STACK, a_result, of_command, of_dock, opened, result, run
from measured import CURVES, LABELS, PLACE, UNCERTAINTY, H, S, W, add
from napari.components import ViewerModel
from runs import a_run, flat, image_plane

from napari_layeredcnn.files import Around, Place, read_curves, write_curves
from napari_layeredcnn.plugin.measure_layers import add_map, add_surfaces, make_map
from napari_layeredcnn.plugin.measure_link import MeasureLink
from napari_layeredcnn.plugin.measure_request import Chosen, MeasureChoices, measure_request
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.planes import Plane, RequestError
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.writers import write_curves_layer


@pytest.fixture
def viewer():
    return ViewerModel()


def difficult() -> tuple[np.ndarray, np.ndarray]:
    """Curves that end half way, have holes, touch the border, and one that is nowhere."""
    curves = CURVES.astype(np.float32)
    curves[0, 0] = np.linspace(0.01, 0.49, W)  # napari's float32 knows these less well
    curves[1, 1:, 40:] = np.nan
    curves[1, 2, 20:30] = np.nan
    curves[2, :, :] = np.nan
    curves[3, 1, 50] = np.nan
    curves[3, 1, 52] = np.nan  # a single column between
    curves[:, 2, :9] = np.nan
    curves = np.concatenate([curves, np.full((S, 1, W), np.nan, np.float32)], axis=1)
    unsure = np.random.default_rng(3).uniform(0, 2, curves.shape).astype(np.float32)
    return curves, unsure


@pytest.mark.parametrize("ending", ["csv", "npz"])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("unsure", [False, True])
def test_a_stack_from_a_file_measures_as_the_command_does(
    viewer, tmp_path, ending, transposed, unsure
):
    path = tmp_path / f"a.curves.{ending}"
    curves, uncertainty = difficult()
    place = Place(scale=PLACE["scale"], translate=PLACE["translate"], units=("micrometer",) * 3)
    write_curves(
        path,
        curves,
        uncertainty=uncertainty if unsure else None,
        region_ids=(4, 2, 9, 7, 1),
        slices=(9, 3, 4, 7),
        transposed=transposed,
        place=place,
    )
    layer = opened(viewer, path)
    options = ["--perpendicular", "--detrend", "2"]
    choices = {"slices": "stack", "perpendicular": True, "detrend": 2}
    if unsure:
        options += ["--max-uncertainty", "1.5", "--correlation-length", "8"]
        choices |= {"max_uncertainty": 1.5, "correlation_length": 8}
    found = result(viewer, Chosen(layer), MeasureChoices(**choices))
    ours = of_dock(found, tmp_path)
    assert len(ours) > 300
    assert {line[1] for line in ours[1:]} == {"all", "3", "4", "7", "9"}
    assert any("error" in line[3] for line in ours) == unsure
    assert ours == of_command(path, *options)


@pytest.mark.parametrize("scaled", [False, True])
def test_curves_of_one_image_measure_as_the_command_does(viewer, tmp_path, scaled):
    path = tmp_path / "a.curves.csv"
    place = Place(scale=(0.5, 0.25), units=("millimeter", "millimeter")) if scaled else None
    curves, uncertainty = difficult()
    write_curves(path, curves[1], uncertainty=uncertainty[1], place=place)
    layer = opened(viewer, path)
    found = result(viewer, Chosen(layer), SHOWN)
    assert of_dock(found, tmp_path) == of_command(path)
    assert {row.unit for row in found.rows} >= ({"millimeter"} if scaled else {"pixels"})
    # A single slice of a stack has its number and a volume.
    write_curves(path, curves[1:2], slices=[6])
    layer = opened(viewer, path)
    assert of_dock(result(viewer, Chosen(layer)), tmp_path) == of_command(path)


def test_this_slice_is_that_of_the_slider(viewer, tmp_path):
    path = tmp_path / "a.curves.csv"
    write_curves(path, CURVES, slices=(9, 3, 4, 7))
    layer = opened(viewer, path)
    viewer.add_image(np.zeros((12, H, W), np.uint8))
    viewer.dims.set_current_step(0, 4)
    found = result(viewer, Chosen(layer), SHOWN)
    assert {row.slice for row in found.rows} == {4}
    np.testing.assert_array_equal(found.segmentation.curves, CURVES[2].astype(np.float32))
    viewer.dims.set_current_step(0, 5)
    assert run(viewer, Chosen(layer), SHOWN).message == (
        f'"{layer.name}" has no curve in the slice that is shown: move the slider to one that has.'
    )
    # All slices do not need the slider to stand at one of them.
    assert len(result(viewer, Chosen(layer)).segmentation.stack) == 4


@pytest.mark.parametrize("how", [{}, {"max_uncertainty": 0.5, "perpendicular": True}])
def test_curves_of_a_run_measure_as_the_run_does_then_and_after_a_restart(viewer, tmp_path, how):
    layer, curves, _ = a_result(viewer)
    for choices in (MeasureChoices(slices="stack", **how), MeasureChoices(**how)):
        run_, found = (result(viewer, Chosen(one), choices) for one in (layer, curves))
        assert found.segmentation.uncertainty is not None
        # Curves do not know where the image ends.
        expected = [line for line in of_dock(run_, tmp_path) if line[2] != "Region 4"]
        assert of_dock(found, tmp_path) == expected
        assert len(expected) > 80

        file = str(tmp_path / "a.curves.csv")
        (path,) = write_curves_layer(file, *curves.as_layer_data_tuple()[:2])
        restarted = ViewerModel()
        again = opened(restarted, path)
        restarted.dims.set_current_step(0, 1)
        assert of_dock(result(restarted, Chosen(again), choices), tmp_path) == expected
    stack = MeasureChoices(slices="stack", **how)
    options = ["--max-uncertainty", "0.5", "--perpendicular"] if how else []
    found = result(restarted, Chosen(again), stack)
    assert of_dock(found, tmp_path) == of_command(tmp_path / "a.curves.csv", *options)


def test_names_of_regions_are_kept(viewer, tmp_path):
    names = ["air", "skin", "fat", "Region 4"]
    layer, curves, _ = a_result(viewer, {"index": [1, 2, 3, 4], "name": names})
    assert result(viewer, Chosen(curves)).segmentation.names == tuple(names)
    (path,) = write_curves_layer(str(tmp_path / "a.npz"), *curves.as_layer_data_tuple()[:2])
    again = opened(viewer, path)
    assert result(viewer, Chosen(again)).segmentation.names == tuple(names)
    assert result(viewer, Chosen(layer)).segmentation.names == tuple(names)
    assert of_dock(result(viewer, Chosen(again)), tmp_path) == of_command(tmp_path / "a.curves.npz")


def test_paths_that_were_moved_are_exact_where_they_were_moved(viewer, tmp_path):
    _, curves, _ = a_result(viewer)
    paths = [np.array(path) for path in curves.data]
    at = next(
        i for i, path in enumerate(paths) if path[0, 0] == 2 and curves.features["curve"][i] == 2
    )
    paths[at][10:20, 1] += 0.5
    curves.data = paths
    found = result(viewer, Chosen(curves)).segmentation
    moved = np.zeros(CURVES.shape, bool)
    moved[2, 1, 10:20] = True
    np.testing.assert_allclose(found.curves, CURVES + 0.5 * moved, atol=1e-4)
    assert (found.uncertainty[moved] == 0).all()
    assert (found.uncertainty[~moved] > 0).all()
    # The file keeps it.
    (path,) = write_curves_layer(str(tmp_path / "a.csv"), *curves.as_layer_data_tuple()[:2])
    np.testing.assert_array_equal(read_curves(path).uncertainty, found.uncertainty)


def test_slices_with_other_regions_are_measured_one_by_one(viewer):
    layer = add(viewer)
    runs = {image_plane(0): flat(9, 20, width=W), image_plane(1): flat(9, width=W, ids=(5, 6))}
    overlays = Overlays(viewer)
    overlays.show(layer, layer, runs, uncertainty=False, paths=True, surfaces=False)
    curves = viewer.layers["result curves"]
    with pytest.raises(RequestError, match="has other regions, or another direction"):
        measure_request(viewer, Chosen(curves), STACK, ResultLayers(viewer))
    for z, ids in ((0, (1, 2, 3)), (1, (5, 6))):
        viewer.dims.set_current_step(0, z)
        assert result(viewer, Chosen(curves), SHOWN).segmentation.region_ids == ids


@pytest.mark.parametrize("order", [(1, 2, 0), (1, 0, 2)])
def test_curves_in_rolled_and_transposed_views(viewer, order):
    """Rows of the image are the last axis, columns the first; then the other way round."""
    layer = add(viewer, LABELS.transpose(2, 0, 1), scale=(0.25, 5, 0.5), translate=(0, 0, 0))
    viewer.dims.order = order
    transposed = order[1] == 0
    runs = {}
    for z, one in enumerate(CURVES):
        plane = Plane((None, z, None), *order[1:])
        runs[plane] = a_run(one, UNCERTAINTY[z], height=H, transposed=transposed)
        ResultLayers(viewer).remember(layer, plane, runs[plane])
    Overlays(viewer).show(layer, layer, runs, uncertainty=False, paths=True, surfaces=False)
    curves = viewer.layers["result curves"]
    how = MeasureChoices(slices="stack", transposed=transposed)
    whole = result(viewer, Chosen(layer), how).rows
    # What is chosen does not count: curves say which way they run.
    found = result(
        viewer, Chosen(curves), MeasureChoices(slices="stack", transposed=not transposed)
    )
    assert found.segmentation.transposed == transposed
    assert found.rows == tuple(row for row in whole if row.region != "Region 4")
    assert found.segmentation.size == (0.5, 0.25, 5)
    # The viewer is transposed since.
    viewer.dims.order = (1, *order[:0:-1])
    turned = result(viewer, Chosen(curves))
    assert turned.segmentation.transposed != transposed
    np.testing.assert_array_equal(turned.segmentation.curves, found.segmentation.curves)
    viewer.dims.order = (0, 1, 2)
    assert "has a path that passes through several slices" in run(viewer, Chosen(curves)).message


def test_regions_of_interest_maps_and_surfaces_of_curves(viewer, tmp_path):
    path = tmp_path / "a.curves.csv"
    place = Place(scale=PLACE["scale"], units=("micrometer",) * 3)
    write_curves(path, CURVES, slices=(2, 3, 4, 5), place=place)
    layer = opened(viewer, path)
    shapes = viewer.add_shapes(
        [[(2, 5, 10), (2, 5, 29), (3, 5, 29), (3, 5, 10)]],
        features={"name": ["mine"]}, scale=PLACE["scale"], units=PLACE["units"],
    )  # fmt: skip
    found = result(viewer, Chosen(layer, None, shapes))
    assert of_dock(found, tmp_path) == of_command(path, "--roi", "mine=10:30,2:4")
    found = result(viewer, Chosen(layer))
    map_ = make_map(found, ("thickness", 1))
    assert map_.first_slice == 2
    viewer.add_image(np.zeros((9, 2 * H, W)), scale=PLACE["scale"], units=PLACE["units"])
    added = add_map(viewer, found.request, map_)
    # Below the image, of which curves are a part only.
    assert added.data_to_world((-0.5, 0))[0] > (2 * H - 0.5) * 0.5
    np.testing.assert_allclose(
        added.data, (6 + np.arange(W) / 10)[None].repeat(S, 0) / 2, atol=1e-4
    )
    surfaces = add_surfaces(viewer, found.profiles)
    assert [surface.name.partition(" thick")[2] for surface in surfaces] == [
        "ness of Region 2",
        "ness of Region 3",
    ]
    vertices = surfaces[0].data[0]
    assert vertices.min(axis=0).tolist() == [2, 7.5, 0]
    assert len(set(found.profiles.colors)) == 2  # those that labels have


def test_plot_and_viewer_follow_each_other(viewer, tmp_path, qtbot):
    write_curves(tmp_path / "a.curves.csv", CURVES, slices=(2, 3, 5, 8))
    layer = opened(viewer, tmp_path / "a.curves.csv")
    viewer.add_image(np.zeros((12, H, W), np.uint8))
    viewer.dims.set_current_step(0, 3)
    profiles = result(viewer, Chosen(layer)).profiles
    link = MeasureLink(viewer)
    link.follow(profiles)
    assert link.index == 1
    link.go(3, 1, 40)  # slice 8, the second region, column 40
    assert viewer.dims.current_step[0] == 8
    middle = CURVES[3, 1:3, 40].mean() - 0.5
    np.testing.assert_allclose(viewer.scene.camera.center[1:], (middle, 40), rtol=1e-6)
    viewer.dims.set_current_step(0, 5)
    viewer.cursor.position = (5, 20.0, 12.0)
    link.look()
    assert (link.index, link.pointer) == (2, (12, 20.5))
    viewer.layers.remove(layer)
    assert link._profiles is None


def test_what_curves_do_not_know_is_told(viewer, tmp_path):
    write_curves(tmp_path / "a.curves.csv", CURVES[0])
    layer = opened(viewer, tmp_path / "a.curves.csv")
    assert run(viewer, Chosen(layer), MeasureChoices(to_border=True)).message == (
        "The height of the image is not known, so that the lowest region has no thickness up to "
        'the border; measure labels, or untick "first and last, too" under Advanced.'
    )
    layer.data = []
    assert (
        "has no curve: draw a path along each boundary" in run(viewer, Chosen(layer), SHOWN).message
    )
    write_curves(tmp_path / "b.curves.csv", [[3, 4, 3, 4]], around=Around((20.0, 30.5)))
    rings = opened(viewer, tmp_path / "b.curves.csv")
    with pytest.raises(RequestError, match="about a center cannot be measured yet"):
        run(viewer, Chosen(rings), SHOWN)
