from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from npe2 import PluginManager
from qtpy.QtWidgets import QFileDialog

from napari_layeredcnn.files import read_curves, write_curves
from napari_layeredcnn.plugin.readers import prefer_own_reader
from napari_layeredcnn.plugin.writers import SaveError, write_curves_layer, write_labels_layer

PLUGIN = "napari-layeredcnn"
NOTES = {"settings": {"direction": "right"}, "model": {"name": "paper", "hash": "0a1b"}}
TRANSFORMS = ("scale", "translate", "shear", "rotate")


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


def labels_of(shape):
    return (np.arange(np.prod(shape)) % 4).reshape(shape)


def add_labels(viewer, shape, **settings):
    n = len(shape)
    return viewer.add_labels(
        labels_of(shape).astype(settings.pop("dtype", np.int32)),
        name="Kniegelenk µ",
        scale=[0.5, 2.0, 3.0, 4.0][-n:],
        translate=[1.0, -2.0, 3.0, 0.25][-n:],
        units=["s", "um", "um", "mm"][-n:],
        axis_labels=["t", "z", "y", "x"][-n:],
        opacity=0.4,
        features={
            "index": [1, 2, 3],
            "name": ["top", "knorpel", "骨"],
            "thickness": [1.5, np.nan, 2],
        },
        metadata={"layeredcnn": NOTES, "other": object()},
        **settings,
    )


def assert_same(found, layer):
    assert found._type_string == layer._type_string
    assert (found.name, found.opacity) == (layer.name, layer.opacity)
    for name in TRANSFORMS:
        np.testing.assert_allclose(getattr(found, name), getattr(layer, name))
    np.testing.assert_allclose(found.affine.affine_matrix, layer.affine.affine_matrix)
    assert found.units == layer.units
    assert tuple(found.axis_labels) == tuple(layer.axis_labels)


DIRECT = {None: "blue", 0: "transparent", 1: "red", 2: (0.1, 0.2, 0.3, 0.4), 3: "#00ff7f"}


@pytest.mark.parametrize(
    ("shape", "dtype", "colormap"),
    [
        ((5, 7), np.uint8, None),
        ((5, 7), np.int64, DIRECT),
        ((3, 5, 7), np.int32, DIRECT),
        ((1, 5, 7), np.uint16, None),
        ((2, 3, 5, 7), np.int64, None),
    ],
)
def test_labels_come_back(viewer, tmp_path, shape, dtype, colormap):
    layer = add_labels(viewer, shape, dtype=dtype, colormap=colormap)
    path = str(tmp_path / "a.layers.tif")
    assert viewer.layers.save(path) == [path]
    viewer.layers.clear()
    (found,) = viewer.open(path, plugin=PLUGIN)
    assert_same(found, layer)
    assert found.data.dtype == dtype
    np.testing.assert_array_equal(found.data, layer.data)
    pd.testing.assert_frame_equal(found.features, layer.features)
    assert found.metadata == {"layeredcnn": NOTES}
    ids = np.arange(60)
    np.testing.assert_allclose(found.colormap.map(ids), layer.colormap.map(ids), atol=1e-6)
    assert type(found.colormap) is type(layer.colormap)


def test_transforms_and_a_new_random_color_cycle_come_back(viewer, tmp_path):
    layer = viewer.add_labels(labels_of((4, 5)), rotate=30, shear=[0.5], affine=np.diag([2, 3, 1]))
    layer.new_colormap(seed=3)
    viewer.layers.save(str(tmp_path / "a.layers.tif"))
    viewer.layers.clear()
    (found,) = viewer.open(tmp_path / "a.layers.tif", plugin=PLUGIN)
    assert_same(found, layer)
    ids = np.arange(60)
    np.testing.assert_allclose(found.colormap.map(ids), layer.colormap.map(ids), atol=1e-6)


def test_names_are_shown_over_the_regions(viewer, tmp_path):
    add_labels(viewer, (5, 7))
    viewer.layers.save(str(tmp_path / "a.layers.tif"))
    viewer.layers.clear()
    (found,) = viewer.open(tmp_path / "a.layers.tif", plugin=PLUGIN)
    status = found.get_status(found.data_to_world((0, 2)), world=True)
    assert "knorpel" in str(status)


def test_multiscale_and_lazy_labels_are_written_whole(viewer, tmp_path):
    dask = pytest.importorskip("dask.array")
    labels = labels_of((16, 16)).astype(np.uint8)
    viewer.add_labels([dask.from_array(labels), dask.from_array(labels[::2, ::2])])
    viewer.layers.save(str(tmp_path / "a.layers.tif"))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.layers.tif"), labels)


def add_curves(viewer, paths, **settings):
    return viewer.add_shapes(
        paths,
        shape_type="path",
        name="curves",
        edge_width=2.5,
        opacity=0.9,
        metadata={"layeredcnn": NOTES},
        **settings,
    )


def full_paths(n_slices=0):
    """Heights of sixty-fourths, which are exact in float32."""
    rng, paths = np.random.default_rng(3), []
    for z in range(max(n_slices, 1)):
        for k in range(3):
            heights = 20 * k + rng.integers(0, 640, 12) / 64
            path = np.column_stack([heights, np.arange(12)])
            paths.append(np.column_stack([np.full(12, 2 * z), path]) if n_slices else path)
    return paths


@pytest.mark.parametrize("ending", ["curves.csv", "curves.npz"])
@pytest.mark.parametrize("n_slices", [0, 3])
def test_curves_come_back(viewer, tmp_path, ending, n_slices):
    ndim = 3 if n_slices else 2
    colors = ["red", "lime", (0.1, 0.2, 0.3, 1.0)] * max(n_slices, 1)
    layer = add_curves(
        viewer,
        full_paths(n_slices),
        edge_color=colors,
        scale=[7.0, 2.0, 3.0][-ndim:],
        translate=[0.0, -1.0, 5.0][-ndim:],
        units=["um", "um", "mm"][-ndim:],
        axis_labels=["z", "y", "x"][-ndim:],
    )
    path = str(tmp_path / f"a.{ending}")
    assert viewer.layers.save(path) == [path]
    viewer.layers.clear()
    (found,) = viewer.open(path, plugin=PLUGIN)
    assert_same(found, layer)
    assert found.shape_type == layer.shape_type
    for a, b in zip(found.data, layer.data, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(found.edge_color, layer.edge_color, atol=1e-6)
    assert list(found.edge_width) == list(layer.edge_width)
    assert found.metadata["layeredcnn"].items() >= NOTES.items()
    # And again: now with the features and notes that the reader gave it.
    again = tmp_path / f"again.{ending}"
    viewer.layers.selection = {found}
    viewer.layers.save(str(again), selected=True)
    first, second = read_curves(path), read_curves(again)
    np.testing.assert_array_equal(first.curves, second.curves)
    assert (first.place, first.slices, first.notes) == (second.place, second.slices, second.notes)


def test_gaps_ids_and_width_of_a_file_survive_the_viewer(viewer, tmp_path):
    nan = np.nan
    curves = np.array([[nan, 1.5, nan, 2.5, 3.5, nan], [nan, nan, 5.5, 6.5, 7.5, nan]], np.float32)
    for transposed in (False, True):
        write_curves(tmp_path / "a.curves.csv", curves, region_ids=[3, 1, 8], transposed=transposed)
        (layer,) = viewer.open(tmp_path / "a.curves.csv", plugin=PLUGIN)
        write_curves_layer(str(tmp_path / "b.curves.csv"), *layer.as_layer_data_tuple()[:2])
        found = read_curves(tmp_path / "b.curves.csv")
        np.testing.assert_array_equal(found.curves, curves)
        assert (found.region_ids, found.transposed) == ((3, 1, 8), transposed)


def test_drawn_paths_are_written_top_to_bottom_at_every_column(viewer, tmp_path):
    add_curves(viewer, [[(9.5, 4.5), (5.5, 0.5)], [(0.5, 0), (4.5, 4)]])
    viewer.layers.save(str(tmp_path / "a.curves.csv"))
    found = read_curves(tmp_path / "a.curves.csv")
    np.testing.assert_allclose(found.curves, [[1, 2, 3, 4, 5], [np.nan, 6.5, 7.5, 8.5, 9.5]])
    assert not found.transposed


def test_paths_drawn_down_the_image_run_down(viewer, tmp_path):
    add_curves(viewer, [[(0, 6.5), (8, 6.5)], [(0, 2.5), (8, 3.5)]])
    viewer.layers.save(str(tmp_path / "a.curves.csv"))
    found = read_curves(tmp_path / "a.curves.csv")
    assert found.transposed
    np.testing.assert_allclose(found.curves[:, [0, 8]], [[3, 4], [7, 7]])


BACK = [(0, 0), (1, 5), (2, 3)]


@pytest.mark.parametrize(
    ("paths", "settings", "match"),
    [
        ([], {}, "no path to write"),
        ([[(0, 0), (4, 4)]], {"shape_type": "rectangle"}, "Shape 0 is a rectangle"),
        ([BACK], {}, "turns back"),
        ([[(2, 0.2), (2, 0.8)]], {}, "center of no column"),
        ([[(2, -9), (2, -5)]], {}, "center of no column"),
        ([[(0, 0, 0), (1, 2, 8)]], {}, "several slices"),
        ([[(1, 0), (1, 1e9)]], {}, "far outside"),
        ([[(1, 0), (1, 5)]] * 2, {"features": {"curve": [1, 1]}}, "overlaps another"),
    ],
)
def test_what_are_no_curves_is_told_and_not_written(tmp_path, paths, settings, match):
    paths = [np.array(path, float) for path in paths]
    with pytest.raises(SaveError, match=match):
        write_curves_layer(str(tmp_path / "a.curves.csv"), paths, {"shape_type": "path"} | settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("a", "a.layers.tif"),
        ("a.tif", "a.layers.tif"),
        ("A.TIFF", "A.layers.tiff"),
        ("a.b", "a.b.layers.tif"),
        ("a.Layers.TIF", "a.Layers.TIF"),
    ],
)
def test_our_ending_is_added(tmp_path, given, written):
    labels = labels_of((3, 4))
    assert write_labels_layer(str(tmp_path / given), labels, {}) == [str(tmp_path / written)]
    np.testing.assert_array_equal(tifffile.imread(tmp_path / written), labels)


def test_a_file_that_was_not_named_is_not_replaced(tmp_path):
    write_labels_layer(str(tmp_path / "a.layers.tif"), labels_of((3, 4)), {})
    with pytest.raises(SaveError, match="exists: to replace it, type"):
        write_labels_layer(str(tmp_path / "a"), labels_of((5, 6)), {})
    assert tifffile.imread(tmp_path / "a.layers.tif").shape == (3, 4)
    write_labels_layer(str(tmp_path / "a.layers.tif"), labels_of((5, 6)), {})
    assert tifffile.imread(tmp_path / "a.layers.tif").shape == (5, 6)


def test_a_folder_that_is_not_there_is_told(viewer, tmp_path):
    add_labels(viewer, (5, 7))
    with pytest.raises(SaveError, match=r"was not written: No such file or directory\."):
        viewer.layers.save(str(tmp_path / "nowhere" / "a.layers.tif"))


@pytest.mark.parametrize(
    ("path", "kind", "plugin"),
    [
        ("a.layers.tif", "labels", PLUGIN),
        ("a.LAYERS.TIF", "labels", PLUGIN),
        ("a.tif", "labels", "napari"),
        ("a.curves.csv", "shapes", PLUGIN),
        ("a.curves.npz", "shapes", PLUGIN),
        ("a.csv", "shapes", "napari"),
    ],
)
def test_the_longest_ending_decides_who_writes(viewer, path, kind, plugin):
    writer, _ = PluginManager.instance().get_writer(path, [kind])
    assert writer.plugin_name == plugin


def test_save_selected_layers_and_open_again_as_a_person_does(viewer, tmp_path, monkeypatch):
    """File > Save Selected Layers, our kind of file, a name without ending; then a drop."""
    layer = add_labels(viewer, (5, 7))
    add_curves(viewer, full_paths())
    viewer.layers.selection = {layer}

    def answer(*_args, filter, **_options):
        chosen = next(kind for kind in filter.split(";;") if "*.layers.tif" in kind)
        return str(tmp_path / "mine"), chosen

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    qt_viewer = viewer.window._qt_viewer
    qt_viewer._save_layers_dialog(selected=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.layers.tif"]
    viewer.layers.clear()
    prefer_own_reader()
    qt_viewer._qt_open([str(tmp_path / "mine.layers.tif")], stack=False)
    (found,) = viewer.layers
    np.testing.assert_array_equal(found.data, labels_of((5, 7)))
    assert found.name == "Kniegelenk µ"
