from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from napari_layeredcnn.files import (
    FileError,
    Place,
    Resolution,
    is_zarr,
    open_array,
    read_image,
    read_label_stack,
    read_labels,
    read_stack,
    stack_shape,
)

STACK = np.random.default_rng(0).integers(0, 9999, (5, 12, 16)).astype(np.uint16)
COLORS = np.random.default_rng(1).integers(0, 255, (5, 12, 16, 3)).astype(np.uint8)
MICROMETERS = ("micrometer",) * 3


def tiff(array, **options):
    return lambda path: tifffile.imwrite(path, array, **{"photometric": "minisblack", **options})


def pages(path):
    with tifffile.TiffWriter(path) as writer:
        for image in STACK:
            writer.write(image, compression="zlib", metadata=None)


KINDS = [
    ("a.npy", lambda path: np.save(path, STACK), "memmap"),
    ("fortran.npy", lambda path: np.save(path, np.asfortranarray(STACK[None])), "memmap"),
    ("a.tif", tiff(STACK), "memmap"),
    ("big.tif", tiff(STACK.astype(">u2"), byteorder=">"), "memmap"),
    ("imagej.tif", tiff(STACK, imagej=True), "memmap"),
    ("ones.tif", tiff(STACK[None, :, None]), "memmap"),
    ("packed.tif", tiff(STACK, compression="zlib"), "TiffPages"),
    ("packed-big.tif", tiff(STACK.astype(">u2"), byteorder=">", compression="zlib"), "TiffPages"),
    ("packed-ones.tif", tiff(STACK[None, :, None], compression="zlib"), "TiffPages"),
    ("tiles.tif", tiff(STACK, tile=(16, 16)), "TiffPages"),
    ("pages.tif", pages, "TiffPages"),
    ("a.ome.tif", tiff(STACK, metadata={"axes": "ZYX"}, compression="zlib"), "TiffPages"),
    ("volume.tif", tiff(STACK, volumetric=True, tile=(16, 16, 16)), "ndarray"),
    ("a.zarr", lambda path: zarr.create_array(path, data=STACK), "ZarrArray"),
    ("two", lambda path: zarr.create_array(path, data=STACK, zarr_format=2), "ZarrArray"),
    ("ones.zarr", lambda path: zarr.create_array(path, data=STACK[None, :, None]), "ZarrArray"),
]


@pytest.mark.parametrize(("name", "write", "kind"), KINDS, ids=[kind[0] for kind in KINDS])
def test_stacks_are_opened_and_sliced(tmp_path, name, write, kind):
    path = tmp_path / name
    write(path)
    opened = open_array(path)
    array = opened.array
    assert type(array).__name__ == kind
    assert (opened.is_stack, opened.n_slices, array.shape) == (True, 5, STACK.shape)
    assert array.dtype.kind == "u"
    every = slice(None)
    for key in (3, slice(1, 4), slice(0, 5, 2), (every, every, slice(3, 9)), (2, slice(4)), every):
        np.testing.assert_array_equal(array[key], STACK[key])
    np.testing.assert_array_equal(array[0:0], STACK[0:0])
    np.testing.assert_array_equal(read_image(path, 3).array, STACK[3])


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.npy", lambda path: np.save(path, COLORS)),
        ("a.tif", tiff(COLORS, photometric="rgb")),
        ("packed.tif", tiff(COLORS, photometric="rgb", compression="zlib")),
        ("a.zarr", lambda path: zarr.create_array(path, data=COLORS)),
        *(
            (name, tiff(np.moveaxis(COLORS, 3, 1), photometric="rgb", planarconfig="separate", **o))
            for name, o in [("planes.tif", {}), ("packed-planes.tif", {"compression": "zlib"})]
        ),
    ],
)
def test_colors_come_last(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    opened = open_array(path)
    assert (opened.is_stack, opened.n_slices) == (True, 5)
    assert not isinstance(opened.array, np.ndarray) or isinstance(opened.array, np.memmap)
    np.testing.assert_array_equal(opened.array[:], COLORS)
    np.testing.assert_array_equal(opened.array[1:3, :, 4:9], COLORS[1:3, :, 4:9])


def test_a_single_image_is_no_stack(tmp_path):
    Image.fromarray(COLORS[0]).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", STACK[:1])
    zarr.create_array(tmp_path / "a.zarr", data=STACK[:1])
    for name in ("a.png", "a.npy", "a.zarr"):
        opened = open_array(tmp_path / name)
        assert (opened.is_stack, opened.n_slices) == (False, 1)
    np.testing.assert_array_equal(read_image(tmp_path / "a.zarr").array, STACK[0])


def test_a_tiff_is_read_page_by_page_and_left_closed(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tiff(STACK, compression="zlib")(path)
    array = open_array(path).array
    read = []
    real = tifffile.TiffPage.asarray
    keep = lambda page, **options: read.append(page.index) or real(page, **options)  # noqa: E731
    monkeypatch.setattr(tifffile.TiffPage, "asarray", keep)
    monkeypatch.setattr(tifffile.TiffFrame, "asarray", keep)
    np.testing.assert_array_equal(array[3], STACK[3])
    np.testing.assert_array_equal(array[1:3], STACK[1:3])
    assert read == [3, 1, 2]
    path.unlink()  # nothing holds it, not even where open files cannot be removed
    with pytest.raises(FileError, match=r"a.tif cannot be read"):
        array[0]


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_another_process_gets_the_path_alone(tmp_path, monkeypatch, name):
    stack = np.repeat(STACK, 40, axis=0)
    monkeypatch.chdir(tmp_path)
    if name == "a.tif":
        tiff(stack, compression="zlib")(name)
    else:
        zarr.create_array(name, data=stack[None])
    told = pickle.dumps(open_array(name).array)
    assert len(told) < 1000
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(pickle.loads(told)[7], stack[7])


def test_damage_is_told_of_when_it_is_met(tmp_path):
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 255, (3, 64, 64), np.uint8)
    tiff(noise, compression="zlib")(path)
    array = open_array(path).array
    with tifffile.TiffFile(path) as file:
        start = file.pages[1].dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\0" * 500)
    np.testing.assert_array_equal(array[2], noise[2])
    with pytest.raises(FileError, match=r"a\.tif"):
        array[1]
    zarr.create_array(tmp_path / "a.zarr", data=STACK, chunks=(1, 12, 16))
    (tmp_path / "a.zarr" / "c" / "1" / "0" / "0").write_bytes(b"no chunk at all")
    array = open_array(tmp_path / "a.zarr").array
    np.testing.assert_array_equal(array[2], STACK[2])
    with pytest.raises(FileError, match=r"a\.zarr cannot be read"):
        array[1]


def ome(path, data, axes, version, *, scale, more=()):
    """Write an OME-Zarr image with two levels."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    for level, step in (("0", 1), ("1", 2)):
        group.create_array(level, data=data[..., ::step, ::step])
    levels = [
        {"path": level, "coordinateTransformations": [{"type": "scale", "scale": sizes}]}
        for level, sizes in (("0", scale), ("1", [2 * size for size in scale]))
    ]
    image = {"axes": axes, "datasets": levels, "version": version}
    image |= {"coordinateTransformations": list(more)} if more else {}
    if version == "0.4":
        group.attrs["multiscales"] = [image]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [image]}


def axis(name, unit=None):
    kind = {"t": "time", "c": "channel"}.get(name, "space")
    return {"name": name, "type": kind} | ({} if unit is None else {"unit": unit})


class TestOmeZarr:
    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_the_first_level_with_scale_and_units(self, tmp_path, version):
        path = tmp_path / "a.ome.zarr"
        axes = [axis("t", "second"), axis("c"), *(axis(name, "micrometer") for name in "zyx")]
        ome(path, STACK[None, None], axes, version, scale=[9, 1, 4.0, 0.5, 0.25])
        opened = open_array(path)
        np.testing.assert_array_equal(opened.array[1:], STACK[1:])
        assert opened.place == Place(scale=(4.0, 0.5, 0.25), units=MICROMETERS)
        assert opened.resolution.imagej_unit == "micron"
        assert opened.resolution.spacing == 4
        assert stack_shape(path) == STACK.shape
        np.testing.assert_array_equal(read_stack(path), STACK)
        np.testing.assert_array_equal(read_label_stack(path), STACK)
        np.testing.assert_array_equal(read_labels(path, 2), STACK[2])

    def test_a_scale_of_all_levels_and_no_unit(self, tmp_path):
        path = tmp_path / "a.zarr"
        axes = [axis("z"), axis("y", "micrometer"), axis("x", "micrometer")]
        more = [{"type": "scale", "scale": [2, 2, 2]}]
        ome(path, STACK, axes, "0.5", scale=[1, 3, 3], more=more)
        place = open_array(path).place
        assert place == Place(scale=(2, 6, 6), units=("pixel", "micrometer", "micrometer"))

    def test_a_time_series_is_a_stack(self, tmp_path):
        path = tmp_path / "a.zarr"
        ome(path, STACK, [axis("t", "second"), axis("y"), axis("x")], "0.5", scale=[1, 1, 1])
        assert open_array(path).n_slices == 5

    @pytest.mark.parametrize(
        ("shape", "names", "said"),
        [
            ((2, 5, 12, 16), "czyx", "has 2 channels: save one of them"),
            ((2, 12, 16), "cyx", "has 2 channels"),
            ((2, 5, 12, 16), "tzyx", "holds 2 x 5 images"),
        ],
    )
    def test_too_many_axes(self, tmp_path, shape, names, said):
        axes = [axis(name) for name in names]
        ome(tmp_path / "a.zarr", np.zeros(shape, "u1"), axes, "0.5", scale=[1] * len(shape))
        with pytest.raises(FileError, match=said):
            open_array(tmp_path / "a.zarr")

    def test_other_groups(self, tmp_path):
        group = zarr.open_group(tmp_path / "a.zarr", mode="w")
        for name in ("raw", "mask"):
            group.create_array(name, data=STACK)
        with pytest.raises(
            FileError, match="no OME-Zarr image: name one of those in it, mask, raw"
        ):
            open_array(tmp_path / "a.zarr")
        np.testing.assert_array_equal(open_array(tmp_path / "a.zarr" / "raw").array[:], STACK)

    def test_damaged_metadata(self, tmp_path):
        for name, text in [("a.zarr", "{"), ("b.zarr", "[]"), ("c.zarr", None)]:
            (tmp_path / name).mkdir()
            if text is not None:
                (tmp_path / name / "zarr.json").write_text(text)
            with pytest.raises(FileError, match=f"{name} cannot be read"):
                open_array(tmp_path / name)
        ome(tmp_path / "d.zarr", STACK, [axis(name) for name in "zyx"], "0.5", scale=[1, 1, 1])
        group = zarr.open_group(tmp_path / "d.zarr", mode="r+")
        group.attrs["ome"] = {"multiscales": [{"datasets": [{"path": "9"}]}]}
        with pytest.raises(FileError, match="cannot be read"):
            open_array(tmp_path / "d.zarr")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({}, Place()),
        ({"resolution": (300, 300), "resolutionunit": "INCH"}, Place()),
        (
            {
                "imagej": True,
                "resolution": (4, 2),
                "metadata": {"axes": "ZYX", "unit": "um", "spacing": 3},
            },
            Place(scale=(3.0, 0.5, 0.25), units=MICROMETERS),
        ),
        (
            {"imagej": True, "resolution": (4, 2), "metadata": {"axes": "ZYX", "unit": "micron"}},
            Place(scale=(1.0, 0.5, 0.25), units=MICROMETERS),
        ),
        ({"imagej": True, "metadata": {"axes": "ZYX", "unit": "furlong"}}, Place()),
        (
            {
                "ome": True,
                "metadata": {
                    "axes": "ZYX",
                    "PhysicalSizeX": 250,
                    "PhysicalSizeXUnit": "nm",
                    "PhysicalSizeY": 0.5,
                    "PhysicalSizeZ": 0.003,
                    "PhysicalSizeZUnit": "mm",
                },
            },
            Place(scale=(3.0, 0.5, 0.25), units=MICROMETERS),
        ),
        (
            {"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 2, "PhysicalSizeY": 2}},
            Place(),
        ),
    ],
)
def test_the_size_of_slices_rows_and_columns_of_a_tiff(tmp_path, options, place):
    tiff(STACK, **options)(tmp_path / "a.tif")
    assert open_array(tmp_path / "a.tif").place == place


def test_what_is_no_stack_is_one_sentence(tmp_path):
    np.save(tmp_path / "four.npy", np.zeros((2, 3, 4, 5)))
    tiff(np.zeros((2, 3, 9, 9), "u1"), compression="zlib")(tmp_path / "four.tif")
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    np.savez(tmp_path / "several.npz", a=STACK)
    os.rename(tmp_path / "several.npz", tmp_path / "several.npy")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "four.npy").read_bytes()[:200])
    (tmp_path / "folder").mkdir()
    assert not is_zarr(tmp_path / "folder")
    for name, said in [
        ("four.npy", "holds 2 x 3 images: save one image or one stack of slices"),
        ("four.tif", "holds 2 x 3 images"),
        ("words.npy", "does not hold numbers"),
        ("several.npy", "holds several arrays"),
        ("cut.npy", "cannot be read"),
        ("folder", "is a folder"),
        ("none.zarr", "does not exist"),
    ]:
        with pytest.raises(FileError, match=said):
            open_array(tmp_path / name)


def test_resolution_of_a_place_without_slices():
    from napari_layeredcnn.files.resolution import resolution_of

    place = Place(scale=(1.0, 2.0, 4.0), units=("pixel", "micrometer", "micrometer"))
    found = resolution_of(place)
    assert found.unit == "centimeter"
    assert found.x[0] / found.x[1] == pytest.approx(2500)
    assert resolution_of(Place(scale=(1.0,) * 3, units=("pixel",) * 3)) is None
    assert resolution_of(Place()) is None
    assert isinstance(resolution_of(Place(scale=(1.0,) * 3, units=MICROMETERS)), Resolution)
