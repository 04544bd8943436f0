"""Smoothing across slices: the sum that it minimizes, what it keeps, and what it may not do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_layeredcnn.core.stack_smoothing import smooth_across_slices

HEIGHT = 64


def _curves(count=9, columns=7, seed=0):
    rng = np.random.default_rng(seed)
    curves = np.array([20.0, 40.0])[:, None] + rng.normal(0, 1, (count, 2, columns))
    return curves.astype(np.float32), rng.uniform(0.2, 2, curves.shape).astype(np.float32)


def _direct(curves, uncertainty, strength):
    """The same sum, minimized with dense matrices, one place after the other."""
    steps = np.diff(curves, axis=0)
    motion = np.concatenate([[0], np.cumsum(np.median(steps, axis=(1, 2)))])
    weights = np.clip((np.median(uncertainty) / uncertainty) ** 2, 0.01, 100)
    second = np.diff(np.eye(len(curves)), 2, axis=0)
    smooth = np.empty(curves.shape)
    for place in np.ndindex(curves.shape[1:]):
        weight = np.diag(weights[:, *place])
        target = weight @ (curves[:, *place] - motion)
        smooth[:, *place] = np.linalg.solve(weight + strength * second.T @ second, target) + motion
    return smooth


@pytest.mark.parametrize("strength", [0.1, 3, 1e4])
def test_all_places_at_once_are_what_dense_matrices_give_one_by_one(strength):
    curves, uncertainty = _curves()
    smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=strength)
    np.testing.assert_allclose(smooth, _direct(curves, uncertainty, strength), atol=1e-4)
    assert smooth.dtype == np.float32


def test_noise_goes_and_bends_stay():
    slices, columns = np.arange(40.0), np.arange(50.0)
    true = 30 + 5 * np.sin(slices / 8)[:, None, None] * np.cos(columns / 10)
    rng = np.random.default_rng(0)
    spread = np.where(rng.random(true.shape) < 0.2, 3.0, 0.3)
    found = true + spread * rng.normal(size=true.shape)
    error = [
        np.abs(smooth_across_slices(found, u, HEIGHT, strength=1) - true).mean()
        for u in (spread, np.ones_like(spread))
    ]
    assert error[0] < 0.35 * np.abs(found - true).mean()
    assert error[0] < 0.6 * error[1]  # the uncertainty tells what to trust


def test_a_slice_that_moved_as_a_whole_keeps_its_motion():
    curves, uncertainty = _curves()
    still = smooth_across_slices(curves, uncertainty, HEIGHT)
    motion = np.array([0, 5, -3, 0, 8, 8, -6, 0, 1])[:, None, None]
    moved = smooth_across_slices(curves + motion, uncertainty, HEIGHT)
    np.testing.assert_allclose(moved, still + motion, atol=1e-4)


def test_labelled_columns_stay_bit_by_bit_and_draw_the_others():
    curves, uncertainty = _curves()
    curves[4, :, 2] += 6
    uncertainty[4, :, 2] = 0
    smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=10)
    assert smooth[4, :, 2].tobytes() == curves[4, :, 2].tobytes()
    assert (smooth[3, :, 2] > smooth[3, :, 3] + 2).all()
    assert not (smooth[:, :, 3] == curves[:, :, 3]).any()


def test_what_is_missing_stays_missing_and_changes_nothing_else():
    curves, uncertainty = _curves(count=12)
    curves[5], uncertainty[5] = np.nan, np.nan  # a slice
    curves[:, :, 0], uncertainty[:, :, 0] = np.nan, np.nan  # a column
    curves[1:, :, 1], uncertainty[1:, :, 1] = np.nan, np.nan  # a single place of a column is left
    smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=1)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(curves))
    np.testing.assert_array_equal(smooth[0, :, 1], curves[0, :, 1])
    # A missing slice is a place without weight: a straight line goes through unchanged.
    line = np.full_like(curves, 0) + np.arange(12)[:, None, None] + [[10], [30]]
    line[np.isnan(curves)] = np.nan
    np.testing.assert_allclose(smooth_across_slices(line, uncertainty, HEIGHT), line, atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_curves_stay_in_order_and_in_the_image(seed):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.uniform(0, HEIGHT, (8, 4, 20)), axis=1)
    uncertainty = rng.uniform(0.01, 20, curves.shape)
    smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=10)
    assert (np.diff(smooth, axis=1) >= 0).all()
    assert smooth.min() >= 0
    assert smooth.max() <= HEIGHT


def test_nothing_to_smooth():
    curves, uncertainty = _curves()
    np.testing.assert_array_equal(
        smooth_across_slices(curves, uncertainty, HEIGHT, strength=0), curves
    )
    np.testing.assert_array_equal(smooth_across_slices(curves, 0 * curves, HEIGHT), curves)
    np.testing.assert_array_equal(
        smooth_across_slices(curves[:2], uncertainty[:2], HEIGHT), curves[:2]
    )


def test_many_slices_with_a_long_gap_are_solved_exactly():
    curves, uncertainty = _curves(count=600)
    curves[:300], uncertainty[:300] = np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=100)
    alone = smooth_across_slices(curves[300:], uncertainty[300:], HEIGHT, strength=100)
    np.testing.assert_allclose(smooth[300:], alone, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"uncertainty": np.ones((3, 1))}, "one shape"),
        ({"curves": np.ones((3, 4)), "uncertainty": np.ones((3, 4))}, "one shape"),
        ({"uncertainty": np.full((4, 2, 5), np.nan)}, "no uncertainty"),
        ({"uncertainty": np.full((4, 2, 5), -1.0)}, "negative one"),
        ({"strength": -1}, "not -1"),
        ({"strength": np.nan}, "not nan"),
    ],
)
def test_what_cannot_be_smoothed(change, words):
    arguments = {"curves": np.ones((4, 2, 5)), "uncertainty": np.ones((4, 2, 5)), "height": 9}
    with pytest.raises(ValueError, match=words):
        smooth_across_slices(**arguments | change)
