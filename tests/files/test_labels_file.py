from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_layeredcnn.files import (
    Colors,
    FileError,
    LabelsFile,
    Place,
    read_image,
    read_labels,
    read_labels_file,
    write_labels_file,
)

DTYPES = [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
sizes = st.floats(1e-6, 1e6)
shades = st.floats(0, 1, width=32)
rgba = st.tuples(shades, shades, shades, shades)
ids = st.integers(-(2**40), 2**40)
colors = st.builds(Colors, st.dictionaries(ids, rgba, max_size=4), rgba) | st.builds(
    Colors, cycle=st.lists(rgba, min_size=2, max_size=5).map(tuple), background=st.integers(0, 3)
)
json_values = st.recursive(
    st.none() | st.booleans() | ids | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def files(draw):
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(array_shapes(min_dims=2, max_dims=4, max_side=5))
    n, rows = len(shape), draw(st.integers(0, 4))

    def vector(elements, length=n):
        return st.just(()) | st.tuples(*[elements] * length)

    place = st.builds(
        Place,
        scale=vector(sizes),
        translate=vector(numbers),
        units=vector(st.sampled_from(["pixel", "micrometer", "millimeter", "second"])),
        axis_labels=vector(words),
        rotate=vector(st.tuples(*[numbers] * n)),
        shear=vector(numbers, n * (n - 1) // 2),
        affine=vector(st.tuples(*[numbers] * (n + 1)), n + 1),
    )
    return LabelsFile(
        draw(arrays(dtype, shape)),
        name=draw(st.none() | words),
        place=draw(place),
        features={
            "index": draw(st.lists(ids, min_size=rows, max_size=rows)),
            "name": draw(st.lists(words, min_size=rows, max_size=rows)),
            "thickness": draw(st.lists(numbers, min_size=rows, max_size=rows)),
        },
        colors=draw(st.none() | colors),
        opacity=draw(st.none() | st.floats(0, 1)),
        notes=draw(st.dictionaries(words, json_values, max_size=3)),
    )


@settings(max_examples=80, deadline=None)
@given(file=files())
def test_what_was_written_comes_back(tmp_path_factory, file):
    path = tmp_path_factory.mktemp("labels") / "a.layers.tif"
    write_labels_file(path, file)
    found = read_labels_file(path)
    assert found.labels.dtype == file.labels.dtype
    np.testing.assert_array_equal(found.labels, file.labels)
    for name in ("name", "place", "features", "colors", "opacity", "notes"):
        assert getattr(found, name) == getattr(file, name), name


def stack_file():
    labels = np.arange(2 * 5 * 7).reshape(2, 5, 7) % 3
    place = Place(scale=(10.0, 2.0, 4.0), units=("micrometer",) * 3)
    return LabelsFile(
        labels,
        name="knee",
        place=place,
        features={"index": [1, 2], "name": ["Knorpel µ", "骨"], "thickness": [1.5, np.nan]},
        notes={"model": {"name": "paper", "hash": "abc"}},
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "knee.layers.tif"
    write_labels_file(path, stack_file())
    return path


def test_a_value_that_is_missing_in_a_column_of_numbers_is_nan_again(path):
    assert np.isnan(read_labels_file(path).features["thickness"][1])


def test_other_programs_read_plain_labels(path):
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 2
        assert tiff.pages[0].dtype == np.uint8
        tags = tiff.pages[0].tags
        assert tags["ResolutionUnit"].value == 3  # centimeter
        for tag, size in (("XResolution", 4), ("YResolution", 2)):
            over, under = tags[tag].value
            assert over / under == pytest.approx(10_000 / size)
    np.testing.assert_array_equal(tifffile.imread(path), stack_file().labels)
    np.testing.assert_array_equal(read_labels(path, slice_index=1), stack_file().labels[1])
    assert read_image(path, slice_index=0).n_slices == 2


def test_other_programs_read_the_notes_as_json(path):
    with tifffile.TiffFile(path) as tiff:
        text = tiff.pages[0].description
    assert text.isascii()
    document = json.loads(text)
    assert document["shape"] == [2, 5, 7]
    assert document["layeredcnn"]["notes"]["model"]["hash"] == "abc"
    assert document["layeredcnn"]["features"]["thickness"] == [1.5, None]


def test_one_slice_stays_a_stack(tmp_path):
    labels = np.ones((1, 4, 3), np.uint8)
    write_labels_file(tmp_path / "a.layers.tiff", LabelsFile(labels))
    assert read_labels_file(tmp_path / "a.layers.tiff").labels.shape == (1, 4, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool])
def test_a_plain_tiff_opens_as_labels(tmp_path, dtype):
    labels = (np.arange(12).reshape(3, 4) % 2).astype(dtype)
    tifffile.imwrite(tmp_path / "a.layers.tif", labels)
    found = read_labels_file(tmp_path / "a.layers.tif")
    assert found.labels.dtype.kind in "iu"
    np.testing.assert_array_equal(found.labels, labels)
    assert found == LabelsFile(found.labels)


@pytest.mark.parametrize(
    ("image", "options", "match"),
    [
        (np.zeros((5, 6, 3), np.uint8), {"photometric": "rgb"}, "color image"),
        (np.full((5, 6), 0.5, np.float32), {}, "values such as 0.5"),
        (np.zeros((5, 6), np.complex64), {}, "numbers of an image"),
    ],
)
def test_a_tiff_of_something_else_is_refused(tmp_path, image, options, match):
    tifffile.imwrite(tmp_path / "a.layers.tif", image, **options)
    with pytest.raises(FileError, match=match):
        read_labels_file(tmp_path / "a.layers.tif")


def change(path, **changes):
    """Write the file again with other notes."""
    with tifffile.TiffFile(path) as tiff:
        labels, document = tiff.asarray(), json.loads(tiff.pages[0].description)["layeredcnn"]
    document.update(changes)
    tifffile.imwrite(
        path, labels, photometric="minisblack", metadata={"layeredcnn": document}, compression=8
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"version": None},
        {"dtype": "float32"},
        {"dtype": "object"},
        {"dtype": "nonsense"},
        {"place": []},
        {"place": {"scale": [1.0, 2.0]}},
        {"place": {"scale": [1.0, 0.0, 1.0]}},
        {"place": {"scale": [1.0, "wide", 1.0]}},
        {"place": {"units": [1, 2, 3]}},
        {"place": {"affine": [[1.0]]}},
        {"features": {"index": [1], "name": []}},
        {"features": {"index": 3}},
        {"features": {"index": [[1]]}},
        {"colors": {"by_id": {"1": [0, 0, 0]}, "default": [0, 0, 0, 0], "background": 0}},
        {"colors": {"by_id": {"one": [0, 0, 0, 1]}, "default": [0] * 4, "background": 0}},
        {"colors": {"cycle": [[0, 0, 0, 9]] * 3, "background": 0}},
        {"colors": 7},
        {"opacity": 3},
        {"opacity": "thick"},
        {"notes": []},
    ],
)
def test_damaged_notes_are_told_in_one_sentence(path, changes):
    change(path, **changes)
    with pytest.raises(FileError, match="has damaged notes") as caught:
        read_labels_file(path)
    assert "\n" not in str(caught.value)


def test_wrong_json_is_told(path):
    data = path.read_bytes()
    assert data.count(b'"layeredcnn": {') == 1
    path.write_bytes(data.replace(b'"layeredcnn": {', b'"layeredcnn": ['))
    with pytest.raises(FileError, match="cannot be read: ") as caught:
        read_labels_file(path)
    assert "\n" not in str(caught.value)


def test_a_later_version_is_told(path):
    change(path, version=2)
    with pytest.raises(FileError, match=r"later napari-layeredcnn \(format 2\)"):
        read_labels_file(path)


@pytest.mark.parametrize("kept", [0, 3, 8, 40, 200, 500, -20, -1])
def test_a_cut_file_is_refused_in_one_sentence(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(FileError) as caught:
        read_labels_file(path)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes_raise_no_other_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("labels") / "a.layers.tif"
    write_labels_file(path, stack_file())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(FileError):
        read_labels_file(path)


def test_a_failure_leaves_the_older_file(path, monkeypatch):
    older = path.read_bytes()

    def fail(file, *_args, **_options):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(OSError, match="disk full"):
        write_labels_file(path, stack_file())
    assert path.read_bytes() == older
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "labels", [np.zeros((3, 4)), np.zeros(3, int), np.zeros((0, 4), int), np.zeros((3, 4), bool)]
)
def test_what_are_no_labels_is_not_written(tmp_path, labels):
    with pytest.raises(FileError, match="nothing was written"):
        write_labels_file(tmp_path / "a.layers.tif", LabelsFile(labels))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", [read_labels_file, lambda p: write_labels_file(p, stack_file())])
def test_another_ending_is_refused(tmp_path, call):
    with pytest.raises(FileError, match=r"ends in \.layers\.tif"):
        call(tmp_path / "a.tif")
