"""Curves of stacks, with place and notes; those of one image are in test_curves."""

from __future__ import annotations

import csv
import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.files import FileError, Place, read_curves, write_curves

sides = st.integers(1, 4)
floats = st.floats(width=32, allow_infinity=False)


@st.composite
def stacks(draw):
    slices = draw(st.lists(st.integers(-5, 500), min_size=1, max_size=4, unique=True))
    shape = (len(slices), draw(sides), draw(sides))
    uncertainty = draw(st.none() | arrays(np.float32, shape, elements=floats))
    return draw(arrays(np.float32, shape, elements=floats)), slices, uncertainty


@pytest.mark.parametrize("ending", [".curves.csv", ".curves.npz"])
@settings(max_examples=40, deadline=None)
@given(stack=stacks(), transposed=st.booleans(), scale=st.none() | st.floats(0.5, 2))
def test_a_stack_comes_back(tmp_path_factory, ending, stack, transposed, scale):
    curves, slices, uncertainty = stack
    place = None if scale is None else Place((3.0, scale, 1.0), (0.0, 1.0, 2.0), ("µm", "µm", "s"))
    notes = {"name": "Knöchel", "settings": {"direction": "right"}}
    path = tmp_path_factory.mktemp("curves") / f"a{ending}"
    write_curves(
        path,
        curves,
        uncertainty=uncertainty,
        transposed=transposed,
        slices=slices,
        place=place,
        notes=notes,
    )
    found = read_curves(path)
    np.testing.assert_array_equal(found.curves, curves)
    assert found.curves.dtype == np.float32
    if uncertainty is not None:
        np.testing.assert_array_equal(found.uncertainty, uncertainty)
    assert (found.uncertainty is None) == (uncertainty is None)
    assert found.slices == tuple(slices)
    assert (found.transposed, found.place, found.notes) == (transposed, place, notes)


PLACE = Place(scale=(2.0, 5.0), translate=(100.0, 0.0), units=("micrometer", "millimeter"))


@pytest.mark.parametrize(
    ("transposed", "world", "unit"), [(False, 120.0, "micrometer"), (True, 50.0, "millimeter")]
)
def test_world_units_are_those_of_the_viewer(tmp_path, transposed, world, unit):
    """A curve at edge 10.5 passes the center of row (or column) 10."""
    for ending in ("csv", "npz"):
        path = tmp_path / f"a.{ending}"
        write_curves(path, [[10.5, np.nan]], place=PLACE, transposed=transposed)
        np.testing.assert_array_equal(read_curves(path).world(), [[world, np.nan]])
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_array_equal(arrays["world"], [[world, np.nan]])
        assert str(arrays["world_unit"]) == unit
    lines = (tmp_path / "a.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(rows[0][name]) for name in ("curve_1", "world_1")] == [10.5, world]
    assert (rows[1]["curve_1"], rows[1]["world_1"]) == ("", "")
    assert any(line.startswith("# world_N: ") and line.endswith(f"in {unit}") for line in lines)


def test_a_stack_has_a_row_to_each_slice_and_column(tmp_path):
    write_curves(tmp_path / "a.csv", [[[1, 2]], [[3, 4]]], slices=[7, 3])
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "slice,column,curve_1",
        "7,0,1.0",
        "7,1,2.0",
        "3,0,3.0",
        "3,1,4.0",
    ]


HEAD = "slice,column,curve_1\n"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (HEAD + "0,0,1\n0,1,2\n1,0,3\n", "columns 0, 1, 2"),
        (HEAD + "0,0,1\n1,0,2\n0,1,3\n1,1,4\n", "columns 0, 1, 2"),
        ("column,curve_1\n1,1\n0,2\n", "columns 0, 1, 2"),
        ("column,curve_1\n", "not a curve file"),
        ("slice\n", "its columns are slice"),
        ("column,curve_1,curve_3\n0,1,1\n", "its columns are"),
        ("# region ids, top to bottom: 1 2 3\ncolumn,curve_1\n0,1\n", "1 curves and 3 regions"),
        ("# layer: {\ncolumn,curve_1\n0,1\n", "not a curve file"),
        ("# layer: []\ncolumn,curve_1\n0,1\n", "its notes are no table"),
        ('# layer: {"notes": 3}\ncolumn,curve_1\n0,1\n', "its notes are no table"),
        ('# layer: {"place": {"scale": [1]}}\ncolumn,curve_1\n0,1\n', "scale does not fit 2 axes"),
        ("column,curve_1\n0,1\n1\n", "not a curve file"),
    ],
)
def test_damaged_tables_are_refused_in_one_sentence(tmp_path, text, match):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FileError, match=match) as caught:
        read_curves(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"slices": np.array([1, 2])}, "axes instead of 3"),
        ({"curves": np.zeros((2, 3, 4)), "slices": np.array([1])}, "2 slices and 1 numbers"),
        ({"uncertainty": np.zeros((1, 1))}, "uncertainty does not fit"),
        ({"region_ids": np.array([1])}, "1 curves and 1 regions"),
        ({"layer": np.array("no json")}, "not a curve file"),
        ({"curves": np.array(["a"])}, "not a curve file"),
    ],
)
def test_damaged_arrays_are_refused(tmp_path, changes, match):
    arrays = {
        "curves": np.zeros((1, 4)),
        "region_ids": np.array([1, 2]),
        "coordinates": np.array("edge"),
        "transposed": np.array(False),
    }
    np.savez(tmp_path / "a.npz", **(arrays | changes))
    with pytest.raises(FileError, match=match):
        read_curves(tmp_path / "a.npz")


def test_every_cut_of_a_table_is_refused_or_shorter(tmp_path):
    path = tmp_path / "a.csv"
    write_curves(path, [[1.5, 2.5, 3.5]], place=PLACE, notes={"name": "a"})
    whole = path.read_text()
    widths = []
    for kept in range(len(whole)):
        path.write_text(whole[:kept])
        with suppress(FileError):
            widths.append(read_curves(path).curves.shape[1])
    assert set(widths) <= {1, 2, 3}
    assert len(widths) < len(whole) / 4


@pytest.mark.parametrize(
    ("curves", "slices"), [([[1.0]], [1]), ([[[1.0]]], [1, 2]), ([[[1.0]], [[2.0]]], [4, 4])]
)
def test_slices_must_fit(tmp_path, curves, slices):
    with pytest.raises(FileError, match="slices have the shape"):
        write_curves(tmp_path / "a.csv", curves, slices=slices)
    assert not list(tmp_path.iterdir())


def test_the_layer_line_is_json(tmp_path):
    write_curves(tmp_path / "a.csv", [[1.5]], place=PLACE, notes={"n": np.float32(2)})
    lines = (tmp_path / "a.csv").read_text().splitlines()
    line = next(line for line in lines if line.startswith("# layer: "))
    found = json.loads(line.removeprefix("# layer: "))
    assert found["place"]["units"] == ["micrometer", "millimeter"]
    assert found["notes"] == {"n": 2.0}
