from __future__ import annotations

import importlib.util
import os
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_layeredcnn.files import (
    FileError,
    read_image,
    read_labels,
    write_labels,
    write_picture,
)


def ramp(shape=(6, 9), dtype=np.uint8):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("ending", [".tif", ".TIFF", ".npy"])
def test_pixels_come_back_in_their_own_dtype(tmp_path, ending, dtype):
    image = ramp(dtype=dtype) * dtype(3)
    path = tmp_path / f"image{ending}"
    if ending == ".npy":
        np.save(path, image)
    else:
        tifffile.imwrite(path, image)
    found = read_image(path).array
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, image)


def test_booleans_become_zero_and_one(tmp_path):
    np.save(tmp_path / "mask.npy", ramp() > 20)
    np.testing.assert_array_equal(read_image(tmp_path / "mask.npy").array, (ramp() > 20) * 1)


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (ramp(), "L"),
        (ramp(dtype=np.uint16) * 1200, "I;16"),
        (ramp((6, 9, 3)), "RGB"),
        (ramp((6, 9, 4)), "RGBA"),
    ],
)
def test_png_of_every_kind(tmp_path, array, mode):
    image = Image.fromarray(array)
    assert image.mode == mode
    image.save(tmp_path / "a.png")
    found = read_image(tmp_path / "a.png").array
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_a_palette_gives_colors_for_an_image_and_numbers_for_labels(tmp_path):
    indices = np.array([[0, 1], [2, 1]], np.uint8)
    image = Image.fromarray(indices).convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "p.png"), indices)
    np.testing.assert_array_equal(read_image(tmp_path / "p.png").array[0, 1], [255, 0, 0])


def test_separate_color_planes_come_last(tmp_path):
    planes = ramp((3, 6, 9))
    tifffile.imwrite(tmp_path / "c.tif", planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "c.tif").array, np.moveaxis(planes, 0, -1))


class TestSlices:
    @pytest.fixture
    def stack(self, tmp_path):
        path = tmp_path / "stack.tif"
        tifffile.imwrite(path, ramp((24, 6, 9), np.uint16), photometric="minisblack")
        return path

    def test_one_is_chosen(self, stack):
        file = read_image(stack, slice_index=5)
        assert file.n_slices == 24
        np.testing.assert_array_equal(file.array, ramp((24, 6, 9), np.uint16)[5])

    def test_none_is_guessed(self, stack):
        with pytest.raises(FileError, match=r"has 24 slices; choose one with --slice N"):
            read_image(stack)

    def test_there_must_be_such_a_slice(self, stack):
        with pytest.raises(FileError, match=r"0 to 23; there is no slice 24"):
            read_image(stack, slice_index=24)

    def test_a_stack_of_one_slice_is_an_image(self, tmp_path):
        np.save(tmp_path / "one.npy", ramp((1, 6, 9)))
        np.testing.assert_array_equal(read_image(tmp_path / "one.npy").array, ramp())

    def test_a_stack_of_color_images(self, tmp_path):
        stack = ramp((4, 6, 9, 3))
        np.save(tmp_path / "rgb.npy", stack)
        np.testing.assert_array_equal(read_image(tmp_path / "rgb.npy", 2).array, stack[2])

    def test_more_axes_than_one_of_slices(self, tmp_path):
        np.save(tmp_path / "4d.npy", ramp((2, 5, 6, 9)))
        with pytest.raises(FileError, match=r"has the shape \(2, 5, 6, 9\)"):
            read_image(tmp_path / "4d.npy", 0)

    def test_an_image_has_none(self, tmp_path):
        np.save(tmp_path / "a.npy", ramp())
        with pytest.raises(FileError, match="leave --slice out"):
            read_image(tmp_path / "a.npy", 0)
        np.testing.assert_array_equal(read_labels(tmp_path / "a.npy", 0), ramp())


class TestRefusals:
    def test_missing(self, tmp_path):
        with pytest.raises(FileError, match="does not exist"):
            read_image(tmp_path / "none.tif")

    def test_folder(self, tmp_path):
        with pytest.raises(FileError, match="is a folder"):
            read_image(tmp_path)

    def test_foreign_ending(self, tmp_path):
        (tmp_path / "a.jpg").write_bytes(b"")
        with pytest.raises(FileError, match=r"ends in \.jpg; images are read from \.tif"):
            read_image(tmp_path / "a.jpg")

    def test_pickles_are_not_loaded(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return (os.mkdir, (str(tmp_path / "sprung"),))

        np.save(tmp_path / "a.npy", np.array([Trap()], object), allow_pickle=True)
        with pytest.raises(FileError, match="cannot be read"):
            read_image(tmp_path / "a.npy")
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize("array", [np.zeros(5), np.zeros((0, 4)), np.zeros((3, 4), complex)])
    def test_what_is_no_image(self, tmp_path, array):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(FileError, match=r"does not hold numbers|holds no image"):
            read_image(tmp_path / "a.npy")

    def test_several_arrays_under_a_wrong_name(self, tmp_path):
        np.savez(tmp_path / "a.npz", a=ramp())
        (tmp_path / "a.npz").rename(tmp_path / "a.npy")
        with pytest.raises(FileError, match="several arrays"):
            read_image(tmp_path / "a.npy")

    def test_lzw_says_what_to_install(self, tmp_path):
        if importlib.util.find_spec("imagecodecs"):
            pytest.skip("imagecodecs is there, so LZW can be read")
        Image.fromarray(ramp()).save(tmp_path / "a.tif", compression="tiff_lzw")
        with pytest.raises(FileError, match=r"imagecodecs.*or save the file uncompressed"):
            read_image(tmp_path / "a.tif")

    def test_color_labels(self, tmp_path):
        Image.fromarray(ramp((6, 9, 3))).save(tmp_path / "a.png")
        with pytest.raises(FileError, match="single-channel"):
            read_labels(tmp_path / "a.png")

    def test_labels_with_a_fraction(self, tmp_path):
        np.save(tmp_path / "a.npy", np.array([[1.0, 2.5]]))
        with pytest.raises(FileError, match=r"values such as 2\.5"):
            read_labels(tmp_path / "a.npy")

    def test_whole_floats_are_labels(self, tmp_path):
        np.save(tmp_path / "a.npy", np.array([[1.0, 2.0]], np.float32))
        labels = read_labels(tmp_path / "a.npy")
        assert labels.dtype.kind == "i"
        np.testing.assert_array_equal(labels, [[1, 2]])


def write_sample(folder, kind):
    image = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    path = folder / f"image.{kind.split('-')[0]}"
    if kind == "png":
        Image.fromarray(image).save(path)
    elif kind == "npy":
        np.save(path, image)
    else:
        tifffile.imwrite(path, image, compression="zlib" if kind == "tif-zlib" else None)
    return path


@pytest.mark.parametrize("kind", ["tif", "tif-zlib", "png", "npy"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damage_gives_one_kind_of_error_and_no_output(tmp_path_factory, capfd, kind, data):
    folder = tmp_path_factory.mktemp("damage")
    path = write_sample(folder, kind)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    changes = data.draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
    damaged = bytearray(whole[:cut])
    for place, value in changes:
        if place < cut:
            damaged[place] = value
    path.write_bytes(bytes(damaged))
    message = f"{path} was read"
    try:
        read_image(path)
    except FileError as error:
        message = str(error)
    assert str(path) in message
    assert "\n" not in message
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["tif", "tif-zlib", "png", "npy"])
def test_half_a_file_is_never_taken_for_an_image(tmp_path, kind):
    path = write_sample(tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError):
        read_image(path)


@pytest.mark.parametrize(
    ("ids", "dtype"),
    [
        ([0, 255], np.uint8),
        ([0, 256], np.uint16),
        ([1, 65536], np.uint32),
        ([1, 2**40], np.uint64),
        ([-1, 127], np.int8),
        ([-1, 128], np.int16),
        ([-(2**20), 5], np.int32),
    ],
)
def test_labels_are_written_in_the_smallest_dtype(tmp_path, ids, dtype):
    write_labels(tmp_path / "a.tif", [ids])
    found = read_labels(tmp_path / "a.tif")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [ids])


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    write_labels(path, ramp())

    def half(target, *args, **kwargs):
        target.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(tifffile, "imwrite", half)
    with pytest.raises(OSError, match="no space"):
        write_labels(path, ramp() * 0)
    assert list(tmp_path.iterdir()) == [path]
    np.testing.assert_array_equal(read_labels(path), ramp())


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_labels(tmp_path / "a.tif", ramp())
    assert (tmp_path / "a.tif").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    "write",
    [lambda p: write_labels(p, ramp()), lambda p: write_picture(p, ramp((4, 5, 3)))],
)
def test_writers_refuse_another_ending(tmp_path, write):
    with pytest.raises(FileError, match="ends in"):
        write(tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


def test_floats_are_no_labels(tmp_path):
    with pytest.raises(FileError, match="float64"):
        write_labels(tmp_path / "a.tif", np.zeros((3, 4)))


def test_color_png_of_16_bits_gives_the_upper_eight(tmp_path):
    pixels = np.array([[[0x1234, 0xABCD, 0xFFFF]]], ">u2")

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + pixels.tobytes()))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b""))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array, [[[0x12, 0xAB, 0xFF]]])
