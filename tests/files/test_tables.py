from __future__ import annotations

import csv
import math
import sys

import numpy as np
import openpyxl
import pytest

from napari_layeredcnn.core.measure_rows import Measured
from napari_layeredcnn.files import FileError
from napari_layeredcnn.files.tables import TITLES, write_table

ROWS = [
    ("a.tif", Measured("all", None, "skin", "thickness mean", 0.1 + 0.2, "µm")),
    ("a.tif", Measured("fovea, left", 3, '=1+"x"', "area", 1e-17 / 3, "µm^2")),
    ("b.tif", Measured("all", 0, "1 / 2", "thickness sd", math.nan, "µm")),
    ("b.tif", Measured("all", None, "", "adjusted Rand index", math.inf, "")),
]


def test_a_csv_keeps_every_digit_and_name(tmp_path):
    write_table(tmp_path / "t.csv", ROWS)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == TITLES
    assert TITLES == ("file", "roi", "slice", "region", "measure", "value", "unit")
    assert [row["slice"] for row in found] == ["all", "3", "0", "all"]
    for row, (name, measured) in zip(found, ROWS, strict=True):
        assert row["file"] == name
        assert (row["roi"], row["region"], row["unit"]) == (
            measured.roi,
            measured.region,
            measured.unit,
        )
        if math.isfinite(measured.value):
            assert float(row["value"]) == measured.value
        else:
            assert row["value"] == ""


def test_excel_keeps_the_same(tmp_path):
    rng = np.random.default_rng(0)
    many = [("c", Measured("all", i, "r", "m", v, "")) for i, v in enumerate(rng.normal(size=50))]
    write_table(tmp_path / "t.XLSX", ROWS + many)
    (sheet,) = openpyxl.load_workbook(tmp_path / "t.XLSX").worksheets
    titles, *found = sheet.iter_rows(values_only=True)
    assert titles == TITLES
    assert [row[5] for row in found[2:4]] == [None, None]
    expected = [row.value for _, row in (*ROWS[:2], *many)]
    values = [row[5] for row in found if row[5] is not None]
    np.testing.assert_allclose(values, expected, rtol=5e-16)
    assert found[0][:5] == ("a.tif", "all", "all", "skin", "thickness mean")
    assert found[1][:4] == ("a.tif", "fovea, left", 3, '=1+"x"')
    assert sheet["D3"].data_type == "s"


def test_excel_takes_what_its_cells_can_hold(tmp_path, monkeypatch):
    write_table(tmp_path / "t.xlsx", [("a\x07b", ROWS[0][1])])
    (sheet,) = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert sheet["A2"].value == "ab"
    monkeypatch.setattr("napari_layeredcnn.files.tables._MOST_ROWS", 3)
    with pytest.raises(FileError, match="more rows than Excel"):
        write_table(tmp_path / "long.xlsx", ROWS)
    assert not (tmp_path / "long.xlsx").exists()


def test_an_older_file_stays_where_writing_fails(tmp_path, monkeypatch):
    def broken():
        yield ROWS[0]
        raise RuntimeError

    for name in ("t.csv", "t.xlsx"):
        path = tmp_path / name
        path.write_text("older")
        with pytest.raises(RuntimeError):
            write_table(path, broken())
        assert path.read_text() == "older"
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(FileError, match=r"install napari-layeredcnn\[excel\]"):
        write_table(tmp_path / "t.xlsx", ROWS)
    assert {p.name for p in tmp_path.iterdir()} == {"t.csv", "t.xlsx"}
    with pytest.raises(FileError, match=r"ends in \.csv or \.xlsx"):
        write_table(tmp_path / "t.txt", ROWS)
