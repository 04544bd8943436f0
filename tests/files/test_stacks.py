from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_layeredcnn.files import (
    FileError,
    LabelsFile,
    read_label_stack,
    read_stack,
    stack_shape,
    write_labels_file,
)

ARRAY = np.arange(2 * 3 * 5 * 4, dtype=np.uint8).reshape(2, 3, 5, 4)


def _tiff(path, array, **options):
    tifffile.imwrite(path, array, **options)


def _png(path, array, mode=None):
    picture = Image.fromarray(array)
    (picture if mode is None else picture.convert(mode)).save(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("four.npy", lambda path: np.save(path, ARRAY)),
        ("four.tif", lambda path: _tiff(path, ARRAY, photometric="minisblack")),
        ("stack.tif", lambda path: _tiff(path, ARRAY[0], photometric="minisblack")),
        ("one.tif", lambda path: _tiff(path, ARRAY[0, 0])),
        ("pages.tif", lambda path: _tiff(path, ARRAY[0], metadata=None, photometric="minisblack")),
        ("imagej.tif", lambda path: _tiff(path, ARRAY[0], imagej=True)),
        ("rgb.tif", lambda path: _tiff(path, ARRAY[..., :3], photometric="rgb")),
        (
            "planar.tif",
            lambda path: _tiff(path, ARRAY[0], photometric="rgb", planarconfig="separate"),
        ),
        ("gray.png", lambda path: _png(path, ARRAY[0, 0])),
        ("rgb.png", lambda path: _png(path, ARRAY[0, :, :, :3])),
        ("rgba.png", lambda path: _png(path, ARRAY[0])),
        ("alpha.png", lambda path: _png(path, ARRAY[0, 0], "LA")),
        ("palette.png", lambda path: _png(path, ARRAY[0, 0], "P")),
        ("deep.png", lambda path: _png(path, ARRAY[0, 0].astype(np.uint16))),
        ("bits.png", lambda path: _png(path, ARRAY[0, 0], "1")),
    ],
)
def test_the_head_of_a_file_tells_its_shape(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    found = read_stack(path)
    assert stack_shape(path) == found.shape
    if name in ("four.npy", "four.tif"):
        np.testing.assert_array_equal(found, ARRAY)


def test_labels_come_back_in_any_number_of_slices(tmp_path):
    path = tmp_path / "a.layers.tif"
    write_labels_file(path, LabelsFile(ARRAY.astype(np.int32)))
    np.testing.assert_array_equal(read_label_stack(path), ARRAY)


@pytest.mark.parametrize("read", [read_stack, read_label_stack, stack_shape])
def test_what_cannot_be_read_is_one_sentence(tmp_path, read):
    for name, text in [("a.tif", "no image"), ("a.png", "x"), ("a.npy", "y"), ("a.jpg", "z")]:
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(FileError, match=r"cannot be read|ends in"):
            read(path)
    with pytest.raises(FileError, match="does not exist"):
        read(tmp_path / "none.tif")


def test_labels_are_whole_numbers(tmp_path):
    np.save(tmp_path / "a.npy", [[0.5, 1]])
    with pytest.raises(FileError):
        read_label_stack(tmp_path / "a.npy")
