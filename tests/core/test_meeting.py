from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.meeting import MEETING_STEP, meet


def _runs(seed, width, far):
    rng = np.random.default_rng(seed)
    walks = rng.normal(0, far, (2, 2, width)).cumsum(axis=-1)
    return np.sort(walks, axis=1)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.0, 0.01, 0.1, 1, 5]))
def test_no_step_but_those_of_the_runs_and_half_a_pixel(seed, width, far):
    right, left = _runs(seed, width, far)
    zero = np.zeros_like(right)
    curves, uncertainty = meet(right, zero, left, zero)
    step = np.abs(np.diff(curves))
    own = np.maximum(np.abs(np.diff(right)), np.abs(np.diff(left)))
    # Too few columns for the disagreement: then it is spread over all of them.
    most = max(MEETING_STEP, np.abs(right - left).max() / (width + 1))
    assert (step <= own + most + 1e-4).all()
    assert (np.diff(curves, axis=0) >= -1e-5).all()
    low, high = np.minimum(right, left), np.maximum(right, left)
    assert (curves >= low - 1e-4).all()
    assert (curves <= high + 1e-4).all()
    np.testing.assert_allclose(uncertainty, high - low, rtol=1e-5, atol=1e-6)


def test_each_end_is_the_run_that_comes_from_there():
    right, left = np.zeros((1, 100)), np.full((1, 100), 4.0)
    right[0, 80] = left[0, 80] = 2  # here they agree
    unsure = np.full((1, 100), 1.0)
    curves, uncertainty = meet(right, 0 * unsure, left, unsure)
    assert (curves[0, :70] == 0).all()
    assert (curves[0, 90:] == 4).all()
    assert curves[0, 80] == 2
    assert uncertainty[0, [0, 80, 99]].tolist()[0] == 4
    assert uncertainty[0, 99] == 5


def test_equal_runs_stay_as_they_are():
    run = np.random.default_rng(0).normal(size=(3, 40)).astype(np.float32)
    curves, uncertainty = meet(run, np.ones_like(run), run, np.ones_like(run))
    np.testing.assert_array_equal(curves, run)
    assert (uncertainty == 1).all()
