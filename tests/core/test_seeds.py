from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_layeredcnn.core.label_seeds import seed_from_boundaries, seed_from_regions
from napari_layeredcnn.core.path_seeds import seed_from_paths
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.seeds import Seed, SeedError, seed_from_array

NAN = np.nan


def picture(text):
    """Labels from a picture: a line per row, a digit per pixel, a dot for 0."""
    return np.array([[int(c.replace(".", "0")) for c in line] for line in text.split()])


def slow_regions(labels):
    """Curves, ids and skipped columns, as the rule for painted regions reads."""
    height, width = labels.shape
    found = {}
    for x in range(width):
        strokes = []
        for y in range(height):
            if labels[y, x] == 0:
                continue
            if strokes and strokes[-1][0] == labels[y, x]:
                strokes[-1][2] = y
            else:
                strokes.append([labels[y, x], y, y])
        if strokes:
            found[x] = strokes
    everything = set(labels[labels != 0].tolist())
    complete = {x: s for x, s in found.items() if len(s) == len(everything)}
    curves = np.full((len(everything) - 1, width), NAN)
    for x, strokes in complete.items():
        for k, (above, below) in enumerate(pairwise(strokes)):
            curves[k, x] = (above[2] + 1 + below[1]) / 2
    ids = tuple(int(s[0]) for s in next(iter(complete.values())))
    return curves, ids, len(found) - len(complete)


@st.composite
def painted(draw):
    """A segmentation in full, and the same with random pixels wiped out."""
    height, width = draw(st.integers(3, 20)), draw(st.integers(1, 8))
    n_curves = draw(st.integers(1, min(5, height - 1)))
    ids = draw(st.permutations([4, -7, 2, 30, 9, 1]))[: n_curves + 1]
    # Different integers inside the image, so that every region shows in every column.
    columns = st.lists(
        st.integers(1, height - 1), min_size=n_curves, max_size=n_curves, unique=True
    )
    curves = np.array([sorted(draw(columns)) for _ in range(width)], float).T
    full = regions_from_curves(curves, height, ids)
    wiped = draw(hnp.arrays(bool, full.shape, elements=st.booleans()))
    return curves, tuple(ids), full, np.where(wiped, 0, full)


# Painted regions


@pytest.mark.parametrize(
    ("labels", "curves", "ids", "skipped"),
    [
        pytest.param("11 11 12 22", [[3, 2]], (1, 2), 0, id="painted in full"),
        pytest.param("1. .. .. 2.", [[2, NAN]], (1, 2), 0, id="middle of a gap"),
        pytest.param("1 . . . 2", [[2.5]], (1, 2), 0, id="middle of an odd gap"),
        pytest.param("1 . 1 2 . 2", [[3]], (1, 2), 0, id="two strokes of one label"),
        pytest.param(". 1 2 .", [[2]], (1, 2), 0, id="strokes that touch"),
        pytest.param("11 2. 33", [[1, NAN], [2, NAN]], (1, 2, 3), 1, id="a region is missing"),
        pytest.param("11. 122 .33", [[NAN, 1, NAN], [NAN, 2, NAN]], (1, 2, 3), 2, id="overlap"),
        pytest.param("9.9 ... 4.4", [[1.5, NAN, 1.5]], (9, 4), 0, id="not in the ids' order"),
        pytest.param("17.. 7..1 .7.7", [[1, NAN, NAN, 2]], (1, 7), 1, id="different heights"),
    ],
)
def test_painted_regions(labels, curves, ids, skipped):
    image = picture(labels)
    seed = seed_from_regions(image)
    np.testing.assert_array_equal(seed.curves, curves)
    assert seed.curves.dtype == np.float32
    assert seed.region_ids == ids
    assert seed.skipped_columns == skipped
    assert (seed.height, seed.width) == image.shape


def test_zero_can_be_a_region():
    image = picture("000 505 555")
    seed = seed_from_regions(image, zero_is_region=True)
    np.testing.assert_array_equal(seed.curves, [[1, 2, 1]])
    assert seed.region_ids == (0, 5)


@given(painted())
def test_a_full_painting_is_exact(case):
    curves, ids, full, _ = case
    seed = seed_from_regions(full)
    np.testing.assert_array_equal(seed.curves, curves)
    assert seed.region_ids == ids
    assert seed.skipped_columns == 0


@given(painted())
def test_painted_regions_against_the_slow_way(case):
    _, ids, _, strokes = case
    everything = set(strokes[strokes != 0].tolist())
    assume(len(everything) > 1)
    assume(any(len({*column} - {0}) == len(everything) for column in strokes.T.tolist()))
    curves, slow_ids, skipped = slow_regions(strokes)
    seed = seed_from_regions(strokes)
    np.testing.assert_array_equal(seed.curves, curves.astype(np.float32))
    assert seed.region_ids == slow_ids == tuple(i for i in ids if i in everything)
    assert seed.skipped_columns == skipped


@given(painted(), st.integers(0, 30))
def test_a_dot_of_another_label_is_found(case, where):
    _, ids, full, _ = case
    y, x = where % full.shape[0], where % full.shape[1]
    # The top id below a pixel of another id, or the bottom id above one, is out of order.
    full = full.copy()
    full[y, x] = ids[0] if full[y, x] != ids[0] else ids[-1]
    column = full[:, x].tolist()
    runs = [a for a, b in zip(column, [None, *column], strict=False) if a != b]
    assume(runs != [i for i in ids if i in runs])
    with pytest.raises(SeedError, match=f"in column {x} label"):
        seed_from_regions(full)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (picture("... ..."), "there are no labels"),
        (picture("..7 ..7"), "7 is the only label.*or let 0 count"),
        (picture("12"), "all of the labels 1, 2; column 0 comes closest and lacks 2"),
        (picture("1.. 24. 33."), "all of the labels 1, 2, 3, 4; column 0 .* lacks 4"),
        (picture("11 22 .1"), "column 1 label 1 lies above and below label 2"),
        (picture("1 2 . 3 2"), "column 0 label 2 lies above and below label 3"),
        (picture("112 221"), "column 2 label 2 lies above label 1, but in column 0 below it"),
        (picture("1.3 2.. 3.2"), "column 2 label 3 lies above label 2, but in column 0 below"),
        (np.array([[1.0], [2.0]]), "labels are integers, but these are of type float64"),
        (np.array([[True], [False]]), "of type bool"),
        (np.ones((2, 3, 3), int), r"shape \(H, W\), but these have \(2, 3, 3\)"),
        (np.ones(3, int), r"have \(3,\)"),
        (np.ones((0, 3), int), r"have \(0, 3\)"),
    ],
)
def test_paintings_without_a_seed(labels, message):
    with pytest.raises(SeedError, match=message):
        seed_from_regions(labels)


def test_one_region_alone_is_not_helped_by_zero():
    with pytest.raises(SeedError, match=r"0 is the only label, .* label a second region$"):
        seed_from_regions(picture(".. .."), zero_is_region=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_any_integer_type(dtype):
    largest = np.iinfo(dtype).max
    labels = np.array([[largest], [0], [3]], dtype)
    assert seed_from_regions(labels).region_ids == (largest, 3)


# Painted boundaries


@pytest.mark.parametrize(
    ("labels", "curves", "skipped"),
    [
        pytest.param("1. .1 ..", [[0.5, 1.5]], 0, id="one line"),
        pytest.param(".. 11 11 1.", [[2.5, 2]], 0, id="a line's center"),
        pytest.param("2. .2 44", [[0.5, 1.5], [2.5, 2.5]], 0, id="lines that touch"),
        pytest.param("5.. 1.5 .11", [[0.5, NAN, 1.5], [1.5, NAN, 2.5]], 1, id="gap in a line"),
        pytest.param("9. 3.", [[0.5, NAN], [1.5, NAN]], 0, id="not in the labels' order"),
        pytest.param("1 . 1 2", [[1.5], [3.5]], 0, id="a hollow line"),
        pytest.param("1", [[0.5]], 0, id="one pixel"),
    ],
)
def test_painted_boundaries(labels, curves, skipped):
    seed = seed_from_boundaries(picture(labels))
    np.testing.assert_array_equal(seed.curves, curves)
    assert seed.region_ids == tuple(range(1, len(curves) + 2))
    assert seed.skipped_columns == skipped


@given(painted())
def test_boundaries_against_the_slow_way(case):
    # Every region of the painting is a (thick) line here.
    _, ids, _, labels = case
    lines = [i for i in ids if (labels == i).any()]
    complete = [all((column == i).any() for i in lines) for column in labels.T]
    assume(lines and any(complete))
    seed = seed_from_boundaries(labels)
    for x, column in enumerate(labels.T):
        for k, line in enumerate(lines):
            rows = [y for y, value in enumerate(column) if value == line]
            expected = sum(rows) / len(rows) + 0.5 if complete[x] else NAN
            np.testing.assert_allclose(seed.curves[k, x], expected, rtol=1e-6)
    assert seed.skipped_columns == sum(labels.any(axis=0)) - sum(complete)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (picture(".. .."), "there are no labels"),
        (picture("1.2 2.1"), "column 2 label 2 lies above label 1, but in column 0 below it"),
        (picture("12 21"), "column 1 label 2 lies above label 1"),
        (picture("1 2 1"), "column 0 label 1 lies above and below label 2"),
        (picture("1. .2"), "column 0 comes closest and lacks 2"),
        (np.zeros((2, 2)), "float64"),
    ],
)
def test_boundaries_without_a_seed(labels, message):
    with pytest.raises(SeedError, match=message):
        seed_from_boundaries(labels)


# Paths


@pytest.mark.parametrize(
    ("paths", "curves", "skipped"),
    [
        pytest.param([[(1, 0), (3, 4)]], [[1.5, 2, 2.5, 3, 3.5]], 0, id="straight"),
        pytest.param([[(3, 4), (1, 0)]], [[1.5, 2, 2.5, 3, 3.5]], 0, id="drawn to the left"),
        pytest.param([[(1, 0.5), (3, 2.5)]], [[NAN, 2, 3, NAN, NAN]], 0, id="between columns"),
        pytest.param([[(0, -9), (9, 9)]], [[5, 5.5, 6, 6.5, 7]], 0, id="beyond the image"),
        pytest.param([[(-9, 0), (20, 1)]], [[0, 8, NAN, NAN, NAN]], 0, id="clipped"),
        pytest.param(
            [[(1, 0), (1, 2), (4, 2), (4, 4)]], [[1.5, 1.5, 3, 4.5, 4.5]], 0, id="step at a column"
        ),
        pytest.param(
            [[(1, 0), (1, 1.5), (4, 1.5), (4, 4)]],
            [[1.5, 1.5, 4.5, 4.5, 4.5]],
            0,
            id="step between columns",
        ),
        pytest.param(
            [[(1, 0), (1, 1), (4, 1)]], [[1.5, 3, NAN, NAN, NAN]], 0, id="step at its end"
        ),
        pytest.param(
            [[(6, 0), (6, 3)], [(2, 4), (2, 1)]],
            [[NAN, 2.5, 2.5, 2.5, NAN], [NAN, 6.5, 6.5, 6.5, NAN]],
            2,
            id="any order, both ways, not as long",
        ),
        pytest.param(
            [[(4, 0), (2, 2), (4, 4)], [(0, 0), (2, 2), (0, 4)]],
            [[0.5, 1.5, 2.5, 1.5, 0.5], [4.5, 3.5, 2.5, 3.5, 4.5]],
            0,
            id="they touch",
        ),
        pytest.param(
            [[(2, 0), (6, 4)], [(-8, 0), (0, 2), (-8, 4)], [(2, 4), (-2, 0)]],
            [[0, 0, 0.5, 0, 0], [0, 0, 0.5, 1.5, 2.5], [2.5, 3.5, 4.5, 5.5, 6.5]],
            0,
            id="three, two of them at the edge",
        ),
    ],
)
def test_paths(paths, curves, skipped):
    seed = seed_from_paths([np.array(path, float) for path in paths], shape=(8, 5))
    np.testing.assert_allclose(seed.curves, curves, atol=1e-6)
    assert seed.region_ids == tuple(range(1, len(curves) + 2))
    assert seed.skipped_columns == skipped
    assert (seed.height, seed.width) == (8, 5)


@given(
    st.lists(
        st.tuples(st.floats(0, 9), st.floats(-3, 12).map(lambda x: round(x, 3))),
        min_size=2,
        max_size=8,
        unique_by=lambda vertex: vertex[1],
    )
)
def test_paths_are_interpolated_as_numpy_does(vertices):
    rows, columns = np.array(sorted(vertices, key=lambda vertex: vertex[1])).T
    at = np.arange(10)
    inside = (at >= columns[0]) & (at <= columns[-1])
    assume(inside.any())
    expected = np.where(inside, np.interp(at, columns, rows) + 0.5, NAN)
    for way in (1, -1):
        seed = seed_from_paths([np.stack([rows, columns], axis=1)[::way]], shape=(10, 10))
        np.testing.assert_allclose(seed.curves[0], expected, atol=1e-5)


def test_paths_drawn_onto_one_another_do_not_cross():
    path = np.stack([np.linspace(0, 1, 31), np.arange(31)], axis=1)
    rounded = path + np.stack([1e-9 * (-1) ** np.arange(31), np.zeros(31)], axis=1)
    seed = seed_from_paths([path, rounded], shape=(3, 31))
    np.testing.assert_allclose(seed.curves, np.linspace(0.5, 1.5, 31)[None].repeat(2, 0), atol=1e-6)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "there is no path"),
        ([[(1, 1)]], "path 0 has 1 vertices, but a line needs two"),
        ([np.zeros((0, 2))], "path 0 has 0 vertices"),
        ([[(0, 1, 1), (0, 1, 2)]], r"path 0 needs .* but its shape is \(2, 3\)"),
        ([[(1, 0), (NAN, 2)]], "path 0 needs finite vertices"),
        ([[(1, 0), (1, 2)], [("a", 0)]], "vertices of path 1 are no"),
        ([[(1, 0), (1, 3), (2, 2), (1, 4)]], "path 0 runs backwards at column 3;"),
        ([[(1, 4), (1, 1), (2, 2), (1, 0)]], "path 0 runs backwards at column 1;"),
        ([[(1, 0), (1, 3.5), (2, 0)]], "path 0 runs backwards at column 3.5;"),
        ([[(1, 3), (1, 1), (2, 3)]], "path 0 runs backwards at column 1;"),
        ([[(1, 2), (5, 2)]], "path 0 stays in column 2;"),
        ([[(1, 5), (1, 9)]], "path 0 goes from column 5 to 9 .* which has 0 to 4"),
        ([[(1, 1.2), (1, 1.8)]], "passes the center of no column"),
        ([[(1, 0), (5, 4)], [(5, 0), (2, 4)]], "0 and 1 cross between columns 2 and 3: path 0 is"),
        ([[(5, 0), (1, 4)], [(1, 0), (5, 4)]], "0 and 1 cross between columns 1 and 3: path 1 is"),
        (
            [[(7, 0), (7, 4)], [(1, 0), (4, 1)], [(4, 0), (1, 1)]],
            "paths 1 and 2 cross between columns 0 and 1",
        ),
        ([[(1, 0), (1, 1)], [(3, 2), (3, 4)]], "has all 2 paths; column 0 .* lacks path 1"),
    ],
)
def test_paths_without_a_seed(paths, message):
    with pytest.raises(SeedError, match=message):
        seed_from_paths(paths, shape=(8, 5))


def test_a_crossing_outside_the_common_columns_is_found():
    upper, lower, short = [(1, 0), (6, 4)], [(4, 0), (4, 4)], [(7, 0), (7, 1)]
    with pytest.raises(SeedError, match="paths 0 and 1 cross"):
        seed_from_paths([upper, lower, short], shape=(8, 5))


def test_paths_in_an_image_of_one_pixel():
    seed = seed_from_paths([[(0.2, -0.5), (0.2, 0.4)]], shape=(1, 1))
    np.testing.assert_allclose(seed.curves, [[0.7]])
    with pytest.raises(SeedError, match=r"its shape is \(0, 4\)"):
        seed_from_paths([[(0, 0), (0, 3)]], shape=(0, 4))


# Arrays


def test_an_array_is_taken_where_it_is_complete():
    given_curves = np.array([[1, NAN, NAN, 0], [2.5, 2, NAN, 4]])
    seed = seed_from_array(given_curves, height=4)
    np.testing.assert_array_equal(seed.curves, [[1, NAN, NAN, 0], [2.5, NAN, NAN, 4]])
    assert seed.region_ids == (1, 2, 3)
    assert seed.skipped_columns == 1
    assert given_curves[1, 1] == 2  # the caller's stays


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([[NAN, NAN]], "no column is given"),
        (np.zeros((1, 0)), "no column is given"),
        ([[1, NAN], [NAN, 2]], "has all 2 curves; column 0 comes closest and lacks curve 1"),
        ([[1, 3], [2, 2]], "curve 1 lies at 2.0 in column 1"),
        ([[NAN, 1], [5, 1]], "curve 1 lies at 5.0 in column 0"),  # though it is left out
        ([[1, -1]], "curve 0 lies at -1.0 in column 1"),
        ([1.0, 2.0], "shape"),
        ([[[1.0]]], r"shape \(K, W\), but these have \(1, 1, 1\)"),
        ([["x"]], "numbers"),
    ],
)
def test_arrays_without_a_seed(curves, message):
    with pytest.raises(SeedError, match=message):
        seed_from_array(curves, height=4)


# The seed itself


@pytest.fixture
def seed():
    return Seed(np.array([[1, NAN, NAN, 2, 2.5, NAN, 0]]), (3, -1), 4, skipped_columns=2)


def test_what_a_seed_says(seed):
    np.testing.assert_array_equal(seed.columns, [0, 3, 4, 6])
    assert seed.stretches == [(0, 1), (3, 5), (6, 7)]
    assert (seed.n_curves, seed.width, seed.height) == (1, 7, 4)


def test_a_mirrored_seed(seed):
    mirrored = seed.mirrored()
    np.testing.assert_array_equal(mirrored.curves, seed.curves[:, ::-1])
    assert mirrored.stretches == [(0, 1), (2, 4), (6, 7)]
    assert (mirrored.region_ids, mirrored.height) == ((3, -1), 4)
    assert mirrored.skipped_columns == 2


@given(hnp.arrays(bool, st.integers(1, 12), elements=st.booleans()))
def test_stretches_are_the_given_columns(is_given):
    assume(is_given.any())
    seed = Seed(np.where(is_given, 1, NAN)[None], (1, 2), 2)
    stretches = seed.stretches
    assert [x for start, stop in stretches for x in range(start, stop)] == seed.columns.tolist()
    assert all(left[1] < right[0] for left, right in pairwise(stretches))


def test_a_seed_cannot_be_changed(seed):
    with pytest.raises(ValueError, match="read-only"):
        seed.curves[0, 0] = 5
    with pytest.raises(FrozenInstanceError):
        seed.height = 5


def test_a_seed_keeps_a_copy():
    curves = np.array([[1.0]], np.float32)
    seed = Seed(curves, (1, 2), 3)
    curves[0, 0] = 2
    assert seed.curves[0, 0] == 1


def test_numpy_integers_become_plain():
    seed = Seed([[1]], np.array([4, 2]), np.int64(3))
    assert [type(i) for i in (*seed.region_ids, seed.height)] == [int, int, int]


@pytest.mark.parametrize(
    ("curves", "ids", "height", "message"),
    [
        ([[1.0]], (1, 2, 3), 4, r"1 curves part 2 regions .* \[1, 2, 3\]"),
        ([[1.0]], (2, 2), 4, "different ids"),
        ([[1.0]], (1, 2.5), 4, "integer"),
        ([[1.0]], (1, 2), 4.5, "integer"),
        ([[5.0]], (1, 2), 4, "curve 0 lies at 5.0 in column 0"),
        ([[1, 2], [2, 1]], (1, 2, 3), 4, "curve 1 lies at 1.0 in column 1"),
        ([[1, 1], [2, NAN]], (1, 2, 3), 4, "only some of the curves are given in column 1"),
        ([[NAN]], (1, 2), 4, "no column is given"),
        ([1.0], (1, 2), 4, "shape"),
        ([[[1.0]]], (1, 2), 4, r"\(1, 1, 1\)"),
        ([[0.0]], (1, 2), 0, "height is 0"),
    ],
)
def test_seeds_that_are_none(curves, ids, height, message):
    with pytest.raises(SeedError, match=message):
        Seed(curves, ids, height)
