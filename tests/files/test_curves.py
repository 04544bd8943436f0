from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_layeredcnn.files import CurveTable, FileError, read_curves, write_curves

floats = st.floats(width=32, allow_infinity=False)
tables = array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
    lambda shape: st.builds(
        CurveTable,
        arrays(np.float32, shape, elements=floats),
        st.none() | arrays(np.float32, shape, elements=floats),
        st.lists(st.integers(-(2**40), 2**40), min_size=shape[0] + 1, max_size=shape[0] + 1).map(
            tuple
        ),
        st.booleans(),
    )
)


@pytest.mark.parametrize("ending", [".csv", ".npz"])
@settings(max_examples=40, deadline=None)
@given(table=tables)
def test_what_was_written_comes_back(tmp_path_factory, ending, table):
    path = tmp_path_factory.mktemp("curves") / f"curves{ending}"
    write_curves(
        path,
        table.curves,
        uncertainty=table.uncertainty,
        region_ids=table.region_ids,
        transposed=table.transposed,
    )
    found = read_curves(path)
    np.testing.assert_array_equal(found.curves, table.curves)
    assert found.curves.dtype == np.float32
    if table.uncertainty is None:
        assert found.uncertainty is None
    else:
        np.testing.assert_array_equal(found.uncertainty, table.uncertainty)
    assert (found.region_ids, found.transposed) == (table.region_ids, table.transposed)


def test_the_table_reads_as_plain_csv(tmp_path):
    path = tmp_path / "curves.csv"
    write_curves(path, [[1.5, np.nan], [2.5, 3]], uncertainty=[[0, 1], [0.25, 1]])
    lines = path.read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows[0] == {
        "column": "0",
        "curve_1": "1.5",
        "curve_2": "2.5",
        "uncertainty_1": "0.0",
        "uncertainty_2": "0.25",
    }
    assert rows[1]["curve_1"] == ""
    assert any("coordinates: edge" in line for line in lines)
    assert any("units: px" in line for line in lines)


def test_a_transposed_table_counts_rows(tmp_path):
    write_curves(tmp_path / "a.csv", [[1.5, 2.5]], transposed=True)
    text = (tmp_path / "a.csv").read_text()
    assert "row,curve_1" in text
    assert "columns left of the curve" in text


def test_arrays_say_their_coordinates_without_pickles(tmp_path):
    write_curves(tmp_path / "a.npz", [[1.5, 2.5]])
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert str(file["coordinates"]) == "edge"
        np.testing.assert_array_equal(file["region_ids"], [1, 2])


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", b"x,y\n1,2\n", "its columns are x, y"),
        ("a.csv", b"", "not a curve file"),
        ("a.csv", b"column,curve_1\n0,wide\n", "not a curve file"),
        ("a.csv", b"\xff\xfe\x00", "not a curve file"),
        ("a.npz", b"PK", "not a curve file"),
        ("a.npz", b"PK\x03\x04 and no more", "not a curve file"),
        ("a.txt", b"", r"ends in \.csv or \.npz"),
    ],
)
def test_foreign_files_are_refused(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=match):
        read_curves(tmp_path / name)


def test_other_coordinates_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", curves=np.zeros((1, 2)), coordinates="napari")
    with pytest.raises(FileError, match="napari, not edge"):
        read_curves(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("curves", "options", "match"),
    [
        ([1.0, 2.0], {}, "shape"),
        ([[1.0, 2.0]], {"uncertainty": [[1.0]]}, "uncertainty"),
        ([[1.0, 2.0]], {"region_ids": (1, 2, 3)}, "1 curves part 2 regions, not 3"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path, curves, options, match):
    with pytest.raises(FileError, match=match):
        write_curves(tmp_path / "a.csv", curves, **options)
    assert not list(tmp_path.iterdir())
