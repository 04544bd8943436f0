from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_layeredcnn.core.curves import (
    check_curves,
    curves_from_one_hot,
    one_hot,
    order_curves,
    over_under,
)
from napari_layeredcnn.core.regions import curves_from_regions, regions_from_curves

NAN = np.nan


@st.composite
def some_curves(draw, integers=False, batches=((), (2,), (2, 1))):
    """Ordered curves and a height; on the image's edges, pinched, between rows or anywhere."""
    height = draw(st.integers(1, 40))
    shape = (*draw(st.sampled_from(batches)), draw(st.integers(1, 6)), draw(st.integers(1, 5)))
    edges = st.integers(0, height)
    anywhere = st.floats(0, height, width=32)
    halves = st.integers(0, 2 * height).map(lambda n: n / 2)
    elements = edges if integers else st.one_of(edges, halves, anywhere)
    curves = draw(hnp.arrays(np.float32, shape, elements=elements.map(float)))
    return np.sort(curves, axis=-2), height


@st.composite
def some_probabilities(draw):
    """Columns in eighths, which are exact in any float type and have many equals."""
    n_regions, height = draw(st.integers(2, 4)), draw(st.integers(1, 12))
    shape = (n_regions - 1, height, draw(st.integers(1, 3)))
    cuts = np.sort(draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 8))), axis=0)
    ends = np.zeros((1, *shape[1:]), int)
    return np.diff(np.concatenate([ends, cuts, ends + 8]), axis=0) / 8


def slow_sharpening(probabilities):
    """`curves_from_one_hot` as its definition reads, in exact arithmetic."""
    n_regions, height, width = probabilities.shape
    curves = np.zeros((n_regions - 1, width))
    for x in range(width):
        for k in range(n_regions - 1):
            u = [1 - sum(Fraction(p) for p in probabilities[: k + 1, y, x]) for y in range(height)]
            cost = {
                y: sum((u[i] for i in range(height) if i < y), Fraction(0))
                + sum((1 - u[i] for i in range(height) if i > y), Fraction(0))
                for y in range(-1, height + 1)
            }
            y = min(range(height), key=cost.__getitem__)
            up, down = cost[y - 1] - cost[y], cost[y + 1] - cost[y]
            here = y + 0.5 + (float((up - down) / (2 * (up + down))) if up + down else 0)
            curves[k, x] = max(here, curves[k - 1, x]) if k else here
    return curves


# Over/under maps and one-hot columns


@pytest.mark.parametrize(
    ("curve", "below"),
    [
        (0, [1, 1, 1]),
        (0.25, [0.75, 1, 1]),
        (1, [0, 1, 1]),
        (1.5, [0, 0.5, 1]),
        (2.75, [0, 0, 0.25]),
        (3, [0, 0, 0]),
    ],
)
def test_over_under_of_one_curve(curve, below):
    found = over_under([[curve]], height=3)
    np.testing.assert_array_equal(found[0, :, 0], below)
    assert found.dtype == np.float32


def test_one_hot_of_curves_within_one_pixel():
    shares = one_hot([[1.25], [1.75]], height=3)
    np.testing.assert_array_equal(shares[..., 0], [[1, 0.25, 0], [0, 0.5, 0], [0, 0.25, 1]])
    assert shares.dtype == np.float32


@given(some_curves())
def test_a_curve_is_what_its_map_leaves_over(case):
    curves, height = case
    below = over_under(curves, height)
    assert below.shape == (*curves.shape[:-1], height, curves.shape[-1])
    np.testing.assert_allclose(height - below.sum(axis=-2), curves, atol=1e-4)


@given(some_curves())
def test_shares_are_shares(case):
    shares = one_hot(*case)
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=-3), 1, atol=1e-6)


@given(some_curves())
def test_one_hot_comes_back_exactly(case):
    curves, height = case
    back = curves_from_one_hot(one_hot(curves, height))
    assert back.dtype == np.float32
    assert back.shape == curves.shape
    np.testing.assert_allclose(back, curves, atol=1e-4)


def test_nan_columns_stay_nan_and_the_others_are_untouched():
    curves = np.array([[1.25, NAN, NAN], [2.5, NAN, 2.5]], np.float32)
    shares = one_hot(curves, height=4)
    assert np.isnan(shares[..., 1:]).all()
    back = curves_from_one_hot(shares)
    np.testing.assert_array_equal(back, [[1.25, NAN, NAN], [2.5, NAN, NAN]])


# Sharpening


@given(some_probabilities())
def test_sharpening_against_the_slow_way(probabilities):
    found = curves_from_one_hot(probabilities)
    np.testing.assert_allclose(found, slow_sharpening(probabilities), atol=1e-5)
    assert (np.diff(found, axis=0) >= 0).all()


@pytest.mark.parametrize(
    ("below", "curve"),
    [
        ([0, 0.25, 0.5, 0.75, 1], 2.5),  # blurred evenly
        ([0, 0.125, 0.875, 1], 2),  # rows 1 and 2 cost the same: between them
        ([0.5, 0.5, 0.5, 0.5], 1),  # says nothing: every row costs 1.5; the upper end of them
        ([1, 1, 1], 0),
        ([0, 0, 0], 3),
        ([1], 0),
        ([0], 1),
        ([0.25], 0.75),
        ([0, 0, 1, 1, 0.5, 1], 2),  # an outlier below moves nothing
    ],
)
def test_sharpening_of_one_column(below, curve):
    below = np.array(below, float)
    found = curves_from_one_hot(np.stack([1 - below, below])[..., None])
    assert found[0, 0] == pytest.approx(curve, abs=1e-6)


@pytest.mark.parametrize("shape", [(4, 3), (1, 4, 3), (2, 0, 3)])
def test_sharpening_needs_regions_and_rows(shape):
    with pytest.raises(ValueError, match="two or more regions"):
        curves_from_one_hot(np.zeros(shape))


# Order and checks


def test_order_is_a_running_maximum_that_keeps_nan():
    curves = [[3, 1, NAN, 5], [2, 2, 4, NAN], [4, 1, 3, 4]]
    ordered = order_curves(curves)
    np.testing.assert_array_equal(ordered, [[3, 1, NAN, 5], [3, 2, 4, NAN], [4, 2, 4, 5]])
    assert ordered.dtype == np.float32


@given(some_curves())
def test_ordered_curves_pass_as_they_are(case):
    curves, height = case
    np.testing.assert_array_equal(check_curves(curves, height), curves)
    np.testing.assert_array_equal(order_curves(curves), curves)


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([1.0, 2.0], r"shape \(\.\.\., K, W\).*\(2,\)"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        ([["a"]], "are numbers"),
        ([[1j]], "are numbers"),
        ([[1, 2, -0.5]], "curve 0 lies at -0.5 in column 2, but .* from 0 to 4"),
        ([[1, 4.5, 9]], "curve 0 lies at 4.5 in column 1"),
        ([[1, np.inf]], "curve 0 lies at inf in column 1"),
        ([[1, 3, 4], [2, 2, 2]], "curve 1 lies at 2.0 in column 1, above curve 0 at 3.0"),
        ([[2], [3], [2.5]], "curve 2 lies at 2.5 in column 0, above curve 1 at 3.0"),
        ([[3], [NAN], [1]], "curve 2 lies at 1.0 in column 0, above curve 0 at 3.0"),
        ([[[1, 1]], [[1, 7]]], "curve 0 lies at 7.0 in column 1 of image 1,"),
    ],
)
def test_curves_that_are_none(curves, message):
    with pytest.raises(ValueError, match=message):
        check_curves(curves, height=4)


@pytest.mark.parametrize("function", [check_curves, over_under, one_hot, regions_from_curves])
def test_an_image_has_rows(function):
    with pytest.raises(ValueError, match="height is 0"):
        function([[0.0]], 0)


@pytest.mark.parametrize("function", [over_under, one_hot, regions_from_curves])
def test_a_row_of_numbers_is_no_set_of_curves(function):
    with pytest.raises(ValueError, match="one or more curves"):
        function([1.0, 2.0], 4)


# Region labels


@given(some_curves())
def test_regions_against_the_slow_way(case):
    curves, height = case
    labels = regions_from_curves(curves, height)
    assert labels.shape == (*curves.shape[:-2], height, curves.shape[-1])
    for *batch, y, x in np.ndindex(labels.shape):
        above = sum(curve <= y + 0.5 for curve in curves[(*batch, slice(None), x)])
        assert labels[(*batch, y, x)] == 1 + above


@pytest.mark.parametrize(
    ("ids", "dtype"),
    [((-3, 0), np.int32), ((2**40, 1), np.int64), ((2**63, 1), np.uint64)],
)
def test_ids_are_the_callers(ids, dtype):
    labels = regions_from_curves([[1, NAN]], height=2, ids=ids)
    np.testing.assert_array_equal(labels, np.array([[ids[0], 0], [ids[1], 0]], dtype))
    assert labels.dtype == dtype


@pytest.mark.parametrize(
    ("ids", "message"),
    [((1, 2, 3), "1 curves part 2 regions, not 3"), ((1, 2.5), "integers"), ((1, 2**70), "fit no")],
)
def test_ids_that_do_not_fit(ids, message):
    with pytest.raises(ValueError, match=message):
        regions_from_curves([[1]], height=2, ids=ids)


@given(some_curves(integers=True, batches=((),)))
def test_regions_come_back_exactly(case):
    curves, height = case
    ids = [7, -2, 0, 30, 5, 6, 1][: len(curves) + 1]
    back = curves_from_regions(regions_from_curves(curves, height, ids), ids)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, curves)


@given(some_curves(batches=((),)))
def test_regions_come_back_to_the_nearest_row(case):
    curves, height = case
    ids = range(1, len(curves) + 2)
    back = curves_from_regions(regions_from_curves(curves, height), ids)
    np.testing.assert_array_equal(back, np.ceil(curves - 0.5))


@pytest.mark.parametrize(
    ("labels", "ids", "curves"),
    [
        ([[3, 3], [1, 3], [2, 1], [2, 2]], None, [[1, 2], [2, 3]]),
        ([[3, 3], [1, 3], [2, 3], [2, 2]], None, [[1, 3], [2, 3]]),  # 1 has no thickness
        ([[3, 0], [2, 0]], None, [[1, NAN]]),
        ([[0, 0, 9], [5, 0, 5]], (0, 5), [[1, 2, NAN]]),
        ([[5, 3], [3, 4]], (5, 3), [[1, NAN]]),  # whatever stands beside an unknown id
        ([[5]], (5, 6), [[1]]),
        ([[6]], (5, 6), [[0]]),
        (np.array([[200, 200], [100, 200]], np.uint8), None, [[1, 2]]),
    ],
)
def test_curves_of_regions(labels, ids, curves):
    np.testing.assert_array_equal(curves_from_regions(labels, ids), curves)


@pytest.mark.parametrize(
    ("labels", "ids", "message"),
    [
        ([[1, 1], [2, 2]], (2, 1), r"column 0 region 1 lies above region 2.*\[2, 1\]"),
        ([[1, 2], [2, 1]], None, "column 1 region 2 lies above region 1"),
        ([[1, 2], [2, 3]], None, r"no column shows each of the regions \[1, 2, 3\]"),
        ([[1], [2], [1]], None, "no column shows"),
        ([[1, 1]], None, r"two or more different region ids, but these are \[1\]"),
        ([[0, 0]], None, r"two or more different region ids, but these are \[\]"),
        ([[1, 1]], (1, 1), "different region ids"),
        ([[1.0]], (1, 2), "array of integers"),
        ([1, 2], (1, 2), r"shape \(2,\)"),
        (np.zeros((0, 3), int), (1, 2), r"shape \(0, 3\)"),
    ],
)
def test_labels_without_curves(labels, ids, message):
    with pytest.raises(ValueError, match=message):
        curves_from_regions(labels, ids)


def test_numpy_is_enough():
    code = (
        "import sys; import napari_layeredcnn.core.seeds; "
        "print({'torch', 'scipy', 'skimage', 'napari', 'qtpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
