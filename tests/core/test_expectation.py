"""How far curves may be from the true ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core.expectation import expected_distance


def a_completion(seed: int, n_curves: int, width: int):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.uniform(0, 60, (n_curves, width)), axis=0).astype(np.float32)
    labelled = rng.random(width) < 0.2
    labelled[rng.integers(width)] = True
    unsure = np.where(labelled, 0, rng.gamma(1, 1, (n_curves, width))).astype(np.float32)
    return curves, unsure, labelled


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 30))
def test_it_is_what_the_definition_says(seed, n_curves, width):
    curves, unsure, labelled = a_completion(seed, n_curves, width)
    found = expected_distance(curves, unsure, labelled, 60)
    edges = np.vstack([np.zeros(width), curves, np.full(width, 60)])
    for x in range(width):  # the slow way
        start = min(np.flatnonzero(labelled), key=lambda i: abs(i - x))
        between = slice(min(start, x), max(start, x) + 1)
        for k in range(n_curves):
            changes = [
                abs(np.log((edges[i + 1, x] - edges[i, x] + 0.5)
                           / (edges[i + 1, start] - edges[i, start] + 0.5)))
                for i in (k, k + 1)
            ]  # fmt: skip
            doubt = np.sqrt(unsure[k, x] * unsure[k, between].mean() * (max(changes) + 0.3))
            assert found[k, x] == pytest.approx(2 * doubt, rel=1e-3, abs=1e-5)


def test_a_curve_that_was_lost_stays_doubtful():
    unsure = np.full((1, 100), 0.2, np.float32)
    unsure[0, 0] = 0
    lost = unsure.copy()
    lost[0, 40:50] = 5
    level = np.full((1, 100), 30.0, np.float32)
    labelled = np.arange(100) == 0
    sure, doubtful = (expected_distance(level, u, labelled, 60) for u in (unsure, lost))
    np.testing.assert_array_equal(sure[:, :40], doubtful[:, :40])
    assert (doubtful[:, 50:] > 1.4 * sure[:, 50:]).all()


def test_columns_that_were_not_reached_have_none():
    curves, unsure, labelled = a_completion(3, 2, 30)
    unsure[:, :5] = curves[:, :5] = np.nan
    labelled[:5], labelled[9] = False, True
    found = expected_distance(curves, unsure, labelled, 60)
    assert np.isnan(found[:, :5]).all()
    assert np.isfinite(found[:, 5:]).all()


def test_bad_input_is_told():
    curves, unsure, labelled = a_completion(3, 2, 30)
    with pytest.raises(ValueError, match="no column is given"):
        expected_distance(curves, unsure, 0 * labelled, 60)
    with pytest.raises(ValueError, match=r"\(2, 30\), \(2, 29\) and \(30,\)"):
        expected_distance(curves, unsure[:, 1:], labelled, 60)
