from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.core.measure_rows import RegionOfInterest
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.training.evaluate import adjusted_rand_index


def figures(rows, region, *, number=None, roi="all"):
    chosen = [r for r in rows if (r.roi, r.slice, r.region) == (roi, number, region)]
    assert len({r.measure for r in chosen}) == len(chosen)
    return {r.measure: r.value for r in chosen}


def test_known_distances():
    rng = np.random.default_rng(0)
    first = np.array([[20.0], [40]]) + rng.uniform(-5, 5, (4, 2, 50))
    moved = rng.normal(0.5, 1, (4, 2, 50))
    moved[:, :, 3] = np.nan
    second = first + moved
    scale = {"scale": (9, 2, 1), "unit": "um"}
    rows = compare(Segmentation(first, 64, **scale), Segmentation(second, 64, **scale))
    for number, values in ((None, moved[:, 1]), (2, moved[2, 1])):
        known = 2 * values[~np.isnan(values)]
        found = figures(rows, "Region 2 / Region 3", number=number)
        assert found["difference mean"] == pytest.approx(known.mean())
        sd = known.std(ddof=1)
        assert found["difference sd"] == pytest.approx(sd)
        limits = [found[f"difference {side} limit of agreement"] for side in ("lower", "upper")]
        assert limits == pytest.approx([known.mean() - 1.96 * sd, known.mean() + 1.96 * sd])
        assert found["difference root mean square"] == pytest.approx(np.sqrt((known**2).mean()))
        assert found["absolute difference mean"] == pytest.approx(np.abs(known).mean())
        assert found["absolute difference max"] == pytest.approx(np.abs(known).max())
        assert found["compared"] == pytest.approx(0.98)
    s, x = np.unravel_index(np.nanargmax(np.abs(moved[:, 1])), (4, 50))
    found = figures(rows, "Region 2 / Region 3")
    places = found["absolute difference max slice"], found["absolute difference max column"]
    assert places == (s, x)
    thickness = figures(rows, "Region 2")
    expected = 2 * (moved[:, 1] - moved[:, 0])
    assert thickness["thickness difference mean"] == pytest.approx(np.nanmean(expected))


def test_a_shift_has_no_spread():
    a = Segmentation(np.repeat([[10.0], [20.0]], 30, axis=1), height=40)
    b = Segmentation(np.repeat([[12.0], [20.0]], 30, axis=1), height=40)
    forth, back = compare(a, b), compare(b, a)
    found = figures(forth, "Region 1 / Region 2")
    assert found["difference mean"] == found["absolute difference mean"] == 2
    assert found["difference lower limit of agreement"] == 2
    assert figures(back, "Region 1 / Region 2")["difference mean"] == -2
    assert figures(back, "Region 1 / Region 2")["absolute difference mean"] == 2
    assert figures(forth, "Region 2")["thickness difference mean"] == -2
    assert figures(forth, "") == figures(back, "")


HEIGHTS = arrays(np.float32, (2, 2, 8), elements=st.floats(0, 12, width=32))


@given(HEIGHTS, HEIGHTS)
def test_ari_is_that_of_the_label_images(one, other):
    a, b = np.sort(one, axis=1), np.sort(other, axis=1)
    a[0, :, 2] = np.nan
    rows = compare(Segmentation(a, 12), Segmentation(b, 12))
    labels = [regions_from_curves(curves, 12) for curves in (a, b)]
    known = labels[0] > 0
    for number in (0, 1, None):
        inside = known if number is None else known & (np.arange(2) == number)[:, None, None]
        expected = adjusted_rand_index(labels[0][inside], labels[1][inside])
        found = figures(rows, "", number=number)["adjusted Rand index"]
        assert found == pytest.approx(expected, abs=1e-9)


def test_the_same_agrees_wholly_and_nothing_is_nan():
    curves = np.array([[[3.0, 4], [5, 5]], [[np.nan, np.nan], [np.nan, np.nan]]])
    one = Segmentation(curves, 9)
    rows = compare(one, one)
    assert figures(rows, "", number=0)["adjusted Rand index"] == 1
    assert np.isnan(figures(rows, "", number=1)["adjusted Rand index"])
    assert np.isnan(figures(rows, "Region 2", number=1)["thickness difference mean"])


def test_common_slices_and_what_only_one_knows():
    curves = np.full((3, 1, 4), 5.0)
    a = Segmentation(curves, slices=[0, 1, 2], scale=(1, 2, 2), unit="um")
    b = Segmentation(curves + 1, height=10, slices=[1, 2, 3])
    rows = compare(a, b)
    assert {r.slice for r in rows} == {1, 2, None}
    assert figures(rows, "Region 1 / Region 2")["difference mean"] == 2
    assert "adjusted Rand index" in figures(rows, "")
    roi = RegionOfInterest("x", (1, 3), (2, 3))
    rows = compare(a, b, regions_of_interest=[roi])
    assert {(r.roi, r.slice) for r in rows} == {("x", 2), ("x", None)}
    assert figures(rows, "Region 1 / Region 2", roi="x")["columns"] == 2


def test_without_a_height_there_is_no_ari():
    a = Segmentation([[1.0, 2]])
    assert "adjusted Rand index" not in {r.measure for r in compare(a, a)}


@pytest.mark.parametrize(
    ("other", "match"),
    [
        (Segmentation([[[1.0, 2], [2, 3]]]), "differ in being a stack"),
        (Segmentation([[1.0, 2, 3], [2, 3, 4]]), r"columns \(2 and 3\)"),
        (Segmentation([[1.0, 2]]), "region ids"),
        (Segmentation([[1.0, 2], [2, 3]], region_ids=(1, 3, 2)), "region ids"),
        (Segmentation([[1.0, 2], [2, 3]], transposed=True), "running down"),
        (Segmentation([[1.0, 2], [2, 3]], scale=(1, 2), unit="um"), "scale"),
        (Segmentation([[1.0, 2], [2, 3]], scale=(1, 1), unit="mm"), r"unit \(um and mm\)"),
        (Segmentation([[1.0, 2], [2, 3]], height=9), r"height \(8 and 9\)"),
    ],
)
def test_what_does_not_fit_together_is_refused(other, match):
    one = Segmentation([[1.0, 2], [2, 3]], height=8, scale=(1, 1), unit="um")
    with pytest.raises(ValueError, match=match):
        compare(one, other)
    stack = Segmentation([[[1.0, 2]]])
    with pytest.raises(ValueError, match="no slice in common"):
        compare(stack, Segmentation([[[1.0, 2]]], slices=[5]))
