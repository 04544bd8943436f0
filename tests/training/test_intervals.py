from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from napari_layeredcnn.training.intervals import interval


def test_it_is_what_scipy_finds():
    values = np.random.default_rng(0).gamma(2, size=40)
    ours = interval([values], resamples=20000)
    theirs = bootstrap(
        (values,),
        np.mean,
        method="percentile",
        n_resamples=20000,
        random_state=np.random.default_rng(1),  # "rng" since SciPy 1.15
    ).confidence_interval
    assert ours.mean == pytest.approx(values.mean())
    assert ours.n == 40
    np.testing.assert_allclose(ours[1:3], [theirs.low, theirs.high], atol=0.015)


def test_it_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(2)
    hits = 0
    for seed in range(300):
        _, low, high, _ = interval([rng.normal(size=30)], resamples=400, seed=seed)
        hits += low <= 0 <= high
    assert 0.90 <= hits / 300 <= 0.975


def test_each_group_counts_as_much_whatever_its_size():
    rng = np.random.default_rng(3)
    few, many = rng.normal(0, 1, 10), rng.normal(6, 1, 400)
    both = interval([few, many])
    assert both.mean == pytest.approx((few.mean() + many.mean()) / 2)
    assert both.n == 410
    # A group keeps its size when images are drawn: the gap between groups widens nothing.
    assert both.high - both.low < 1.3


def test_equal_seeds_give_equal_intervals():
    values = np.random.default_rng(4).normal(size=20)
    assert interval([values], seed=5) == interval([values], seed=5)
    assert interval([values], seed=5) != interval([values], seed=6)


def test_a_single_image_is_its_own_interval():
    assert interval([[3.0]]) == (3.0, 3.0, 3.0, 1)


@pytest.mark.parametrize("groups", [[], [[]], [[1.0], []], [[1.0, np.nan]], [[[1.0, 2.0]]]])
def test_what_is_no_figure_for_each_image_is_said(groups):
    with pytest.raises(ValueError, match="one finite figure for each image"):
        interval(groups)
