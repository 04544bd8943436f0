from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_layeredcnn.core.measure_maps import Map, thickness_map
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.files import FileError, open_array, read_image
from napari_layeredcnn.files.maps import write_map


def some_map(unit="µm", scale=(7.0, 1.5), name="thickness of Oberhaut: Ö"):
    rng = np.random.default_rng(0)
    values = rng.normal(50, 5, (12, 40)).astype(np.float32)
    values[3, 5:9] = np.nan
    return Map(values, name, unit, scale, 4, ("z", "x"))


def test_a_tiff_keeps_numbers_and_the_size_of_a_pixel(tmp_path):
    map_ = some_map()
    write_map(tmp_path / "m.tif", map_)
    np.testing.assert_array_equal(read_image(tmp_path / "m.tif").array, map_.values)
    place = open_array(tmp_path / "m.tif").place
    assert place.units[-2:] == ("micrometer", "micrometer")
    assert place.scale[-2:] == pytest.approx((7, 1.5), rel=1e-7)
    with tifffile.TiffFile(tmp_path / "m.tif") as file:
        assert file.is_imagej
        info = file.imagej_metadata["Info"]
    assert info == "thickness of Oberhaut: Ö (µm), z by x, first slice 4"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("pixels", "pixel"), ("world units", "pixel"), ("mm", "mm"), ("um", "micron"), ("Å", "pixel")],
)
def test_a_tiff_names_no_unit_that_is_none(tmp_path, unit, expected):
    write_map(tmp_path / "m.tif", some_map(unit))
    with tifffile.TiffFile(tmp_path / "m.tif") as file:
        assert file.imagej_metadata["unit"] == expected


@pytest.mark.parametrize("scale", [(7.0, 1.5), (1.0, 90.0)])
def test_a_picture_has_a_color_bar(tmp_path, scale):
    path = tmp_path / "m.png"
    write_map(path, some_map(scale=scale))
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert min(pixels.shape[:2]) > 350
    # Viridis from end to end, and gray where nothing is known.
    for color in ((68, 1, 84), (253, 231, 37), (217, 217, 217)):
        assert (np.abs(pixels.astype(int) - color).max(axis=-1) <= 3).sum() > 50


def test_maps_of_thickness_are_written_as_they_are(tmp_path):
    curves = np.array([[[2.0, 3], [4, 7]]] * 3)
    map_ = thickness_map(Segmentation(curves, scale=(5, 2, 1), unit="mm"), 1)
    write_map(tmp_path / "m.tiff", map_)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "m.tiff"), [[4, 8]] * 3)
    write_map(tmp_path / "flat.png", Map(np.ones((4, 9), np.float32), "a", "b", (1, 1), 0, "zx"))
    assert (tmp_path / "flat.png").stat().st_size > 1000


def test_what_is_no_map_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"ends in \.tif"):
        write_map(tmp_path / "m.jpg", some_map())
    nothing = Map(np.full((4, 9), np.nan, np.float32), "a", "b", (1, 1), 0, ("z", "x"))
    with pytest.raises(FileError, match="picture of nothing"):
        write_map(tmp_path / "m.png", nothing)
    assert not list(tmp_path.iterdir())
