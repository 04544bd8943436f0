from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from napari_layeredcnn.training.ranking import area_interval, area_under_curve


def test_it_is_the_statistic_of_mann_and_whitney():
    rng = np.random.default_rng(0)
    wrong = rng.uniform(size=(20, 30)) < 0.3
    scores = np.round(rng.normal(wrong, 1), 1)  # with ties
    statistic = mannwhitneyu(scores[wrong], scores[~wrong]).statistic
    expected = statistic / (wrong.sum() * (~wrong).sum())
    assert area_under_curve(scores, wrong) == pytest.approx(expected)
    assert area_under_curve(-scores, wrong) == pytest.approx(1 - expected)


def test_constant_and_shuffled_scores_say_nothing():
    rng = np.random.default_rng(1)
    wrong = rng.uniform(size=5000) < 0.3
    scores = wrong + rng.normal(size=5000)
    assert area_under_curve(np.ones(5000), wrong) == 0.5
    assert area_under_curve(rng.permutation(scores), wrong) == pytest.approx(0.5, abs=0.03)
    assert area_under_curve(scores, wrong) > 0.7


def test_where_all_is_right_there_is_no_area():
    assert np.isnan(area_under_curve([1.0, 2.0], [False, False]))


def test_the_interval_is_that_of_whole_images_drawn_again():
    rng = np.random.default_rng(2)
    wrong = [rng.uniform(size=40) < share for share in rng.uniform(0.1, 0.9, 25)]
    scores = [w + rng.normal(rng.normal(), 1, w.size) for w in wrong]
    found = area_interval(scores, wrong, resamples=400)
    assert found.n == 25
    assert found.mean == area_under_curve(np.concatenate(scores), np.concatenate(wrong))
    slow = []
    for _ in range(400):
        drawn = rng.integers(25, size=25)
        slow.append(
            area_under_curve(
                np.concatenate([scores[i] for i in drawn]),
                np.concatenate([wrong[i] for i in drawn]),
            )
        )
    np.testing.assert_allclose(found[1:3], np.quantile(slow, [0.025, 0.975]), atol=0.02)
