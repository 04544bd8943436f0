"""The table of the "Measure Layers" dock: arranged, sorted, as text."""

from __future__ import annotations

import numpy as np
import pytest
from measured import CURVES, segmentation
from qtpy.QtCore import Qt

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.core.measure_rows import Measured, RegionOfInterest
from napari_layeredcnn.plugin.measure_table import Figures, FiguresModel, arrange, slice_numbers

NAN = np.nan


def value_of(rows, slice_, region, measure_, roi="all"):
    (found,) = [
        r.value
        for r in rows
        if (r.roi, r.slice, r.region, r.measure) == (roi, slice_, region, measure_)
    ]
    return found


def test_regions_over_all_slices_and_in_one():
    rows = measure(segmentation(), max_uncertainty=1.0)
    table = arrange(rows, "regions")
    assert table.titles == (
        "region",
        "thickness\n(µm)",
        "± error\n(µm)",
        "SD\n(µm)",
        "median\n(µm)",
        "min\n(µm)",
        "max\n(µm)",
        "volume\n(µm³)",
        "covered\n(%)",
        "left out\n(%)",
    )
    assert [row[0] for row in table.rows] == ["air", "skin", "fat", "bone"]
    skin = table.rows[1]
    assert skin[1] == value_of(rows, None, "skin", "thickness mean")
    assert skin[7] == value_of(rows, None, "skin", "volume")
    assert skin[8:] == (100.0, 0.0)
    assert table.rows[2][9] == 100.0  # its lower curve is unsure
    assert np.isnan(table.rows[0][1])
    of_one = arrange(rows, "regions", 2)
    assert "area\n(µm²)" in of_one.titles
    assert of_one.rows[1][1] == value_of(rows, 2, "skin", "thickness mean")
    assert slice_numbers(rows) == [0, 1, 2, 3]


def test_every_slice_and_region_of_interest_has_its_row():
    rois = [RegionOfInterest("left", (0, 20)), RegionOfInterest("one", (0, 60), (1, 2))]
    rows = measure(segmentation(), regions_of_interest=rois)
    table = arrange(rows, "boundaries", "every")
    assert table.titles[:4] == ("boundary", "region of\ninterest", "slice", "height\n(µm)")
    assert [row[:3] for row in table.rows[:6]] == [
        *[("air / skin", "left", z) for z in range(4)],
        ("air / skin", "left", "all"),
        ("skin / fat", "left", 0),
    ]
    assert len(table.rows) == 3 * 5 + 3 * 2
    assert "slope\n(°)" in table.titles
    assert "tortuosity" in table.titles
    assert [row[1] for row in arrange(rows, "regions").rows[::4]] == ["left", "one"]


def test_differences_of_boundaries_regions_and_pixels():
    other = segmentation(CURVES + np.array([0, 1, 0])[:, None])
    rows = compare(segmentation(), other)
    table = arrange(rows, "differences")
    assert [row[0] for row in table.rows] == [
        "skin",
        "fat",
        "air / skin",
        "skin / fat",
        "fat / bone",
        "all regions",
    ]
    mean, rand = table.titles.index("difference\n(µm)"), table.titles.index("Rand index")
    np.testing.assert_allclose([row[mean] for row in table.rows[:-1]], [0.5, -0.5, 0, 0.5, 0])
    assert [np.isnan(row[rand]) for row in table.rows] == [True] * 5 + [False]


def test_two_regions_of_one_name_are_two_rows():
    rows = measure(segmentation(names=("air", "skin", "skin", "bone")))
    table = arrange(rows, "regions", 0)
    assert [row[0] for row in table.rows] == ["air", "skin", "skin", "bone"]
    np.testing.assert_allclose([row[1] for row in table.rows[1:3]], [4.475, 5])


def test_without_a_scale_there_is_no_made_up_unit():
    table = arrange(measure(segmentation(scale=None, unit=None)), "regions", 0)
    assert table.titles[1] == "thickness\n(px)"
    assert "area\n(px²)" in table.titles


@pytest.fixture
def model(qapp):
    model = FiguresModel()
    rows = (("b", 10.0, 2), ("a", NAN, 10), ("c", 9.5, "all"), ("d", -1.0, 1))
    model.show(Figures(("region", "thickness\n(µm)", "slice"), rows))
    return model


def shown(model, column=0):
    return [model.index(i, column).data() for i in range(model.rowCount())]


@pytest.mark.parametrize(
    ("column", "up", "down"),
    [(0, "abcd", "dcba"), (1, "dcba", "bcda"), (2, "dbac", "cabd")],
)
def test_numbers_are_sorted_as_numbers_and_missing_ones_come_last(model, column, up, down):
    model.sort(column)
    assert "".join(shown(model)) == up
    model.sort(column, Qt.SortOrder.DescendingOrder)
    assert "".join(shown(model)) == down
    model.sort(-1)
    assert "".join(shown(model)) == "bacd"


def test_four_digits_are_shown_and_all_are_copied(qapp):
    model = FiguresModel()
    model.show(Figures(("of", "area\n(µm²)"), (("x", 12345.6789), ("y", NAN), ("z", 0.1 + 0.2))))
    assert shown(model, 1) == ["12350", "", "0.3"]
    assert model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == "12345.6789"
    assert model.index(1, 1).data(Qt.ItemDataRole.ToolTipRole).startswith("There is no number")
    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert model.text() == "of\tarea (µm²)\nx\t12345.6789\nz\t0.30000000000000004\ny\t\n"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "area\n(µm²)"


def test_nothing_gives_an_empty_table():
    assert arrange([], "regions") == Figures(("region",), ())
    only = [Measured("all", None, "a", "area", 1.0, "mm^2")]
    assert arrange(only, "boundaries").rows == ()
