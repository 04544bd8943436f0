from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.core.measure_rows import RegionOfInterest
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.measure_statistics import DEVIATION
from napari_layeredcnn.core.regions import regions_from_curves

X = np.arange(120.0)
TILT = np.tan(np.deg2rad(30))


def figures(rows, region, *, number=None, roi="all"):
    """Values by measure, each of which there is once."""
    chosen = [r for r in rows if (r.roi, r.slice, r.region) == (roi, number, region)]
    assert len({r.measure for r in chosen}) == len(chosen)
    return {r.measure: r.value for r in chosen}


def units(rows):
    return {r.measure: r.unit for r in rows}


def test_flat_regions():
    curves = np.repeat([[10.0], [25.0], [25.5]], 120, axis=1)
    flat = Segmentation(curves, height=64, scale=(0.5, 2), unit="um")
    rows = measure(flat, perpendicular=True)
    middle = figures(rows, "Region 2")
    for name in ("mean", "median", "min", "max", "p5", "p95"):
        assert middle[f"thickness {name}"] == 7.5
        assert middle[f"perpendicular thickness {name}"] == 7.5
    assert middle["thickness sd"] == 0
    assert (middle["columns"], middle["covered"]) == (120, 1)
    assert middle["area"] == 7.5 * 240
    assert figures(rows, "Region 3")["thickness mean"] == pytest.approx(0.25)
    curve = figures(rows, "Region 2 / Region 3")
    assert curve["height mean"] == 12.5
    assert (curve["Ra"], curve["slope"]) == (pytest.approx(0, abs=1e-12), 0)
    assert curve["tortuosity"] == pytest.approx(1)
    assert curve["length"] == 119 * 2
    found = units(rows)
    assert (found["thickness mean"], found["area"], found["slope"]) == ("um", "um^2", "degree")
    assert (found["covered"], found["thickness min column"], found["Ra"]) == ("", "", "um")


def test_a_slab_tilted_by_30_degrees_in_a_stack_of_long_voxels():
    # 12 um thick, in pixels of 0.5 x 2 um and slices 10 um apart.
    upper = 40 + TILT * X * 2 / 0.5
    lower = upper + 12 / np.cos(np.deg2rad(30)) / 0.5
    stack = Segmentation(np.stack([[upper, lower]] * 4), scale=(10, 0.5, 2), unit="um")
    rows = measure(stack, perpendicular=True)
    for number in (0, 3, None):
        slab = figures(rows, "Region 2", number=number)
        assert slab["thickness mean"] == pytest.approx(12 / np.cos(np.deg2rad(30)))
        assert slab["perpendicular thickness mean"] == pytest.approx(12)
        curve = figures(rows, "Region 1 / Region 2", number=number)
        assert curve["slope"] == pytest.approx(30)
        assert curve["Rq"] == pytest.approx(0, abs=1e-9)
        assert curve["tortuosity"] == pytest.approx(1)
    area = 12 / np.cos(np.deg2rad(30)) * 240
    assert figures(rows, "Region 2", number=2)["area"] == pytest.approx(area)
    assert figures(rows, "Region 2")["volume"] == pytest.approx(area * 40)
    assert "area" not in figures(rows, "Region 2")
    assert units(rows)["volume"] == "um^3"


def test_a_wedge_and_a_sine():
    wedge = Segmentation([np.full(120, 20), 20 + 0.25 * (X + 1)], scale=(2, 2), unit="mm")
    found = figures(measure(wedge), "Region 2")
    thickness = 0.5 * (X + 1)
    assert found["thickness mean"] == pytest.approx(thickness.mean())
    assert found["thickness sd"] == pytest.approx(thickness.std(ddof=1))
    assert found["thickness p25"] == pytest.approx(np.percentile(thickness, 25))
    assert (found["thickness min"], found["thickness min column"]) == (0.5, 0)
    assert (found["thickness max"], found["thickness max column"]) == (60, 119)
    assert found["area"] == pytest.approx(thickness.sum() * 2)

    sine = 30 + 4 * np.sin(2 * np.pi * X / 40)
    found = figures(measure(Segmentation([sine], scale=(3, 1), unit="mm")), "Region 1 / Region 2")
    assert figures(measure(Segmentation([sine]), detrend=0), "Region 1 / Region 2")[
        "Ra"
    ] == pytest.approx(2 / np.pi * 4, rel=0.005)
    tilted = Segmentation([sine + 0.3 * X], scale=(3, 1), unit="mm")
    same = figures(measure(tilted), "Region 1 / Region 2")
    assert same["Ra"] == pytest.approx(found["Ra"])
    assert same["Rq"] == pytest.approx(found["Rq"])


def test_all_slices_together_are_all_columns_together():
    rng = np.random.default_rng(0)
    curves = np.sort(rng.uniform(5, 60, (6, 3, 40)), axis=1)
    curves[rng.random((6, 1, 40)).repeat(3, axis=1) < 0.2] = np.nan
    stack = Segmentation(curves, height=64, slices=[3, 4, 7, 8, 9, 20], scale=(5, 1, 1), unit="um")
    rows = measure(stack)
    thickness = curves[:, 2] - curves[:, 1]
    found = figures(rows, "Region 3")
    assert found["thickness mean"] == pytest.approx(np.nanmean(thickness))
    assert found["thickness sd"] == pytest.approx(np.nanstd(thickness, ddof=1))
    assert found["thickness median"] == pytest.approx(np.nanmedian(thickness))
    s, x = np.unravel_index(np.nanargmax(thickness), thickness.shape)
    places = found["thickness max slice"], found["thickness max column"]
    assert places == ([3, 4, 7, 8, 9, 20][s], x)
    assert found["volume"] == pytest.approx(np.nansum(thickness) * 5)
    curve = {n: figures(rows, "Region 1 / Region 2", number=n) for n in (*stack.slices, None)}
    pieces = [curve[n]["length"] for n in stack.slices]
    straight = [curve[n]["length"] / curve[n]["tortuosity"] for n in stack.slices]
    assert curve[None]["length"] == pytest.approx(sum(pieces))
    assert curve[None]["tortuosity"] == pytest.approx(sum(pieces) / sum(straight))
    one = figures(rows, "Region 3", number=7)
    assert one["thickness mean"] == pytest.approx(np.nanmean(thickness[2]))
    assert "thickness max slice" not in one
    assert {r.slice for r in rows} == {3, 4, 7, 8, 9, 20, None}
    # Each slice alone gives the same.
    alone = measure(Segmentation(curves[2], height=64, scale=(1, 1), unit="um"))
    for region in (*stack.names, *stack.curve_names):
        expected = figures(alone, region)
        for name, value in figures(rows, region, number=7).items():
            assert value == pytest.approx(expected[name]), name


@settings(max_examples=30)
@given(arrays(np.float32, (3, 2, 12), elements=st.floats(0, 50, width=32)), st.floats(0.01, 100))
def test_only_lengths_depend_on_the_scale(heights, factor):
    curves = np.sort(heights, axis=1)
    one = measure(Segmentation(curves, height=50, scale=(1, 1, 1), unit="m"))
    other = measure(Segmentation(curves, height=50, scale=(factor,) * 3, unit="m"))
    power = {"m": 1, "m^2": 2, "m^3": 3}
    for a, b in zip(one, other, strict=True):
        assert a._replace(value=0) == b._replace(value=0)
        if a.unit == "degree" or "min " in a.measure or "max " in a.measure:
            continue  # places of equals, and slopes near 0, hang on the last digit
        expected = a.value * factor ** power.get(a.unit, 0)
        tolerance = 1e-9 * factor ** power.get(a.unit, 0)
        assert b.value == pytest.approx(expected, rel=1e-6, abs=tolerance, nan_ok=True), a.measure


def test_gaps_and_regions_that_end_half_way():
    curves = np.array([np.full(100, 10.0), np.full(100, 18.0), np.full(100, 20.0)])
    curves[1, 60:] = 20  # Region 3 has ended, Region 2 takes its place
    curves[:, 20:40] = np.nan
    rows = measure(Segmentation(curves, height=32), perpendicular=True)
    ended = figures(rows, "Region 3")
    assert ended["covered"] == pytest.approx(0.4)
    assert (ended["columns"], ended["thickness mean"], ended["area"]) == (40, 2, 80)
    assert ended["perpendicular thickness columns"] <= 40
    assert figures(rows, "Region 2")["covered"] == pytest.approx(0.8)
    assert figures(rows, "Region 2")["area"] == 8 * 40 + 10 * 40
    nowhere = figures(measure(Segmentation(np.full((2, 5), np.nan))), "Region 2")
    assert (nowhere["columns"], nowhere["covered"], nowhere["area"]) == (0, 0, 0)
    assert np.isnan(nowhere["thickness mean"])
    assert np.isnan(nowhere["thickness min column"])


def test_border_regions_have_an_area_and_a_thickness_on_demand():
    curves = np.array([np.full(10, 10.0), np.full(10, 30.0)])
    image = Segmentation(curves, height=50, scale=(2, 1), unit="um")
    rows = measure(image, perpendicular=True)
    assert figures(rows, "Region 1") == {"columns": 10, "covered": 1, "area": 200}
    assert figures(rows, "Region 3")["area"] == 400
    rows = measure(image, to_border=True)
    assert figures(rows, "Region 1")["thickness mean"] == 20
    assert figures(rows, "Region 3")["thickness mean"] == 40
    total = sum(figures(rows, name)["area"] for name in image.names)
    assert total == 50 * 2 * 10
    unknown = Segmentation(curves)
    assert figures(measure(unknown), "Region 3") == {}
    assert figures(measure(unknown), "Region 1")["area"] == 100
    with pytest.raises(ValueError, match="height of the image is not known"):
        measure(unknown, to_border=True)


def test_uncertain_columns_are_left_out_and_told():
    curves = np.array([np.full(100, 10.0), np.full(100, 20.0), np.full(100, 40.0)])
    curves[1, :10] = 35
    uncertainty = np.full((3, 100), 1.0)
    uncertainty[1, :10] = 9
    doubtful = Segmentation(curves, height=64, uncertainty=uncertainty)
    rows = measure(doubtful, max_uncertainty=5)
    for region in ("Region 2", "Region 3", "Region 1 / Region 2", "Region 2 / Region 3"):
        left_out = 0 if region == "Region 1 / Region 2" else 0.1
        assert figures(rows, region)["left out"] == pytest.approx(left_out)
        assert figures(rows, region)["covered"] == 1
    found = figures(rows, "Region 2")
    assert (found["thickness mean"], found["columns"], found["area"]) == (10, 90, 900)
    assert figures(rows, "Region 4")["left out"] == 0
    assert "left out" not in figures(measure(doubtful), "Region 2")
    assert figures(measure(doubtful), "Region 2")["thickness max"] == 25
    with pytest.raises(ValueError, match="no uncertainty is known"):
        measure(Segmentation(curves), max_uncertainty=5)


def test_errors_of_means():
    curves = np.stack([[np.full(64, 10.0), np.full(64, 30.0)]] * 3)
    uncertainty = np.stack([np.full((2, 64), u) for u in (1.0, 2.0, 3.0)])
    stack = Segmentation(curves, uncertainty=uncertainty, scale=(1, 2, 1), unit="um")
    rows = measure(stack, perpendicular=True)
    for number, u in ((0, 1), (2, 3), (None, 2)):  # slices err together
        of_a_curve = DEVIATION * u * 2
        found = figures(rows, "Region 2", number=number)
        assert found["thickness mean error"] == pytest.approx(np.sqrt(2) * of_a_curve)
        # Level curves: the same as across them.
        assert found["perpendicular thickness mean error"] == found["thickness mean error"]
        curve = figures(rows, "Region 1 / Region 2", number=number)
        assert curve["height mean error"] == pytest.approx(of_a_curve)
    found = figures(measure(stack, correlation_length=16), "Region 2", number=1)
    assert found["thickness mean error"] == pytest.approx(np.sqrt(2) * DEVIATION * 2 * 2 / 2)
    uncertainty[0, 0, 5] = np.nan  # not known there, so that the mean's is not known either
    rows = measure(Segmentation(curves, uncertainty=uncertainty))
    assert np.isnan(figures(rows, "Region 2", number=0)["thickness mean error"])
    assert figures(rows, "Region 2", number=1)["thickness mean error"] > 0
    assert np.isnan(figures(rows, "Region 2")["thickness mean error"])
    assert "thickness mean error" not in figures(measure(Segmentation(curves)), "Region 2")


def test_the_error_of_the_perpendicular_thickness_is_foreshortened_as_it_is():
    upper = 20 + TILT * X
    slab = Segmentation([upper, upper + 9], uncertainty=np.full((2, 120), 0.5))
    found = figures(measure(slab, perpendicular=True), "Region 2")
    assert found["thickness mean error"] == pytest.approx(DEVIATION * 0.5 * np.sqrt(2))
    error = found["perpendicular thickness mean error"]
    foreshortened = found["thickness mean error"] * np.cos(np.deg2rad(30))
    assert error == pytest.approx(foreshortened)


def test_regions_of_interest():
    thickness = np.arange(1.0, 21)
    one = np.stack([np.full(20, 5.0), 5 + thickness])
    stack = Segmentation(np.stack([one, one + 2, one]), height=40, slices=[10, 11, 12])
    inner = RegionOfInterest("inner", (5, 10), (11, 13))
    rows = measure(stack, regions_of_interest=[inner, RegionOfInterest("rest", (10, 99))])
    assert {r.roi for r in rows} == {"inner", "rest"}
    assert {r.slice for r in rows if r.roi == "inner"} == {11, 12, None}
    found = figures(rows, "Region 2", roi="inner")
    assert found["thickness mean"] == thickness[5:10].mean()
    assert (found["columns"], found["covered"]) == (10, 1)
    assert (found["thickness max column"], found["thickness max slice"]) == (9, 11)
    found = figures(rows, "Region 2", roi="rest")
    assert (found["thickness min column"], found["columns"]) == (10, 30)
    # The same as of a piece cut out.
    cut = measure(Segmentation(one[:, 5:10], height=40))
    here = figures(rows, "Region 1 / Region 2", number=12, roi="inner")
    for name in ("Ra", "length", "slope", "height mean"):
        assert here[name] == pytest.approx(figures(cut, "Region 1 / Region 2")[name])
    for columns, slices in (((20, 30), None), ((5, 5), None), (None, (0, 10))):
        with pytest.raises(ValueError, match="nothing lies in the region of interest 'x'"):
            measure(stack, regions_of_interest=[RegionOfInterest("x", columns, slices)])


def test_perpendicular_thickness_sees_beyond_a_region_of_interest():
    upper = 5 + 0.75 * X
    tilted = Segmentation([upper, upper + 10])
    roi = RegionOfInterest("x", (50, 60))
    rows = measure(tilted, perpendicular=True, regions_of_interest=[roi])
    found = figures(rows, "Region 2", roi="x")
    assert found["perpendicular thickness columns"] == 10
    assert found["perpendicular thickness mean"] == pytest.approx(8)


def test_curves_that_run_down_the_image():
    curves = np.array([np.full(30, 4.0), np.full(30, 10.0)])
    curves[1, 7] = 12
    turned = Segmentation(curves, height=16, transposed=True, scale=(0.5, 3), unit="um")
    rows = measure(turned)
    found = figures(rows, "Region 2")
    assert found["thickness median"] == 18
    assert found["thickness max row"] == 7
    assert found["area"] == pytest.approx((6 * 29 + 8) * 1.5)
    assert figures(rows, "Region 1 / Region 2")["length"] == pytest.approx(29 * 0.5)


def test_labels_measure_the_same_as_their_curves():
    rng = np.random.default_rng(0)
    curves = np.sort(rng.integers(0, 33, (4, 3, 50)), axis=1).astype(float)
    curves[2, :, 10:20] = np.nan
    labels = regions_from_curves(curves, 32, [1, 5, 2, 9])
    scale = {"scale": (4, 2, 1), "unit": "um"}
    # In one column all regions are there, which tells their order.
    curves[0, :, 0] = 4, 8, 12
    labels[0, :, 0] = regions_from_curves(curves[0, :, :1], 32, [1, 5, 2, 9])[:, 0]
    expected = measure(Segmentation(curves, 32, (1, 5, 2, 9), **scale), perpendicular=True)
    found = measure(segmentation_from_labels(labels, **scale), perpendicular=True)
    assert [r._replace(value=0) for r in found] == [r._replace(value=0) for r in expected]
    values = [[r.value for r in rows] for rows in (found, expected)]
    np.testing.assert_array_equal(*values)


def test_labels_of_a_smooth_slab_measure_nearly_the_same_as_its_true_curves():
    upper = 20.3 + TILT * X
    lower = upper + 14 / np.cos(np.deg2rad(30))
    labels = regions_from_curves([upper, lower], 140)
    found = figures(measure(segmentation_from_labels(labels), perpendicular=True), "Region 2")
    assert found["thickness mean"] == pytest.approx(14 / np.cos(np.deg2rad(30)), rel=0.005)
    assert found["perpendicular thickness mean"] == pytest.approx(14, rel=0.005)


@pytest.mark.parametrize(
    ("scale", "unit", "expected"),
    [
        (None, None, "pixels"),
        (None, "um", "pixels"),
        ((1, 1), None, "pixels"),
        ((1, 1), "pixel", "pixels"),
        ((2, 1), None, "world units"),
        ((2, 1), "pixel", "world units"),
        ((1, 1), "um", "um"),
    ],
)
def test_a_unit_is_never_made_up(scale, unit, expected):
    rows = measure(Segmentation([[2, 2], [3, 3]], scale=scale, unit=unit))
    lengths = {r.unit.split("^")[0] for r in rows} - {"", "degree"}
    assert lengths == {expected}


def test_a_stack_of_unknown_spacing_has_no_volume():
    curves = np.full((2, 2, 4), [[3.0], [5.0]])
    rows = measure(Segmentation(curves, scale=(2, 2), unit="um"))
    assert "volume" not in {r.measure for r in rows}
    assert {r.slice for r in rows if r.measure == "area"} == {0, 1}
    voxels = figures(measure(Segmentation(curves)), "Region 2")
    assert voxels["volume"] == 2 * 2 * 4
