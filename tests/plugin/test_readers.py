from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.errors.reader_errors import MultipleReaderError, ReaderPluginError
from napari.plugins.utils import get_preferred_reader
from napari.settings import get_settings
from npe2 import PluginManager

from napari_layeredcnn.files import Around, FileError, Place, write_curves
from napari_layeredcnn.plugin.readers import get_reader, prefer_own_reader, read_layers

PLUGIN = "napari-layeredcnn"
ENDINGS = ["layers.tif", "layers.tiff", "curves.csv", "curves.npz"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_our_endings_are_known_in_any_case(ending):
    assert get_reader(f"a.{ending}") is read_layers
    assert get_reader(f"/x/A.{ending.upper()}") is read_layers
    assert get_reader([f"a.{ending}", f"b.{ending}"]) is read_layers


@pytest.mark.parametrize(
    "path", ["a.tif", "layers.tif", "a.csv", "", [], None, 3, ["a.layers.tif", "a.tif"], object()]
)
def test_what_is_not_ours_is_left_to_others(path):
    assert get_reader(path) is None


def test_curves_open_as_paths_through_pixel_centers(make_napari_viewer, tmp_path):
    """An edge of 10.5 is the center of row 10."""
    path = tmp_path / "a.curves.csv"
    curves = [[1.5, 2.0, np.nan, 4.25], [10.5, np.nan, 12.5, 13.5]]
    place = Place(scale=(2.0, 3.0), translate=(5.0, 0.0), units=("micrometer", "micrometer"))
    write_curves(path, curves, uncertainty=np.full((2, 4), 0.25), region_ids=[4, 7, 9], place=place)
    viewer = make_napari_viewer()
    (layer,) = viewer.open(path, plugin=PLUGIN)
    assert layer._type_string == "shapes"
    assert set(layer.shape_type) == {"path"}
    expected = [
        [[1, 0], [1.5, 1]],
        [[3.75, 2.75], [3.75, 3.25]],
        [[10, -0.25], [10, 0.25]],
        [[12, 2], [13, 3]],
    ]
    for found, wanted in zip(layer.data, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert layer.features.to_dict("list") == {
        "curve": [1, 1, 2, 2],
        "above": [4, 4, 7, 7],
        "below": [7, 7, 9, 9],
        "uncertainty": [0.25] * 4,
    }
    np.testing.assert_array_equal(layer.scale, [2, 3])
    np.testing.assert_array_equal(layer.translate, [5, 0])
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_curves_about_a_center_open_as_closed_paths(make_napari_viewer, tmp_path):
    path = tmp_path / "a.curves.csv"
    around = Around((20.0, 30.5), start_angle=90)
    write_curves(path, [[3, 4, 3, 4], [8, 8, 8, 8]], region_ids=[4, 7, 9], around=around)
    (layer,) = make_napari_viewer().open(path, plugin=PLUGIN)
    inner = [[23, 30.5], [20, 26.5], [17, 30.5], [20, 34.5], [23, 30.5]]
    outer = [[28, 30.5], [20, 22.5], [12, 30.5], [20, 38.5], [28, 30.5]]
    for found, wanted in zip(layer.data, [inner, outer], strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert layer.features.to_dict("list") == {"curve": [1, 2], "above": [4, 7], "below": [7, 9]}


def test_curves_that_run_down_and_lie_in_slices(make_napari_viewer, tmp_path):
    write_curves(tmp_path / "a.curves.npz", [[[3.5, 4.5]]], transposed=True, slices=[6])
    (layer,) = make_napari_viewer().open(tmp_path / "a.curves.npz", plugin=PLUGIN)
    np.testing.assert_array_equal(layer.data[0], [[6, 0, 3], [6, 1, 4]])


def test_a_file_without_any_curve_opens_empty(make_napari_viewer, tmp_path):
    write_curves(tmp_path / "a.curves.csv", [[np.nan, np.nan]])
    (layer,) = make_napari_viewer().open(tmp_path / "a.curves.csv", plugin=PLUGIN)
    assert (len(layer.data), layer.ndim) == (0, 2)


def test_several_files_give_a_layer_each(make_napari_viewer, tmp_path):
    paths = [tmp_path / f"{name}.curves.csv" for name in "ab"]
    for path in paths:
        write_curves(path, [[1, 2]])
    viewer = make_napari_viewer()
    assert len(viewer.open(paths, plugin=PLUGIN)) == 2
    assert len(viewer.open(paths, plugin=PLUGIN, stack=True)) == 2


def test_a_plain_label_tiff_opens_as_labels(make_napari_viewer, tmp_path):
    labels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    tifffile.imwrite(tmp_path / "foreign.layers.tif", labels)
    (layer,) = make_napari_viewer().open(tmp_path / "foreign.layers.tif", plugin=PLUGIN)
    assert (layer._type_string, layer.name) == ("labels", "foreign.layers")
    np.testing.assert_array_equal(layer.data, labels)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_damaged_file_is_told_and_the_viewer_goes_on(make_napari_viewer, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"# this is nothing,\n1,2")
    viewer = make_napari_viewer()
    with pytest.raises(FileError, match=r"^[^\n]*a\.[^\n]*\.$"):
        viewer.open(path, plugin=PLUGIN)
    assert not viewer.layers
    # What File > Open and a drop do: napari shows the sentence, and offers other readers.
    prefer_own_reader()
    with pytest.raises(ReaderPluginError) as caught:
        viewer.open(path, plugin=None)
    assert isinstance(caught.value.original_error, FileError)
    assert str(caught.value.original_error) in str(caught.value)
    viewer.add_labels(np.ones((3, 4), int))
    assert len(viewer.layers) == 1


def test_a_unit_that_napari_does_not_know_is_told(tmp_path):
    for unit in ("ells", "3", "um(", "2*um"):
        write_curves(tmp_path / "a.curves.csv", [[1, 2]], place=Place(units=("um", unit)))
        with pytest.raises(FileError, match=r"has the unit .* which napari does not know"):
            read_layers(str(tmp_path / "a.curves.csv"))


def test_a_missing_file_is_told():
    with pytest.raises(FileError, match="does not exist"):
        read_layers("nowhere.layers.tif")


class TestPreference:
    """Who opens a dropped file: napari reads every .csv too."""

    @pytest.fixture(autouse=True)
    def viewer(self, make_napari_viewer):
        viewer = make_napari_viewer()
        get_settings().plugins.extension2reader = {}
        return viewer

    @pytest.fixture
    def path(self, tmp_path):
        write_curves(tmp_path / "a.curves.csv", [[1, 2]])
        return tmp_path / "a.curves.csv"

    def test_without_it_napari_asks(self, viewer, path):
        with pytest.raises(MultipleReaderError):
            viewer.open(path, plugin=None)

    def test_a_drop_opens_without_a_question(self, viewer, path):
        prefer_own_reader()
        viewer.window._qt_viewer._qt_open([str(path)], stack=False)
        assert [layer._type_string for layer in viewer.layers] == ["shapes"]

    def test_other_files_and_choices_stay_as_they_were(self):
        chosen = {"*.curves.csv": "napari", "*.tif": "other"}
        get_settings().plugins.extension2reader = chosen
        prefer_own_reader()
        assert get_preferred_reader("x.curves.csv") == "napari"
        assert get_preferred_reader("x.tif") == "other"
        assert get_preferred_reader("x.layers.tif") == PLUGIN
        assert get_preferred_reader("x.csv") is None

    def test_it_is_set_when_the_plugin_is_first_used(self):
        manager = PluginManager.instance()
        manager.deactivate(PLUGIN)
        manager.activate(PLUGIN)
        assert get_preferred_reader("x.layers.tif") == PLUGIN

    def test_another_napari_does_no_harm(self, monkeypatch):
        monkeypatch.delattr("napari.settings.get_settings")
        prefer_own_reader()
