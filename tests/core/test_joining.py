from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core.joining import AGREED, DOUBT, join


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 12))
def test_each_curve_is_cut_where_step_and_doubt_are_least(seed, n_curves, width):
    rng = np.random.default_rng(seed)
    right, left = np.sort(rng.uniform(0, 9, (2, n_curves, width)), axis=1).astype(np.float32)
    doubts = rng.uniform(0, 9, (2, n_curves, width)).astype(np.float32)
    before, after = np.sort(rng.uniform(0, 9, (2, n_curves))).astype(np.float32)
    curves, uncertainty = join(right, doubts[0], left, doubts[1], before, after)
    expected, kept = np.empty_like(right), np.empty_like(right)
    for k in range(n_curves):  # the slow way: every cut
        costs = []
        for cut in range(width + 1):
            step = abs(([before[k], *right[k]])[cut] - ([*left[k], after[k]])[cut])
            step = max(step - AGREED, 0)
            costs.append(step + DOUBT * (doubts[0, k, :cut].sum() + doubts[1, k, cut:].sum()))
        best = int(np.argmin(costs))
        expected[k] = [*right[k, :best], *left[k, best:]]
        kept[k] = [*doubts[0, k, :best], *doubts[1, k, best:]]
    np.testing.assert_array_equal(curves, np.maximum.accumulate(expected, axis=0))
    added = uncertainty - kept
    assert (added >= -1e-5).all()
    assert (added <= np.abs(right - left) / 2 + 1e-5).all()


def test_of_equal_cuts_the_one_in_the_middle_is_taken():
    right, left, sure = np.full((1, 6), 3.0), np.full((1, 6), 4.0), np.zeros((1, 6))
    curves, uncertainty = join(right, sure, left, sure, np.array([3.0]), np.array([4.0]))
    assert curves.tolist() == [[3, 3, 3, 4, 4, 4]]
    assert uncertainty.tolist() == [[0] * 6]


def test_a_sure_run_is_kept_where_the_other_one_was_lost():
    # The run to the left loses the curve in the middle, and crosses the other one by chance.
    right, left = np.full((1, 7), 20.0), np.array([[12.0, 20, 28, 30, 25, 20, 20]])
    right_doubt, left_doubt = np.full((1, 7), 0.1), np.array([[2.0, 2, 2, 4, 4, 0.1, 0.1]])
    ends = np.array([20.0])
    curves, uncertainty = join(right, right_doubt, left, left_doubt, ends, ends)
    assert curves.tolist() == right.tolist()
    assert uncertainty.max() < 1  # though they are up to 10 px apart


def test_of_two_runs_as_doubtful_a_quarter_of_what_parts_them_is_added():
    right, left, doubt = np.full((1, 1), 3.0), np.full((1, 1), 7.0), np.ones((1, 1))
    _, uncertainty = join(right, doubt, left, doubt, np.array([3.0]), np.array([7.0]))
    assert uncertainty.tolist() == [[1 + 4 / 4]]
