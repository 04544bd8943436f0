from __future__ import annotations

import csv
import math
import subprocess
import sys

import numpy as np
import openpyxl
import pytest
import tifffile
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.core.measure_maps import thickness_map
from napari_layeredcnn.core.measure_rows import RegionOfInterest
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.files import LabelsFile, Place, write_curves, write_labels_file
from napari_layeredcnn.files.segmentation import read_segmentation

IDS = [1, 2, 3]


def run(*arguments):
    return CliRunner().invoke(app, ["measure", *map(str, arguments)], env={"COLUMNS": "120"})


@pytest.fixture
def folder(tmp_path):
    """A stack of labels, one painted image and curves with their uncertainty."""
    rng = np.random.default_rng(0)
    curves = np.array([[10.0], [24.0]]) + rng.normal(size=(3, 2, 30)).cumsum(axis=-1) * 0.3
    labels = regions_from_curves(curves, 40, IDS)
    place = Place(scale=(9.0, 2.0, 0.5), units=("micrometer",) * 3)
    names = {"index": IDS, "name": ["air", "skin", "fat"]}
    write_labels_file(
        tmp_path / "stack.layers.tif", LabelsFile(labels, place=place, features=names)
    )
    tifffile.imwrite(tmp_path / "painted.tif", labels[0].astype(np.uint8))
    write_curves(tmp_path / "a.curves.csv", curves[1], uncertainty=np.full((2, 30), 0.5))
    write_curves(tmp_path / "b.curves.npz", curves, slices=[4, 5, 6], place=place)
    return tmp_path


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_read(rows):
    """Rows as they are read back."""
    return [
        (r.roi, "all" if r.slice is None else str(r.slice), r.region, r.measure, r.value, r.unit)
        for r in rows
    ]


def check_same(found, expected):
    assert len(found) == len(expected)
    for row, (*words, value, unit) in zip(found, as_read(expected), strict=True):
        assert [row[k] for k in ("roi", "slice", "region", "measure")] == words
        assert row["unit"] == unit
        assert math.isnan(value) if row["value"] == "" else float(row["value"]) == value


def test_many_files_in_one_table_with_the_numbers_of_the_library(folder):
    names = ["stack.layers.tif", "painted.tif", "a.curves.csv", "b.curves.npz"]
    result = run(*(folder / n for n in names), "-o", folder / "t.csv", "-o", folder / "t.xlsx")
    assert result.exit_code == 0, result.output
    rows = table(folder / "t.csv")
    assert list(dict.fromkeys(row["file"] for row in rows)) == names
    for name in names:
        expected = measure(read_segmentation(folder / name))
        check_same([row for row in rows if row["file"] == name], expected)
    assert {row["unit"] for row in rows if row["file"] == "painted.tif"} == {
        "",
        "pixels",
        "pixels^2",
        "degree",
    }
    assert {"skin", "air / skin"} <= {row["region"] for row in rows}
    sheet = openpyxl.load_workbook(folder / "t.xlsx").worksheets[0]
    assert sheet.max_row == len(rows) + 1
    assert "skin" in result.stdout
    assert "micrometer" in result.stdout


def test_options_reach_the_library(folder):
    roi = [RegionOfInterest("left", (0, 12)), RegionOfInterest("12:", (12, 2**63 - 1))]
    result = run(
        folder / "a.curves.csv", "-o", folder / "t.csv", "--scale", "2,0.5", "--unit", "um",
        "--perpendicular", "--detrend", 3, "--roi", "left=0:12", "--roi", "12:",
        "--max-uncertainty", 2, "--correlation-length", 5,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    one = read_segmentation(folder / "a.curves.csv", scale=(2, 0.5), unit="um")
    expected = measure(
        one, perpendicular=True, detrend=3, regions_of_interest=roi, max_uncertainty=2,
        correlation_length=5,
    )  # fmt: skip
    check_same(table(folder / "t.csv"), expected)
    painted = folder / "painted.tif"
    result = run(painted, "-o", folder / "u.csv", "--to-border", "--ids", "1,2,3")
    assert result.exit_code == 0, result.output
    check_same(table(folder / "u.csv"), measure(read_segmentation(painted), to_border=True))
    labels = tifffile.imread(painted)
    tifffile.imwrite(folder / "turned.tif", labels.T)
    result = run(folder / "turned.tif", "-o", folder / "v.csv", "--transposed")
    assert result.exit_code == 0, result.output
    found, expected = table(folder / "v.csv"), table(folder / "u.csv")
    means = [
        [r["value"] for r in rows if (r["region"], r["measure"]) == ("Region 2", "thickness mean")]
        for rows in (found, expected)
    ]
    assert means[0] == means[1] != []


def test_it_goes_on_after_a_broken_file_and_tells_which(folder):
    (folder / "broken.tif").write_text("no image")
    files = [folder / n for n in ("broken.tif", "painted.tif", "none.tif", "a.curves.csv")]
    result = run(*files, "-o", folder / "t.csv")
    assert result.exit_code == 1
    errors = result.stderr.strip().splitlines()
    assert len(errors) == 2
    assert errors[0].startswith("Error: ")
    assert "broken.tif" in errors[0]
    assert "none.tif does not exist" in errors[1]
    assert {row["file"] for row in table(folder / "t.csv")} == {"painted.tif", "a.curves.csv"}
    result = run(files[0], "-o", folder / "u.csv")
    assert result.exit_code == 1
    assert not (folder / "u.csv").exists()


def test_files_of_one_name_are_told_apart(folder):
    (folder / "other").mkdir()
    files = [folder / "painted.tif", folder / "other" / "painted.tif"]
    files[1].write_bytes(files[0].read_bytes())
    run(*files, "-o", folder / "t.csv")
    assert {row["file"] for row in table(folder / "t.csv")} == set(map(str, files))


def test_maps(folder):
    stack = folder / "stack.layers.tif"
    map_ = thickness_map(read_segmentation(stack), 1)
    result = run(stack, "--map", folder / "my map.tif", "--map", folder / "map.png")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(tifffile.imread(folder / "my map.tif"), map_.values)
    assert (folder / "map.png").exists()
    files = [stack, folder / "b.curves.npz"]
    result = run(*files, "--map", folder / "map.tif", "--perpendicular")
    assert result.exit_code == 0, result.output
    for name, file in (("map_stack.tif", files[0]), ("map_b.tif", files[1])):
        map_ = thickness_map(read_segmentation(file), 1, perpendicular=True)
        np.testing.assert_array_equal(tifffile.imread(folder / name), map_.values)
    # What is there stays, and an image has no map, but its numbers are in the table.
    result = run(
        *files, folder / "painted.tif", "--map", folder / "map.tif", "-o", folder / "t.csv"
    )
    assert result.exit_code == 1
    assert result.stderr.count("exists already") == 2
    assert "painted.tif: a map is of a stack" in result.stderr
    assert len({row["file"] for row in table(folder / "t.csv")}) == 3


def test_maps_of_several_regions(folder):
    curves = np.full((2, 4, 6), [[2.0], [4], [5], [9]])
    names = {"index": [1, 2, 3, 4, 5], "name": ["a", "b/b", "c", "c", "e"]}
    labels = regions_from_curves(curves, 12)
    write_labels_file(folder / "many.layers.tif", LabelsFile(labels, features=names))
    result = run(folder / "many.layers.tif", "--map", folder / "m.tif")
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in folder.glob("m_*"))
    assert written == ["m_b_b_1.tif", "m_c_2.tif", "m_c_3.tif"]
    assert [tifffile.imread(folder / name)[0, 0] for name in written] == [2, 1, 4]


def test_comparing(folder):
    a, b = folder / "b.curves.npz", folder / "other.curves.npz"
    table_ = read_segmentation(a)
    place = Place(scale=(9.0, 2.0, 0.5), units=("micrometer",) * 3)
    write_curves(b, table_.stack + 0.5, slices=[4, 5, 6], place=place)
    result = run(a, "--compare", b, "-o", folder / "t.csv")
    assert result.exit_code == 0, result.output
    expected = measure(table_) + compare(table_, read_segmentation(b))
    check_same(table(folder / "t.csv"), expected)
    others = folder / "second"
    others.mkdir()
    for name in ("stack.layers.tif", "painted.tif"):
        (others / name).write_bytes((folder / name).read_bytes())
    files = [folder / n for n in ("stack.layers.tif", "painted.tif", "a.curves.csv")]
    result = run(*files, "--compare", others, "-o", others / "t.csv")
    assert result.exit_code == 1
    assert "a.curves.csv does not exist" in result.stderr
    rows = [r for r in table(others / "t.csv") if r["measure"] == "adjusted Rand index"]
    assert {(r["file"], r["value"]) for r in rows} == {
        ("stack.layers.tif", "1.0"),
        ("painted.tif", "1.0"),
    }
    result = run(*files, "--compare", b)
    assert result.exit_code == 1
    assert "name a folder" in result.stderr


def test_nothing_is_written_over_unless_asked(folder):
    painted = folder / "painted.tif"
    (folder / "t.csv").write_text("mine")
    result = run(painted, "-o", folder / "t.csv")
    assert (result.exit_code, (folder / "t.csv").read_text()) == (1, "mine")
    assert "--overwrite" in result.stderr
    assert run(painted, "-o", folder / "t.csv", "--overwrite").exit_code == 0
    assert len(table(folder / "t.csv")) > 10
    for option in (["-o", folder / "a.curves.csv"], ["--map", folder / "stack.layers.tif"]):
        files = [folder / "a.curves.csv", folder / "stack.layers.tif"]
        result = run(*files, *option, "--overwrite")
        assert result.exit_code == 1
        assert "never written over" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.tif", "-o", "t.txt"],
        ["a.tif", "--map", "m.jpg"],
        ["a.tif", "--scale", "1"],
        ["a.tif", "--scale", "1,x", "--unit", "um"],
        ["a.tif", "--scale", "1,2"],
        ["a.tif", "--unit", "um"],
        ["a.tif", "--roi", "10:5"],
        ["a.tif", "--roi", "a=b"],
        ["a.tif", "--ids", "1,1"],
        ["a.tif", "--detrend", "-1"],
    ],
)
def test_wrong_usage_exits_with_two(arguments):
    assert run(*arguments).exit_code == 2


def test_help_and_measuring_load_no_torch(folder):
    code = (
        "import sys; from napari_layeredcnn.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'torch', 'napari', 'qtpy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "measure", str(folder / "painted.tif")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Region 2" in done.stdout
