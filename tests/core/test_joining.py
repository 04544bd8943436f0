from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core.joining import join


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 12))
def test_the_step_at_the_cut_is_the_least_possible(seed, n_curves, width):
    rng = np.random.default_rng(seed)
    right, left = rng.uniform(0, 9, (2, n_curves, width)).astype(np.float32)
    before, after = rng.uniform(0, 9, (2, n_curves)).astype(np.float32)
    zero = np.zeros_like(right)
    curves, uncertainty = join(right, zero, left, zero, before, after)
    candidates = []
    for cut in range(width + 1):  # the slow way: every cut
        candidate = np.concatenate([right[:, :cut], left[:, cut:]], 1)
        across = np.concatenate([before[:, None], right[:, :cut]], 1)[:, -1]
        beyond = np.concatenate([left[:, cut:], after[:, None]], 1)[:, 0]
        candidates.append((np.abs(across - beyond).sum(), candidate))
    least = min(step for step, _ in candidates)
    assert any(np.isclose(s, least) and np.array_equal(c, curves) for s, c in candidates)
    np.testing.assert_allclose(uncertainty, np.abs(right - left), rtol=1e-5)


def test_runs_that_agree_are_cut_in_the_middle():
    run = np.full((1, 6), 3.0)
    right_uncertainty, left_uncertainty = np.full((1, 6), 1.0), np.full((1, 6), 2.0)
    ends = np.array([3.0])
    _, uncertainty = join(run, right_uncertainty, run, left_uncertainty, ends, ends)
    assert uncertainty.tolist() == [[1, 1, 1, 2, 2, 2]]
